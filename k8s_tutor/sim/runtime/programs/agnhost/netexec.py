"""``netexec``: an HTTP and a UDP server whose paths tell, ask and do things."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import Datagrams, HttpRequest, HttpResponse, NetworkError
from k8s_tutor.sim.network.fabric import Reply
from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.descriptors import WriteEnd
from k8s_tutor.sim.runtime.programs.agnhost.answers import as_json, text
from k8s_tutor.sim.runtime.programs.agnhost.command import Flags, duration, fatal, log, subcommand
from k8s_tutor.sim.runtime.programs.agnhost.secure import listen_http
from k8s_tutor.sim.runtime.programs.resolving import resolve
from k8s_tutor.sim.runtime.programs.running import start
from k8s_tutor.sim.runtime.programs.serving import later, listen
from k8s_tutor.sim.runtime.programs.templates import moment
from k8s_tutor.sim.runtime.streams import Pipe

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]
DIAL_SECONDS = 5.0


@subcommand(
    "netexec",
    http_port="8080",
    tls_cert_file="",
    tls_private_key_file="",
    udp_port="8081",
    sctp_port="-1",
    http_override="",
    udp_listen_addresses="",
    delay_shutdown="0",
)
async def netexec(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Serve until a signal or ``/exit``."""
    del operands
    server = NetExec(process, int(flags["http-port"]), int(flags["udp-port"]), flags["http-override"])
    server.stop_after(float(flags["delay-shutdown"]))
    if server.udp_port != -1:
        if not listen(process, server.udp_port, datagram=server.datagram):
            return await fatal(process, f"Error occurred: failed to create listener for UDP address :{server.udp_port}")
        log(process, f"Started UDP server on port  {server.udp_port}")
    log(process, f"Started HTTP server on port {server.port}")
    if not listen_http(process, server.port, server.answer, flags["tls-cert-file"], flags["tls-private-key-file"]):
        return await fatal(process, f"listen tcp :{server.port}: bind: address already in use")
    await process.forever()
    return 0


