"""Redis: server with its start-up log and protocol (a store of texts), and ``redis-cli``."""

import re
import shlex
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import NetworkError, Stream
from k8s_tutor.sim.runtime.programs.registry import program, resident
from k8s_tutor.sim.runtime.programs.resolving import resolve
from k8s_tutor.sim.runtime.programs.serving import listen, stop_on
from k8s_tutor.sim.runtime.programs.templates import moment
from k8s_tutor.sim.runtime.signals import SIGINT, SIGTERM

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


def _line(process: "Process", mark: str, text: str) -> str:
    return f"{process.pid}:M {moment(process, '%d %b %Y %H:%M:%S.000')} {mark} {text}\n"


@resident("redis-server", memory=8 << 20)
def redis_server(process: "Process") -> None:
    """Serve the Redis protocol."""
    words = process.argv[1:]
    port = int(words[words.index("--port") + 1]) if "--port" in words[:-1] else 6379
    password = words[words.index("--requirepass") + 1] if "--requirepass" in words[:-1] else ""
    if words and words[0].endswith(".conf"):
        try:
            text = process.files.read_file(words[0], process.cwd).decode("utf-8", "replace")
        except OSError:
            process.say(
                f"{process.pid}:C # Fatal error, can't open config file '{words[0]}': No such file or directory\n"
            )
            process.end(1)
            return
        match = re.search(r"^\s*requirepass\s+(\S+)", text, re.MULTILINE)
        password = match[1] if match else password
        match = re.search(r"^\s*port\s+(\d+)", text, re.MULTILINE)
        port = int(match[1]) if match else port
    store = Store(process, password)
    if not listen(process, port, accept=store.serve):
        process.say(
            _line(
                process,
                "#",
                f"Warning: Could not create server TCP listening socket *:{port}: bind: Address already in use",
            )
        )
        process.end(1)
        return
    version = process.container.image.version
    start = moment(process, "%d %b %Y %H:%M:%S.000")
    process.say(
        f"{process.pid}:C {start} * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n"
        f"{process.pid}:C {start} * Redis version={version}, bits=64, commit=00000000, modified=0, pid={process.pid}, just started\n"
    )
    for mark, text in (
        ("*", "monotonic clock: POSIX clock_gettime"),
        ("*", f"Running mode=standalone, port={port}."),
        ("*", "Server initialized"),
        ("*", "Ready to accept connections tcp"),
    ):
        process.say(_line(process, mark, text))
    stop_on(
        process,
        (SIGTERM, SIGINT),
        0,
        0.1,
        lambda: process.say(
            f"{process.pid}:signal-handler ({int(process.container.clock.now())}) Received SIGTERM scheduling shutdown...\n"
            + _line(process, "*", "User requested shutdown...")
            + _line(process, "*", "Saving the final RDB snapshot before exiting.")
            + _line(process, "#", "Redis is now ready to exit, bye bye...")
        ),
    )


class Store:
    """Keys and values, and the commands on them."""

    def __init__(self, process: "Process", password: str) -> None:
        self._process, self._password = process, password
        self._data: dict[str, str] = {}
        self._bytes = 0

    async def serve(self, stream: Stream) -> None:
        """Serve one connection."""
        allowed = not self._password
        while words := await _read_command(stream):
            command = words[0].upper()
            if command == "AUTH":
                allowed = words[-1] == self._password
                reply = "+OK" if allowed else "-WRONGPASS invalid username-password pair or user is disabled."
            elif not allowed:
                reply = "-NOAUTH Authentication required."
            else:
                reply = self.command(command, words[1:])
            await stream.write(reply.encode() + b"\r\n")
            if command == "QUIT":
                break

    def command(self, command: str, words: list[str]) -> str:
        """Return the reply to a command."""
        data = self._data
        if command == "PING":
            return _bulk(words[0]) if words else "+PONG"
        if command == "ECHO" and words:
            return _bulk(words[0])
        if command == "SET" and len(words) > 1:
            self._bytes += len(words[1]) - len(data.get(words[0], ""))
            data[words[0]] = words[1]
            self._process.container.cgroup.set_memory(self._process, (8 << 20) + self._bytes)
            return "+OK"
        if command == "GET" and words:
            return _bulk(data.get(words[0]))
        if command in {"INCR", "DECR", "INCRBY"} and words:
            step = int(words[1]) if command == "INCRBY" else 1 if command == "INCR" else -1
            if not re.fullmatch(r"-?\d+", data.get(words[0], "0")):
                return "-ERR value is not an integer or out of range"
            data[words[0]] = str(int(data.get(words[0], "0")) + step)
            return f":{data[words[0]]}"
        if command == "DEL":
            return f":{sum(data.pop(word, None) is not None for word in words)}"
        if command == "EXISTS":
            return f":{sum(word in data for word in words)}"
        if command == "KEYS":
            return _array(sorted(data))
        if command == "DBSIZE":
            return f":{len(data)}"
        if command in {"FLUSHALL", "FLUSHDB"}:
            data.clear()
            return "+OK"
        if command == "INFO":
            return _bulk(f"# Server\r\nredis_version:{self._process.container.image.version}\r\nrole:master\r\n")
        if command in {"QUIT", "SELECT", "CONFIG", "COMMAND", "CLIENT", "SAVE"}:
            return "+OK"
        shown = " ".join(f"'{word}'" for word in words)
        return f"-ERR unknown command '{command.lower()}', with args beginning with: {shown} "


