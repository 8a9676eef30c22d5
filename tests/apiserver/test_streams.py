"""Logs, exec and port-forward with the real kubectl; frames of WebSockets and SPDY."""

import asyncio
import re
import struct
import sys
import urllib.request
import zlib
from importlib.resources import files
from pathlib import Path

import aiohttp

from k8s_tutor.sim.apiserver.streams.portforward import words
from k8s_tutor.sim.apiserver.streams.spdy import FIN, Session, SpdyStream
from k8s_tutor.sim.apiserver.streams.websocket import _unmask
from k8s_tutor.sim.network import NetworkError
from tests.conftest import Kubectl, Server, ServerFactory


async def running(server: ServerFactory, image: str, *command: str) -> Server:
    """Return a server whose node runs the pod ``one``."""
    served = await server(1, start_latency=False)
    container = {"name": "main", "image": image} | ({"command": list(command)} if command else {})
    pod = {"metadata": {"name": "one", "namespace": "default"}, "spec": {"containers": [container]}}
    served.cluster.client("admin", "test").create("pods", pod)
    await served.cluster.clock.advance(5)
    return served


async def test_logs_and_exec(server: ServerFactory, kubectl: Kubectl) -> None:
    served = await running(server, "busybox:1.36", "sh", "-c", "echo first; sleep 1000")
    assert (await kubectl(served, "logs", "one")).out == "first\n"
    done = await kubectl(served, "exec", "one", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (done.out, done.code) == ("out\n", 3)
    assert done.err == "err\ncommand terminated with exit code 3\n"
    fed = await kubectl(served, "exec", "-i", "one", "--", "cat", stdin="from stdin\n")
    assert fed.out == "from stdin\n"
    missing = await kubectl(served, "exec", "one", "--", "nope")
    assert 'exec: "nope": executable file not found in $PATH' in missing.err


async def messages(server: Server, path: str, *protocols: str) -> list[bytes | str]:
    """Return the messages of a WebSocket until the server closes it."""
    headers = {"Authorization": f"Bearer {server.token}"}
    async with (
        aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(ssl=False), headers=headers) as session,
        session.ws_connect(f"/api/v1/namespaces/default/pods/one/{path}", protocols=protocols) as socket,
    ):
        return [message.data async for message in socket]


async def test_protocols_before_the_fourth_tell_a_failure_as_text(server: ServerFactory) -> None:
    served = await running(server, "busybox:1.36", "sleep", "1000")
    said = "exec?stdout=1&command=echo&command=hello"
    assert await messages(served, said, "channel.k8s.io") == [b"\x01hello\n"]
    assert (await messages(served, said, "v4.channel.k8s.io"))[-1] == b'\x03{"metadata":{},"status":"Success"}'
    failed = await messages(served, "exec?stdout=1&command=false", "channel.k8s.io")
    assert failed == [b"\x03command terminated with non-zero exit code: exit status 1"]


async def test_logs_over_a_web_socket(server: ServerFactory) -> None:
    served = await running(server, "busybox:1.36", "sh", "-c", "echo alive; sleep 1000")
    assert await messages(served, "log", "binary.k8s.io") == [b"alive\n"]
    assert await messages(served, "log", "base64.binary.k8s.io") == ["YWxpdmUK"]


async def test_port_forward_reaches_the_container(server: ServerFactory, tmp_path: Path) -> None:
    served = await running(server, "nginx:1.27")
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("kubectl"),
        "port-forward",
        "pod/one",
        ":80",
        stdout=asyncio.subprocess.PIPE,
        env={"KUBECONFIG": str(served.kubeconfig), "HOME": str(tmp_path)},
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    port = int(line.split("127.0.0.1:")[1].split()[0])

    def fetch() -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as reply:
            return int(reply.status)

    try:
        assert await asyncio.to_thread(fetch) == 200
    finally:
        process.terminate()
        await process.wait()


async def test_proxy_and_a_pod_that_is_not_there(server: ServerFactory, kubectl: Kubectl) -> None:
    served = await running(server, "nginx:1.27")
    page = await kubectl(served, "get", "--raw", "/api/v1/namespaces/default/pods/one/proxy/")
    assert page.code == 0, page.err
    missing = await kubectl(served, "port-forward", "pod/nope", "8080:80")
    assert missing.err == 'Error from server (NotFound): pods "nope" not found\n'


def test_masks() -> None:
    assert _unmask(bytes((1 ^ 9, 2 ^ 8, 3 ^ 7, 4 ^ 6, 5 ^ 9)), bytes((9, 8, 7, 6))) == bytes((1, 2, 3, 4, 5))


async def test_a_spdy_stream_with_data_and_its_end() -> None:
    sent: list[bytes] = []
    opened: list[SpdyStream] = []

    async def send(data: bytes) -> None:
        sent.append(data)

    session = Session(send, opened.append)
    dictionary = files("k8s_tutor.sim.apiserver.streams").joinpath("spdy3_dictionary.bin").read_bytes()
    deflate = zlib.compressobj(zdict=dictionary)
    pairs = b"".join(struct.pack(">I", len(text)) + text for text in (b"port", b"80"))
    block = deflate.compress(struct.pack(">I", 1) + pairs) + deflate.flush(zlib.Z_SYNC_FLUSH)
    body = struct.pack(">IIBB", 1, 0, 0, 0) + block
    syn = struct.pack(">HHI", 0x8003, 1, len(body)) + body
    data = struct.pack(">II", 1, FIN << 24 | 5) + b"hello"
    for piece in (syn[:7], syn[7:] + data[:3], data[3:]):
        await session.feed(piece)
    assert opened[0].headers == {"port": "80"}
    assert await opened[0].incoming.read() == b"hello"
    assert await opened[0].incoming.read() == b""
    assert sent[0][:4] == struct.pack(">HH", 0x8003, 2)


def test_a_port_nobody_listens_on_is_told_as_the_runtime_tells_it() -> None:
    told = words(81, "web", NetworkError("refused", "Connection refused"))
    sandbox = re.match(r"error forwarding port 81 to pod ([0-9a-f]{64}), uid : ", told)
    assert sandbox is not None
    assert f'failed to connect to localhost:81 inside namespace "{sandbox[1]}"' in told
    assert "IPv4: dial tcp4 127.0.0.1:81: connect: connection refused IPv6 dial tcp6" in told