class NetExec:
    """One server: its ports, and whether it is going."""

    def __init__(self, process: "Process", port: int, udp_port: int, override: str = "") -> None:
        self.process = process
        self.port, self.udp_port, self._override = port, udp_port, override
        self._leaving = False
        self._paths: dict[str, Answer] = {
            "/clientip": self._client_ip,
            "/serverport": self._server_port,
            "/header": self._header,
            "/dial": self._dial,
            "/echo": self._echo,
            "/exit": self._exit,
            "/healthz": self._healthz,
            "/readyz": self._readyz,
            "/hostname": self._hostname,
            "/hostName": self._hostname,
            "/envvar": self._variable,
            "/redirect": self._redirect,
            "/shell": self._shell,
            "/upload": self._upload,
            "/shutdown": self._shutdown,
        }

    def stop_after(self, seconds: float) -> None:
        """Say by ``/readyz`` that it is going when SIGTERM comes, and go after a while."""

        def stop(number: int) -> None:
            del number
            self._leaving = True
            if seconds:
                log(self.process, f"Sleeping {seconds:.0f} seconds before terminating...")
                later(self.process, seconds, lambda: self.process.end(0))
            else:
                self.process.end(0)

        self.process.handlers[signals.SIGTERM] = stop

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a request by its path; what has none gets the time."""
        self.process.container.cgroup.spend(0.0002)
        if self._override:
            request = HttpRequest("GET", self._override, {}, b"", request.peer, peer_port=request.peer_port)
        found = self._paths.get(request.path)
        if found is None:
            log(self.process, "GET /")
            now = self.process.container.clock.now() - self.process.started_at
            return text(f"NOW: {moment(self.process, '%Y-%m-%d %H:%M:%S.%f')}000 +0000 UTC m=+{now:.9f}")
        return await found(request)

    async def _client_ip(self, request: HttpRequest) -> HttpResponse:
        log(self.process, "GET /clientip")
        return text(f"{request.peer}:{request.peer_port}")

    async def _server_port(self, request: HttpRequest) -> HttpResponse:
        del request
        log(self.process, "GET /serverport")
        return text(str(self.port))

    async def _header(self, request: HttpRequest) -> HttpResponse:
        key = request.form.get("key", "")
        log(self.process, f"GET /header?key={key}" if key else "GET /header")
        if key:
            return text(request.headers.get(key.lower(), ""))
        named = {name.title(): [value] for name, value in sorted(request.headers.items()) if name != "host"}
        return as_json(named)

    async def _echo(self, request: HttpRequest) -> HttpResponse:
        message, code = request.form.get("msg", ""), request.form.get("code", "")
        log(self.process, f"GET /echo?msg={message}&code={code}")
        if code and not code.lstrip("-").isdigit():
            return text(f"argument 'code' must be an integer or empty, got {_quoted(code)}\n")
        return text(message, int(code or 200))

    async def _exit(self, request: HttpRequest) -> HttpResponse:
        code, wait = request.form.get("code", ""), request.form.get("wait", "")
        timeout = request.form.get("timeout", "")
        log(self.process, f"GET /exit?code={code}&timeout={timeout}&wait={wait}")
        for name, value in (("timeout", timeout), ("wait", wait)):
            try:
                duration(value)
            except ValueError:
                words = f"argument '{name}' must be a valid golang duration or empty, got {_quoted(value)}\n"
                return text(words)
        if code and not code.isdigit():
            return text(f"argument 'code' must be an integer [0-127] or empty, got {_quoted(code)}\n")
        if duration(wait):
            await self.process.container.clock.sleep(duration(wait))
        self._leaving = True
        self.process.container.clock.call_soon(self.process.end, int(code or 0))
        return text("")

    async def _shutdown(self, request: HttpRequest) -> HttpResponse:
        del request
        log(self.process, "GET /shutdown")
        self.process.container.clock.call_soon(self.process.end, 0)
        return text("")

    async def _healthz(self, request: HttpRequest) -> HttpResponse:
        del request
        log(self.process, "GET /healthz")
        return text("", 200 if self.udp_port != -1 else 412)

    async def _readyz(self, request: HttpRequest) -> HttpResponse:
        del request
        log(self.process, "GET /readyz")
        if self._leaving:
            return text("shutting down", 503)
        return text("ok") if self.udp_port != -1 else text("", 412)

    async def _hostname(self, request: HttpRequest) -> HttpResponse:
        log(self.process, f"GET {request.path}")
        return text(self.process.container.hostname)

    async def _variable(self, request: HttpRequest) -> HttpResponse:
        name = request.form.get("var", "")
        if not name:
            return text("'var' query parameter is required\n", 400)
        log(self.process, f"GET /envvar?var={name}")
        if name not in self.process.env:
            return text(f"env var {_quoted(name)} is not set\n", 500)
        return text(self.process.env[name])

    async def _redirect(self, request: HttpRequest) -> HttpResponse:
        place, code = request.form.get("location", ""), request.form.get("code", "")
        log(self.process, f"{request.method} /redirect?msg={place}&code={code}")
        if code and not code.isdigit():
            return text(f"argument 'code' must be an integer or empty, got {_quoted(code)}\n")
        status = int(code or 302)
        page = f'<a href="{place}">Found</a>.\n\n' if request.method in {"GET", "HEAD"} else ""
        headers = {"Location": place, "Content-Type": "text/html; charset=utf-8"}
        return HttpResponse(status, page.encode(), headers)

    async def _upload(self, request: HttpRequest) -> HttpResponse:
        log(self.process, "GET /upload")
        boundary = re.search(r'boundary="?([^";]+)', request.headers.get("content-type", ""))
        parts = request.body.split(b"--" + boundary[1].encode()) if boundary else []
        files = [part.partition(b"\r\n\r\n") for part in parts if b'name="file"' in part.partition(b"\r\n\r\n")[0]]
        if not files:
            return as_json({"error": "Unable to upload file."})
        path = f"/uploads/upload{self.process.container.runtime.next_serial():09}"
        who = self.process.credentials
        try:
            self.process.files.write_file(path, files[0][2].removesuffix(b"\r\n"), who=who, mode=0o700)
        except OSError:
            return as_json({"error": "Unable to open file for write"})
        log(self.process, f"Wrote upload to {path}")
        return as_json({"output": path}, 201)

    async def _shell(self, request: HttpRequest) -> HttpResponse:
        command = request.form.get("shellCommand") or request.form.get("cmd", "")
        log(self.process, f"GET /shell?cmd={command}")
        pipe = Pipe()
        child = await start(self.process, ["/bin/sh", "-c", command], output=WriteEnd(pipe))
        output: dict[str, str] = {}
        if isinstance(child, int):
            output["error"] = "exec: /bin/sh: file does not exist"
            return as_json(output)
        said = b""
        while data := await pipe.read():
            said += data
        code = await child.wait()
        if said:
            output["output"] = said.decode("utf-8", "replace")
        if code:
            number = child.signal_number
            output["error"] = (
                f"signal: {signals.WORDS.get(number, str(number)).lower()}" if number else f"exit status {code}"
            )
        log(self.process, f"Output: map[{' '.join(f'{key}:{value}' for key, value in output.items())}]")
        return as_json(output)

    # -- dialling others

    async def _dial(self, request: HttpRequest) -> HttpResponse:
        query = request.query
        host, port, what = query.get("host", ""), query.get("port", ""), query.get("request", "")
        protocol, tries = query.get("protocol", ""), query.get("tries", "")
        log(self.process, f"GET /dial?host={host}&protocol={protocol}&port={port}&request={what}&tries={tries}")
        if tries and not tries.isdigit():
            return text(f'tries parameter is invalid. strconv.Atoi: parsing "{tries}": invalid syntax\n', 400)
        if not what:
            return text("request parameter not specified. <nil>\n", 400)
        dial = {"": self._dial_http, "http": self._dial_http, "udp": self._dial_udp}.get(protocol.lower())
        if dial is None:
            return text(f"unsupported protocol. {protocol}\n", 400)
        addresses = await resolve(self.process, host)
        if not addresses or not port.isdigit():
            return text(f"host and/or port param are invalid. lookup {host}: no such host\n", 400)
        answers: list[str] = []
        errors: list[str] = []
        last = ""
        for _ in range(int(tries or 1)):
            try:
                last = await dial(addresses[0], int(port), what)
            except NetworkError as error:
                last = ""
                errors.append(str(error))
            else:
                answers.append(last)
        output = ({"responses": answers} if last else {}) | ({"errors": errors} if errors else {})
        return as_json(output)

    async def _dial_http(self, address: str, port: int, what: str) -> str:
        network, source = self.process.container.runtime.network, self.process.container.config.pod_ip
        url = f"http://{address}:{port}/{what}"
        try:
            return (await network.http(source, "GET", url, timeout=DIAL_SECONDS)).text
        except NetworkError as error:
            words = f"dial tcp {address}:{port}: connect: {error.message.lower()}"
            if error.kind == "timeout":
                words = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            raise NetworkError(error.kind, f'Get "{url}": {words}') from None

    async def _dial_udp(self, address: str, port: int, what: str) -> str:
        network, source = self.process.container.runtime.network, self.process.container.config.pod_ip
        socket = Datagrams(network, source, address, port)
        flow = f"read udp {source}:{socket.local_port}->{address}:{port}"
        try:
            socket.send(what.encode())
            data = await socket.receive_within(DIAL_SECONDS)
        except NetworkError as error:
            words = f"reading from udp connection failed. err:'{flow}: read: {error.message.lower()}'"
            raise NetworkError(error.kind, words) from None
        if not data:
            raise NetworkError("timeout", f"reading from udp connection failed. err:'{flow}: i/o timeout'")
        return data.decode("utf-8", "replace")

    # -- UDP

    def datagram(self, data: bytes, peer: tuple[str, int], reply: Reply) -> None:
        """Answer a command that came by UDP."""
        line = data.decode("utf-8", "replace").strip()
        word, _, rest = line.partition(" ")
        word = word.lower()
        client = f"{peer[0]}:{peer[1]}"
        answers: dict[str, tuple[str, str]] = {
            "hostname": ("Sending udp hostName response", self.process.container.hostname),
            "clientip": (f"Sending clientip back to UDP client {client}", client),
            "serverport": (f"Sending server port to UDP client {self.udp_port}", str(self.udp_port)),
        }
        if rest:
            name = rest.strip()
            answers = {
                "echo": (f"Echoing {rest.lower()} to UDP client {client}", rest.lower()),
                "envvar": (f"Sending UDP envvar response for {name}", self.process.env.get(name, "")),
            }
        if word in answers:
            said, answer = answers[word]
            log(self.process, said)
            reply(answer.encode())
        elif line:
            log(self.process, f"Unknown UDP command received from {client}: {line.lower()}")


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
