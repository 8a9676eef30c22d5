"""Byte streams with back-pressure: pipes between processes, and duplex connections.

A pipe holds at most 64 KiB as Linux' does. Chunks are passed by reference, so that ``yes | cat`` copies nothing.
``write_now`` is for servers without a task of their own: it never waits.
"""

import asyncio
from collections import deque

CAPACITY = 65536


class Pipe:
    """A one-way channel of bytes between coroutines."""

    __slots__ = ("_chunks", "_readable", "_size", "_writable", "capacity", "readers", "writers")

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._readable: list[asyncio.Future[None]] = []
        self._writable: list[asyncio.Future[None]] = []
        self.capacity = capacity
        self.readers = 1
        self.writers = 1

    @property
    def size(self) -> int:
        """Bytes that wait to be read."""
        return self._size

    @property
    def at_end(self) -> bool:
        """Nothing waits, and nothing will come."""
        return self._size == 0 and self.writers <= 0

    async def read(self, size: int = CAPACITY) -> bytes:
        """Return up to ``size`` bytes, waiting for some; empty at the end."""
        while not self._chunks:
            if self.writers <= 0:
                return b""
            await _wait(self._readable)
        return self._take(size)

    def read_now(self, size: int = CAPACITY) -> bytes | None:
        """Return what is there; None if nothing is there yet, empty at the end."""
        if self._chunks:
            return self._take(size)
        return b"" if self.writers <= 0 else None

    def unread(self, data: bytes) -> None:
        """Give back what was read too much."""
        if data:
            self._chunks.appendleft(data)
            self._size += len(data)

    async def write(self, data: bytes) -> None:
        """Write all, waiting for room."""
        if self.readers <= 0:
            raise BrokenPipeError
        while self._size >= self.capacity:
            await _wait(self._writable)
            if self.readers <= 0:
                raise BrokenPipeError
        self.write_now(data)

    def write_now(self, data: bytes) -> None:
        """Write all without waiting, beyond the capacity if need be."""
        if self.readers <= 0 or self.writers <= 0:
            raise BrokenPipeError
        if data:
            self._chunks.append(data)
            self._size += len(data)
            _wake(self._readable)

    def close(self) -> None:
        """One writer less."""
        self.writers -= 1
        if self.writers <= 0:
            _wake(self._readable)

    def close_reader(self) -> None:
        """One reader less; writers learn of it."""
        self.readers -= 1
        if self.readers <= 0:
            self._chunks.clear()
            self._size = 0
            _wake(self._writable)

    def _take(self, size: int) -> bytes:
        chunk = self._chunks.popleft()
        if len(chunk) > size:
            self._chunks.appendleft(chunk[size:])
            chunk = chunk[:size]
        self._size -= len(chunk)
        if self._size < self.capacity:
            _wake(self._writable)
        return chunk


async def _wait(waiters: list[asyncio.Future[None]]) -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiters.append(future)
    try:
        await future
    finally:
        if future in waiters:
            waiters.remove(future)


def _wake(waiters: list[asyncio.Future[None]]) -> None:
    for future in waiters:
        if not future.done():
            future.set_result(None)
    waiters.clear()


class Stream:
    """One end of a duplex connection."""

    __slots__ = ("_closed", "_incoming", "_outgoing", "_peer")

    def __init__(self, incoming: Pipe, outgoing: Pipe, peer: tuple[str, int]) -> None:
        self._incoming, self._outgoing, self._peer = incoming, outgoing, peer
        self._closed = False

    @property
    def peer(self) -> tuple[str, int]:
        """The other side's address and port."""
        return self._peer

    @staticmethod
    def pair(client: tuple[str, int], server: tuple[str, int]) -> "tuple[Stream, Stream]":
        """Return the client's and the server's end."""
        there, back = Pipe(), Pipe()
        return Stream(back, there, server), Stream(there, back, client)

    async def read(self, size: int = CAPACITY) -> bytes:
        """Return up to ``size`` bytes; empty when the other side will send no more."""
        return await self._incoming.read(size)

    async def read_line(self, limit: int = CAPACITY) -> bytes:
        """Return bytes up to and with a line feed, or what there is at the end."""
        found = b""
        while len(found) < limit:
            data = await self._incoming.read()
            if not data:
                break
            head, feed, rest = data.partition(b"\n")
            found += head + feed
            if feed:
                self._incoming.unread(rest)
                break
        return found

    async def read_exactly(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer only at the end."""
        found = b""
        while len(found) < size:
            data = await self._incoming.read(size - len(found))
            if not data:
                break
            found += data
        return found

    async def write(self, data: bytes) -> None:
        """Send; BrokenPipeError when the other side has gone."""
        await self._outgoing.write(data)

    def write_now(self, data: bytes) -> None:
        """Send without waiting; BrokenPipeError when the other side has gone."""
        self._outgoing.write_now(data)

    @property
    def backlog(self) -> int:
        """Bytes that the other side has not read yet."""
        return self._outgoing.size

    def close_write(self) -> None:
        """Send no more (a TCP FIN)."""
        if self._outgoing.writers > 0:
            self._outgoing.close()

    def close(self) -> None:
        """Leave: nothing more is sent or read."""
        if not self._closed:
            self._closed = True
            self.close_write()
            self._incoming.close_reader()
