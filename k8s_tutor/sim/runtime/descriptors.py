"""Open files: what a process's file descriptors refer to. Shared by duplication and fork, closed with the last user.

``write_now`` never waits; it is how servers without a task of their own write.
"""

import asyncio
import errno
import random
from collections.abc import Callable

from k8s_tutor.sim.runtime.contract import ByteReader, ByteWriter
from k8s_tutor.sim.runtime.logs import LogBuffer
from k8s_tutor.sim.runtime.nodes import CHUNK, ZEROS, Device, File, Node, fail
from k8s_tutor.sim.runtime.streams import Pipe

NOISE = [random.Random(seed).randbytes(CHUNK) for seed in range(4)]


class OpenFile:
    """An open file description; this one is ``/dev/null``."""

    __slots__ = ("references",)
    is_tty = False
    waits = False

    def __init__(self) -> None:
        self.references = 0

    async def read(self, size: int = CHUNK) -> bytes:
        """Return up to ``size`` bytes; empty at the end."""
        return b""

    def read_now(self, size: int = CHUNK) -> bytes | None:
        """Return what needs no waiting; None if one must wait."""
        return b""

    def unread(self, data: bytes) -> None:
        """Give back what was read too much."""

    async def write(self, data: bytes) -> None:
        """Write all."""
        self.write_now(data)

    def write_now(self, data: bytes) -> None:
        """Write all without waiting."""

    def release(self) -> None:
        """One user less."""
        self.references -= 1
        if self.references == 0:
            self.close()

    def close(self) -> None:
        """The last user has gone."""


class Zero(OpenFile):
    """``/dev/zero``; the same chunk again and again."""

    __slots__ = ()

    async def read(self, size: int = CHUNK) -> bytes:
        return ZEROS if size == CHUNK else bytes(min(size, CHUNK * 16))

    def read_now(self, size: int = CHUNK) -> bytes | None:
        return ZEROS if size == CHUNK else bytes(min(size, CHUNK * 16))


class Noise(OpenFile):
    """``/dev/urandom``: a few chunks of noise in turn, the first read of each size anew."""

    __slots__ = ("_turn",)

    def __init__(self) -> None:
        super().__init__()
        self._turn = random.randrange(1 << 16)

    async def read(self, size: int = CHUNK) -> bytes:
        self._turn += 1
        if size >= CHUNK:
            return NOISE[self._turn % len(NOISE)]
        return random.randbytes(size)

    def read_now(self, size: int = CHUNK) -> bytes | None:
        self._turn += 1
        return NOISE[self._turn % len(NOISE)] if size >= CHUNK else random.randbytes(size)


class Full(Zero):
    """``/dev/full``."""

    __slots__ = ()

    def write_now(self, data: bytes) -> None:
        if data:
            raise fail(errno.ENOSPC)


class RegularFile(OpenFile):
    """A file at an offset."""

    __slots__ = ("_now", "appending", "node", "offset", "readable", "writable")

    def __init__(
        self, node: File, now: Callable[[], float], *, readable: bool, writable: bool, appending: bool = False
    ) -> None:
        super().__init__()
        self.node, self._now = node, now
        self.readable, self.writable, self.appending = readable, writable, appending
        self.offset = 0

    async def read(self, size: int = CHUNK) -> bytes:
        return self.read_now(size) or b""

    def read_now(self, size: int = CHUNK) -> bytes | None:
        if not self.readable:
            raise fail(errno.EBADF)
        data = self.node.read_at(self.offset, size)
        self.offset += len(data)
        return data

    def unread(self, data: bytes) -> None:
        self.offset -= len(data)

    def write_now(self, data: bytes) -> None:
        if not self.writable:
            raise fail(errno.EBADF)
        if self.appending:
            self.offset = self.node.size
        self.node.write_at(self.offset, data)
        self.offset += len(data)
        self.node.mtime = self._now()


class ReadEnd(OpenFile):
    """The reading end of a pipe."""

    __slots__ = ("pipe",)
    waits = True

    def __init__(self, pipe: Pipe) -> None:
        super().__init__()
        self.pipe = pipe

    async def read(self, size: int = CHUNK) -> bytes:
        return await self.pipe.read(size)

    def read_now(self, size: int = CHUNK) -> bytes | None:
        return self.pipe.read_now(size)

    def unread(self, data: bytes) -> None:
        self.pipe.unread(data)

    def write_now(self, data: bytes) -> None:
        raise fail(errno.EBADF)

    def close(self) -> None:
        self.pipe.close_reader()


