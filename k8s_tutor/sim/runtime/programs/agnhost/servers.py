"""Small servers: serve-hostname, porter, test-webserver, tcp-reset, port-forward-tester, no-snat-test."""

import json
import posixpath
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import HttpRequest, HttpResponse, NetworkError, Stream
from k8s_tutor.sim.network.fabric import Receive, Reply
from k8s_tutor.sim.network.http import Handler
from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.nodes import Directory
from k8s_tutor.sim.runtime.programs.agnhost import answers
from k8s_tutor.sim.runtime.programs.agnhost.command import Flags, fatal, log, subcommand
from k8s_tutor.sim.runtime.programs.agnhost.secure import lay_own_files, listen_http
from k8s_tutor.sim.runtime.programs.serving import listen, stop_on

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

CLOSING_SECONDS = 60.0
FORWARD_CLOSE_SECONDS = 0.5


@subcommand("serve-hostname", tcp="false", udp="false", http="true", close="false", port="9376")
async def serve_hostname(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Answer everything with the host name; after SIGTERM go on for a minute."""
    del operands
    name, port = process.container.hostname.encode(), int(flags["port"])
    tcp, udp, http = (flags[kind] == "true" for kind in ("tcp", "udp", "http"))
    if http and (tcp or udp):
        return await fatal(process, "Can't server TCP/UDP mode and HTTP mode at the same time")

    def answer(request: HttpRequest) -> HttpResponse:
        log(process, f"HTTP request from {request.peer}:{request.peer_port}")
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        return HttpResponse(200, name, headers | ({"Connection": "close"} if flags["close"] == "true" else {}))

    async def accept(stream: Stream) -> None:
        log(process, f"TCP request from {stream.peer[0]}:{stream.peer[1]}")
        await stream.write(name)
        stream.close()

    def datagram(data: bytes, peer: tuple[str, int], reply: Reply) -> None:
        del data
        log(process, f"UDP request from {peer[0]}:{peer[1]}")
        reply(name)

    served = listen(process, port, accept=accept) if tcp else listen(process, port, answer) if http else True
    if udp:
        served = listen(process, port, datagram=datagram) and served
    if not served:
        return await fatal(process, f"listen tcp :{port}: bind: address already in use")
    log(process, f"Serving on port {port}.")

    def stop() -> None:
        log(process, "Shutting down after receiving signal: terminated.")
        log(process, "Awaiting pod deletion.")

    stop_on(process, (signals.SIGTERM,), 0, CLOSING_SECONDS, stop)
    await process.forever()
    return 0


@subcommand("porter", json_response="false")
async def porter(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Serve what ``SERVE_PORT_80=text`` and its like say."""
    del operands
    as_json = flags["json-response"] == "true"
    certificate = process.env.get("CERT_FILE") or "localhost.crt"
    key = process.env.get("KEY_FILE") or "localhost.key"
    for name, value in process.env.items():
        kind, _, port = name.rpartition("_")
        if not port.isdigit():
            continue
        if kind in {"SERVE_PORT", "SERVE_TCP_PORT"}:
            listen_http(process, int(port), _fixed(value, as_json=as_json))
        elif kind == "SERVE_TLS_PORT":
            listen_http(process, int(port), _fixed(value, as_json=as_json), certificate, key)
        elif kind == "SERVE_UDP_PORT":
            log(process, f"Started UDP server on port {port}")
            listen(process, int(port), datagram=_replying(value.encode()))
    await process.forever()
    return 0


def _fixed(text: str, *, as_json: bool) -> Handler:
    """Return a server of one text, or of the request's method and the text."""

    def answer(request: HttpRequest) -> HttpResponse:
        if as_json:
            body = json.dumps({"Method": request.method, "Body": text}, separators=(",", ":"))
            return HttpResponse(200, body.encode(), {"Content-Type": "application/json"})
        return answers.text(text)

    return answer


def _replying(data: bytes) -> Receive:
    return lambda _data, _peer, reply: reply(data)


@subcommand("test-webserver", port="80")
async def test_webserver(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Serve the container's files."""
    del operands
    files, who = process.files, process.credentials
    lay_own_files(process)

    def answer(request: HttpRequest) -> HttpResponse:
        headers = {"Cache-Control": "private", "Access-Control-Allow-Origin": "*"}
        path = posixpath.normpath("/" + request.path.lstrip("/"))
        try:
            node = files.get(path, who=who)
            if isinstance(node, Directory):
                names = [
                    name + ("/" if isinstance(each, Directory) else "") for name, each in files.list(path, who=who)
                ]
                links = "".join(f'<a href="{name}">{name}</a>\n' for name in sorted(names))
                body = f"<!doctype html>\n<pre>\n{links}</pre>\n".encode()
                return HttpResponse(200, body, {**headers, "Content-Type": "text/html; charset=utf-8"})
            return HttpResponse(200, files.read_file(path, who=who), {**headers, "Content-Type": "text/plain"})
        except PermissionError:
            return HttpResponse(403, b"403 Forbidden\n", headers)
        except OSError:
            return HttpResponse(404, b"404 page not found\n", headers)

    if not listen(process, int(flags["port"]), answer):
        return await fatal(process, f"listen tcp :{flags['port']}: bind: address already in use")
    await process.forever()
    return 0


@subcommand("tcp-reset", port="8080")
async def tcp_reset(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Close every connection after its first byte."""
    del operands

    async def accept(stream: Stream) -> None:
        await stream.read(1)
        stream.close()
        log(process, f"TCP request from {stream.peer[0]}:{stream.peer[1]}")

    if not listen(process, int(flags["port"]), accept=accept):
        return await fatal(
            process, f"Error from net.Listen(): listen tcp :{flags['port']}: bind: address already in use"
        )
    log(process, f"Serving on port {flags['port']}.")
    stop_on(process, (signals.SIGTERM,), 0)
    await process.forever()
    return 0


@subcommand("port-forward-tester")
async def port_forward_tester(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Take one connection, look at what it sends, and send chunks; all by environment variables."""
    del flags, operands
    env = process.env
    expected = env.get("EXPECTED_CLIENT_DATA", "").encode()
    count, size, pause = (int(env.get(name, "0") or 0) for name in ("CHUNKS", "CHUNK_SIZE", "CHUNK_INTERVAL"))

    async def accept(stream: Stream) -> None:
        process.say("Accepted client connection\n")
        if expected:
            data = await stream.read_exactly(len(expected))
            if len(data) != len(expected):
                process.say(
                    f"Expected to read {len(expected)} bytes from client, but got {len(data)} instead. err=EOF\n"
                )
                process.end(2)
                return
            if data != expected:
                process.say(
                    f'Expect to read "{expected.decode()}", but got "{data.decode("utf-8", "replace")}". err=<nil>\n'
                )
                process.end(3)
                return
            process.say("Received expected client data\n")
        for index in range(count):
            try:
                await stream.write(b"x" * size)
            except BrokenPipeError:
                words = f"Expected to write {size} bytes from client, but wrote 0 instead. err=write: broken pipe\n"
                process.say(words)
                process.end(4)
                return
            if index + 1 < count:
                await process.container.clock.sleep(pause / 1000)
        process.say("Shutting down connection\n")
        stream.close_write()
        await process.container.clock.sleep(FORWARD_CLOSE_SECONDS)
        stream.close()
        process.say("Done\n")
        process.end(0)

    loopback = env.get("BIND_ADDRESS", "") in {"", "localhost", "127.0.0.1"}
    if not listen(process, int(env.get("BIND_PORT", "0") or 0), accept=accept, loopback=loopback):
        await process.out("Error listening: address already in use\n")
        return 1
    await process.forever()
    return 0


@subcommand("no-snat-test", port="8080")
async def no_snat_test(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Tell who asks, and ask others who they think we are."""
    del operands
    own, node = process.env.get("POD_IP"), process.env.get("NODE_IP")
    for name, value in (("POD_IP", own), ("NODE_IP", node)):
        if value is None:
            await process.err(f"{name} env var was not present in the environment\n")
            return 1

    async def check(address: str) -> str:
        try:
            found = await process.container.runtime.network.http(
                process.container.config.pod_ip, "GET", f"http://{address}/whoami"
            )
        except NetworkError as error:
            return str(error)
        seen = found.text.split(":")[0]
        if seen == own:
            return ""
        if seen == node:
            return f'Returned ip "{seen}" != my Pod ip "{own}", == my Node ip "{node}" - SNAT'
        return f'Returned ip "{seen}" != my Pod ip "{own}" or my Node ip "{node}"'

    async def answer(request: HttpRequest) -> HttpResponse:
        if request.path == "/whoami":
            return HttpResponse(200, f"{request.peer}:{request.peer_port}".encode())
        if request.path != "/checknosnat":
            return HttpResponse(404, b"404 page not found\n")
        wrong = [text for text in [await check(ip) for ip in request.query.get("ips", "").split(",")] if text]
        return HttpResponse(500 if wrong else 200, ", ".join(wrong).encode())

    if not listen(process, int(flags["port"]), answer):
        return 1
    await process.forever()
    return 0