def _bulk(text: str | None) -> str:
    return "$-1" if text is None else f"${len(text.encode())}\r\n{text}"


def _array(items: list[str]) -> str:
    return f"*{len(items)}" + "".join("\r\n" + _bulk(item) for item in items)


async def _read_command(stream: Stream) -> list[str]:
    """Return the next command's words, sent inline or as an array."""
    line = (await stream.read_line()).decode("utf-8", "replace").strip()
    if not line.startswith("*"):
        try:
            return shlex.split(line)
        except ValueError:
            return line.split()
    words = []
    for _ in range(int(line[1:] or 0)):
        size = int((await stream.read_line()).strip()[1:] or b"0")
        words.append((await stream.read_exactly(size)).decode("utf-8", "replace"))
        await stream.read_exactly(2)
    return words


@program("redis-cli", memory=2 << 20)
async def redis_cli(process: "Process") -> int:
    """Send commands to a server."""
    host, port, password = "127.0.0.1", 6379, process.env.get("REDISCLI_AUTH", "")
    words = process.argv[1:]
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in {"-h", "-p", "-a", "-n"} and words:
            value = words.pop(0)
            host, port, password = (
                value if word == "-h" else host,
                int(value) if word == "-p" else port,
                value if word == "-a" else password,
            )
    addresses = await resolve(process, host)
    if not addresses:
        await process.err(f"Could not connect to Redis at {host}:{port}: Name or service not known\n")
        return 1
    network = process.container.runtime.network
    try:
        stream = await process.pause(network.connect(process.container.config.pod_ip, addresses[0], port))
    except NetworkError as error:
        await process.err(f"Could not connect to Redis at {host}:{port}: {error.message}\n")
        return 1
    if password:
        await _ask(process, stream, ["AUTH", password])
    if words:
        reply = await _ask(process, stream, words)
        await process.out(reply + "\n")
        return 0
    tty = process.fds[0].is_tty
    while True:
        if tty:
            await process.out(f"{host}:{port}> ")
        line = (await process.read(0)).decode("utf-8", "replace")
        if not line or line.strip() in {"exit", "quit"}:
            return 0
        for each in filter(None, map(str.strip, line.split("\n"))):
            await process.out(await _ask(process, stream, shlex.split(each)) + "\n")


async def _ask(process: "Process", stream: Stream, words: list[str]) -> str:
    request = f"*{len(words)}\r\n" + "".join(f"{_bulk(word)}\r\n" for word in words)
    await stream.write(request.encode())
    return await process.pause(_reply(stream, process.fds[1].is_tty))  # type: ignore[no-any-return]


async def _reply(stream: Stream, tty: bool) -> str:
    line = (await stream.read_line()).decode("utf-8", "replace").rstrip("\r\n")
    kind, rest = line[:1], line[1:]
    if kind == "-":
        return f"(error) {rest}" if tty else rest
    if kind == ":":
        return f"(integer) {rest}" if tty else rest
    if kind == "$":
        if rest == "-1":
            return "(nil)" if tty else ""
        text = (await stream.read_exactly(int(rest))).decode("utf-8", "replace")
        await stream.read_exactly(2)
        return f'"{text}"' if tty else text
    if kind == "*":
        items = [await _reply(stream, tty) for _ in range(int(rest))]
        return "\n".join(f"{index}) {item}" if tty else item for index, item in enumerate(items, 1)) or (
            "(empty array)" if tty else ""
        )
    return rest