class WriteEnd(OpenFile):
    """The writing end of a pipe."""

    __slots__ = ("pipe",)
    waits = True

    def __init__(self, pipe: Pipe) -> None:
        super().__init__()
        self.pipe = pipe

    async def write(self, data: bytes) -> None:
        await self.pipe.write(data)

    def write_now(self, data: bytes) -> None:
        self.pipe.write_now(data)

    def close(self) -> None:
        self.pipe.close()


class LogFile(OpenFile):
    """A container's stdout or stderr: its log, and whoever is attached."""

    __slots__ = ("_listeners", "_log", "_now", "_stream")

    def __init__(self, log: LogBuffer, stream: str, now: Callable[[], float]) -> None:
        super().__init__()
        self._log, self._stream, self._now = log, stream, now
        self._listeners: list[ByteWriter] = []

    def listen(self, writer: ByteWriter) -> Callable[[], None]:
        """Copy what comes to a writer; the answer ends it."""
        self._listeners.append(writer)
        return lambda: self._listeners.remove(writer) if writer in self._listeners else None

    async def write(self, data: bytes) -> None:
        self._log.append(self._stream, data, self._now())
        for listener in tuple(self._listeners):
            try:
                await listener.write(data)
            except (BrokenPipeError, ConnectionError):
                self._listeners.remove(listener)

    def write_now(self, data: bytes) -> None:
        self._log.append(self._stream, data, self._now())
        for listener in tuple(self._listeners):
            if isinstance(listener, Pipe):
                listener.write_now(data)


class Incoming(OpenFile):
    """Bytes from a client outside (an exec's stdin)."""

    __slots__ = ("_back", "_reader")
    waits = True

    def __init__(self, reader: ByteReader) -> None:
        super().__init__()
        self._reader = reader
        self._back = b""

    async def read(self, size: int = CHUNK) -> bytes:
        data = self._back or await self._reader.read(size)
        self._back = data[size:]
        return data[:size]

    def read_now(self, size: int = CHUNK) -> bytes | None:
        data, self._back = self._back[:size], self._back[size:]
        return data or None

    def unread(self, data: bytes) -> None:
        self._back = data + self._back


class Outgoing(OpenFile):
    """Bytes to a client outside (an exec's stdout)."""

    __slots__ = ("_pending", "_sending", "_writer")
    waits = True

    def __init__(self, writer: ByteWriter) -> None:
        super().__init__()
        self._writer = writer
        self._pending: list[bytes] = []
        self._sending: asyncio.Task[None] | None = None

    async def write(self, data: bytes) -> None:
        await self.flush()
        await self._writer.write(data)

    def write_now(self, data: bytes) -> None:
        self._pending.append(data)
        if self._sending is None:
            self._sending = asyncio.get_running_loop().create_task(self._send())

    async def flush(self) -> None:
        """Wait until what was written without waiting has gone."""
        if self._sending is not None:
            await self._sending

    async def _send(self) -> None:
        try:
            while self._pending:
                await self._writer.write(self._pending.pop(0))
        except (BrokenPipeError, ConnectionError):
            self._pending.clear()
        finally:
            self._sending = None


def open_node(
    node: Node, now: Callable[[], float], *, readable: bool, writable: bool, appending: bool = False
) -> OpenFile:
    """Return an open file of a regular file, device or pipe (not of terminals: those are the process's)."""
    from k8s_tutor.sim.runtime.nodes import Fifo

    if isinstance(node, File):
        return RegularFile(node, now, readable=readable, writable=writable, appending=appending)
    if isinstance(node, Device):
        return {"zero": Zero, "full": Full, "urandom": Noise}.get(node.name, OpenFile)()
    if isinstance(node, Fifo):
        if node.pipe is None or node.pipe.at_end or node.pipe.readers <= 0:
            node.pipe = Pipe()
            node.pipe.readers = node.pipe.writers = 0
        if writable:
            node.pipe.writers += 1
            return WriteEnd(node.pipe)
        node.pipe.readers += 1
        return ReadEnd(node.pipe)
    raise fail(errno.ENXIO)
