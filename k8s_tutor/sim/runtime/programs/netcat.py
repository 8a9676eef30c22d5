"""``nc`` and ``telnet``: a connection, or datagrams, joined to standard input and output.

busybox' words for its userland, OpenBSD netcat's (Debian's) for the other.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import Datagrams, NetworkError, Stream
from k8s_tutor.sim.network.fabric import Reply
from k8s_tutor.sim.runtime.descriptors import ReadEnd, WriteEnd
from k8s_tutor.sim.runtime.processes import Process
from k8s_tutor.sim.runtime.programs.options import Options, applet, gnu, parse, usage
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.resolving import is_address, resolve
from k8s_tutor.sim.runtime.programs.running import start
from k8s_tutor.sim.runtime.programs.serving import listen
from k8s_tutor.sim.runtime.streams import Pipe

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVICES = {21: "ftp", 22: "ssh", 25: "smtp", 53: "domain", 80: "http", 443: "https", 3306: "mysql", 5432: "postgresql"}
WAITING = 64


@program("nc", "netcat")
async def nc(process: Process) -> int:
    """Connect to a port, or listen on one."""
    options, words = await parse(process, "lvznukN46DdrhtSUbCZF", "wpseqiIXxOTmMWVP")
    if "l" in options:
        port = options.get("p") or (words[-1] if words else "0")
        if not port.isdigit():
            await process.err(f"nc: bad port '{port}'\n")
            return 1
        if "u" in options:
            return await _listen_udp(process, int(port), options)
        return await _listen_tcp(process, int(port), options)
    if len(words) < 2:
        return await usage(process, "[-iN] [-wN] [-l] [-p PORT] [-f FILE|IPADDR PORT] [-e PROG]")
    host = words[0]
    addresses = await resolve(process, host)
    if not addresses:
        await process.err(
            f'nc: getaddrinfo for host "{host}" port {words[1]}: Name or service not known\n'
            if gnu(process)
            else f"nc: bad address '{host}'\n"
        )
        return 1
    first, _, last = words[1].partition("-")
    if not first.isdigit() or (last and not last.isdigit()):
        await process.err(f"nc: port number invalid: {words[1]}\n" if gnu(process) else f"nc: bad port '{words[1]}'\n")
        return 1
    codes = [
        await (_udp if "u" in options else _tcp)(process, host, addresses[0], port, options)
        for port in range(int(first), int(last or first) + 1)
    ]
    return min(codes)


async def _tcp(process: Process, host: str, address: str, port: int, options: Options) -> int:
    network = process.container.runtime.network
    patience = float(options["w"]) if "w" in options else None
    try:
        stream: Stream = await process.pause(network.connect(process.container.config.pod_ip, address, port, patience))
    except NetworkError as error:
        await process.err(_refused(process, host, address, port, error, options))
        return 1
    if "v" in options:
        await process.err(_open(process, host, address, port, "tcp"))
    if "z" in options:
        stream.close()
        return 0
    if "e" in options:
        return await _run(process, stream, options["e"].split())
    await _join(process, stream)
    return 0


def _open(process: Process, host: str, address: str, port: int, protocol: str) -> str:
    if not gnu(process):
        return f"{host} ({address}:{port}) open\n"
    shown = host if is_address(host) else f"{host} ({address})"
    return f"Connection to {shown} {port} port [{protocol}/{SERVICES.get(port, '*')}] succeeded!\n"


def _refused(process: Process, host: str, address: str, port: int, error: NetworkError, options: Options) -> str:
    quiet = "v" not in options
    if gnu(process):
        shown = host if is_address(host) else f"{host} ({address})"
        text = "Operation now in progress" if error.message == "timed out" else error.message
        word = "timed out" if error.message == "timed out" else "failed"
        return "" if quiet else f"nc: connect to {shown} port {port} (tcp) {word}: {text}\n"
    text = "Connection timed out" if error.kind == "timeout" else error.message
    if "v" in options:
        return f"nc: {address} ({address}:{port}): {text}\n"
    return "" if "z" in options else f"nc: can't connect to remote host ({address}): {text}\n"


async def _join(process: Process, stream: Stream) -> None:
    """Copy between the terminal and the connection until the other side ends."""

    async def send() -> None:
        while data := await process.fds[0].read():
            await stream.write(data)
        stream.close_write()

    sender = process.container.clock.spawn(send())
    try:
        while data := await process.pause(stream.read()):
            await process.write(1, data)
    finally:
        sender.cancel()
        stream.close()


async def _run(process: Process, stream: Stream, argv: "Sequence[str]") -> int:
    """Let a program talk on the connection (``-e``)."""
    there, back = Pipe(), Pipe()
    process.set_fd(0, ReadEnd(there))
    child = await start(process, list(argv), output=WriteEnd(back))
    process.close_fd(0)
    if isinstance(child, int):
        stream.close()
        return child

    async def send() -> None:
        with contextlib.suppress(BrokenPipeError):
            while data := await stream.read():
                await there.write(data)
        there.close()

    sender = process.container.clock.spawn(send())
    try:
        while data := await process.pause(back.read()):
            await stream.write(data)
    finally:
        sender.cancel()
        stream.close()
    return int(await process.pause(child.wait()))


async def _listen_tcp(process: Process, port: int, options: Options) -> int:
    arrived: asyncio.Queue[tuple[Stream, asyncio.Future[None]]] = asyncio.Queue()

    async def accept(stream: Stream) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await arrived.put((stream, done))
        await done

    if not listen(process, port, accept=accept):
        await process.err("nc: Address already in use\n" if gnu(process) else "nc: bind: Address already in use\n")
        return 1
    if "v" in options:
        await process.err(
            f"Listening on 0.0.0.0 {port}\n" if gnu(process) else f"listening on [::]:{port} ...\n",
        )
    while True:
        stream, done = await process.pause(arrived.get())
        if "v" in options:
            peer, number = stream.peer
            await process.err(
                f"Connection received on {peer} {number}\n"
                if gnu(process)
                else f"connect to [::ffff:{process.container.config.pod_ip}]:{port} from [::ffff:{peer}]:{number}\n"
            )
        with contextlib.suppress(BrokenPipeError):
            if "e" in options:
                await _run(process, stream, options["e"].split())
            else:
                await _join(process, stream)
        if not done.done():
            done.set_result(None)
        if "k" not in options:
            return 0


async def _udp(process: Process, host: str, address: str, port: int, options: Options) -> int:
    """Send standard input as datagrams, and print what comes back."""
    container = process.container
    local = int(options.get("p", "0") or 0)
    socket = Datagrams(container.runtime.network, container.config.pod_ip, address, port, local)
    try:
        if options.keys() & {"z", "v"}:
            socket.send(b"")
        if "v" in options:
            await process.err(_open(process, host, address, port, "udp"))
        if "z" in options:
            return 0
        return await _exchange(process, socket, options)
    except NetworkError:
        return 1


async def _exchange(process: Process, socket: Datagrams, options: Options) -> int:
    ended = asyncio.Event()

    async def send() -> None:
        with contextlib.suppress(NetworkError):
            while data := await process.fds[0].read():
                socket.send(data)
        ended.set()

    sender = process.container.clock.spawn(send())
    patience = float(options["w"]) if "w" in options else float(options["q"]) if "q" in options else None
    try:
        while True:
            if patience is None:
                data = await process.pause(socket.receive())
            else:
                data = await process.pause(socket.receive_within(patience))
            if data is None:
                if ended.is_set() or "w" in options:
                    return 0
                continue
            await process.write(1, data)
    finally:
        sender.cancel()


async def _listen_udp(process: Process, port: int, options: Options) -> int:
    """Print what comes; standard input goes to who sent the first datagram."""
    arrived: asyncio.Queue[tuple[bytes, tuple[str, int], Reply]] = asyncio.Queue(WAITING)
    peers: list[tuple[tuple[str, int], Reply]] = []

    def datagram(data: bytes, peer: tuple[str, int], reply: Reply) -> None:
        if not arrived.full() and (not peers or "k" in options or peers[0][0] == peer):
            peers.append((peer, reply))
            arrived.put_nowait((data, peer, reply))

    if not listen(process, port, datagram=datagram):
        await process.err("nc: Address already in use\n" if gnu(process) else "nc: bind: Address already in use\n")
        return 1
    if "v" in options:
        await process.err(f"Bound on 0.0.0.0 {port}\n" if gnu(process) else f"listening on [::]:{port} ...\n")

    async def send() -> None:
        while data := await process.fds[0].read():
            if peers:
                peers[-1][1](data)

    sender: asyncio.Task[None] | None = None
    try:
        while True:
            data, _, _ = await process.pause(arrived.get())
            sender = sender or process.container.clock.spawn(send())
            await process.write(1, data)
    finally:
        if sender is not None:
            sender.cancel()


@program("telnet")
async def telnet(process: Process) -> int:
    """Connect to a port and say so."""
    words = [word for word in process.argv[1:] if not word.startswith("-")]
    if not words:
        return await usage(process, "[-a] [-l USER] HOST [PORT]")
    host, port = words[0], int(words[1]) if len(words) > 1 and words[1].isdigit() else 23
    addresses = await resolve(process, host)
    name = applet(process)
    if not addresses:
        await process.err(
            f"{name}: could not resolve {host}/{port}: Name or service not known\n"
            if gnu(process)
            else f"{name}: bad address '{host}'\n"
        )
        return 1
    if gnu(process):
        await process.out(f"Trying {addresses[0]}...\n")
    network = process.container.runtime.network
    try:
        stream: Stream = await process.pause(network.connect(process.container.config.pod_ip, addresses[0], port))
    except NetworkError as error:
        await process.err(
            f"{name}: Unable to connect to remote host: {error.message}\n"
            if gnu(process)
            else f"{name}: can't connect to remote host ({addresses[0]}): {error.message}\n"
        )
        return 1
    await process.out(f"Connected to {host}{'.' if gnu(process) else ''}\n")
    if gnu(process):
        await process.out("Escape character is '^]'.\n")
    else:
        await process.out("\nEntering character mode\nEscape character is '^]'.\n\n")
    await _join(process, stream)
    await process.err("Connection closed by foreign host.\n" if gnu(process) else "Connection closed by foreign host\n")
    return 1
