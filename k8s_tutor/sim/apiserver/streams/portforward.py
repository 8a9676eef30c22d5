"""``pods/portforward``: SPDY in a WebSocket (kubectl), or numbered channels (``v4.channel.k8s.io``: Python, JavaScript).

A connection is a pair of a data and an error stream. An error ends the pair with the kubelet's words.
"""

import asyncio
import contextlib
import hashlib
import struct
import uuid
from collections.abc import Awaitable, Callable

from k8s_tutor.sim.apiserver.streams.channels import PLAIN, V4
from k8s_tutor.sim.apiserver.streams.spdy import Session, SpdyStream
from k8s_tutor.sim.apiserver.streams.websocket import WebSocket
from k8s_tutor.sim.network import NetworkError, Stream

SPDY = "SPDY/3.1+portforward.k8s.io"
PROTOCOLS = (SPDY, V4, PLAIN, "portforward.k8s.io")
Dial = Callable[[int], Awaitable[Stream]]


def words(port: int, pod: str, error: NetworkError) -> str:
    """Return what the kubelet says of a port that cannot be reached (containerd, ``sandbox_portforward``).

    The runtime names the pod by its sandbox, whose id and network namespace are made up of the pod's name here.
    """
    sandbox = hashlib.sha256(pod.encode()).hexdigest()
    why = "connection refused" if error.kind == "refused" else error.message.lower()
    return (
        f"error forwarding port {port} to pod {sandbox}, uid : failed to execute portforward in network namespace "
        f'"/var/run/netns/cni-{uuid.UUID(sandbox[:32])}": failed to connect to localhost:{port} inside namespace '
        f'"{sandbox}", IPv4: dial tcp4 127.0.0.1:{port}: connect: {why} IPv6 dial tcp6 [::1]:{port}: connect: {why} '
    )


async def tunnel(socket: WebSocket, dial: Dial, pod: str) -> None:
    """Serve SPDY streams until the client leaves."""
    waiting: dict[str, dict[str, SpdyStream]] = {}
    tasks: set[asyncio.Task[None]] = set()

    def opened(stream: SpdyStream) -> None:
        pair = waiting.setdefault(stream.headers.get("requestid", ""), {})
        pair[stream.headers.get("streamtype", "")] = stream
        if "data" in pair and "error" in pair:
            del waiting[stream.headers.get("requestid", "")]
            task = asyncio.get_running_loop().create_task(_pair(pair["data"], pair["error"], dial, pod))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    session = Session(socket.send, opened)
    try:
        while (message := await socket.receive()) is not None:
            await session.feed(message.data)
    except (BrokenPipeError, struct.error):
        pass  # the client has gone, or speaks something else: both end the tunnel
    finally:
        session.end()
        for task in tuple(tasks):
            task.cancel()


async def _pair(data: SpdyStream, errors: SpdyStream, dial: Dial, pod: str) -> None:
    port = int(data.headers.get("port", "0") or 0)
    with contextlib.suppress(BrokenPipeError, ConnectionError):
        try:
            stream = await dial(port)
        except NetworkError as error:
            await errors.write(words(port, pod, error).encode())
            await errors.close()
            await data.close()
            return
        await join(data.incoming.read, data.write, stream)
        await data.close()
        await errors.close()


async def join(read: Callable[[], Awaitable[bytes]], write: Callable[[bytes], Awaitable[None]], stream: Stream) -> None:
    """Copy both ways until the pod's side ends."""

    async def upstream() -> None:
        with contextlib.suppress(BrokenPipeError):
            while data := await read():
                await stream.write(data)
        stream.close_write()

    task = asyncio.get_running_loop().create_task(upstream())
    try:
        while data := await stream.read():
            await write(data)
    finally:
        task.cancel()
        stream.close()


async def channels(socket: WebSocket, ports: list[int], dial: Dial, pod: str) -> None:
    """Serve numbered channels: two a port, each beginning with the port's number."""
    streams: dict[int, Stream] = {}
    tasks: set[asyncio.Task[None]] = set()
    try:
        for index, port in enumerate(ports):
            for number in (2 * index, 2 * index + 1):
                await socket.send(bytes((number,)) + struct.pack("<H", port))
            try:
                stream = streams[2 * index] = await dial(port)
            except NetworkError as error:
                await socket.send(bytes((2 * index + 1,)) + words(port, pod, error).encode())
                continue
            tasks.add(asyncio.get_running_loop().create_task(_down(socket, 2 * index, stream)))
        while (message := await socket.receive()) is not None:
            if message.data and message.data[0] in streams:
                with contextlib.suppress(BrokenPipeError):
                    await streams[message.data[0]].write(message.data[1:])
    except BrokenPipeError:
        pass  # the client has gone
    finally:
        for task in tasks:
            task.cancel()
        for stream in streams.values():
            stream.close()


async def _down(socket: WebSocket, number: int, stream: Stream) -> None:
    with contextlib.suppress(BrokenPipeError):
        while data := await stream.read():
            await socket.send(bytes((number,)) + data)
        socket.close()
