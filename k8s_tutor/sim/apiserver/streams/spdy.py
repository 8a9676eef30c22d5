"""SPDY/3.1 as ``kubectl port-forward`` speaks it inside a WebSocket: streams with headers, data, half-close, reset.

Mirrors what ``moby/spdystream`` does, which knows no flow control; headers are compressed with the protocol's
dictionary, one compression context for the whole session.
"""

import asyncio
import contextlib
import struct
import zlib
from collections.abc import Awaitable, Callable
from importlib.resources import files

from k8s_tutor.sim.network.streams import Pipe

SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY = 1, 2, 3, 6, 7
FIN = 0x01
CONTROL = 0x8000
VERSION = 3
PROTOCOL_ERROR = 1


class SpdyStream:
    """One stream of a session; ``incoming`` is what the client sends."""

    def __init__(self, session: "Session", number: int, headers: dict[str, str]) -> None:
        self._session = session
        self.number = number
        self.headers = headers
        self.incoming = Pipe()
        self.reset = False

    async def write(self, data: bytes) -> None:
        """Send bytes; BrokenPipeError when the stream was reset."""
        if self.reset:
            raise BrokenPipeError
        await self._session.send(struct.pack(">II", self.number, len(data)) + data)

    async def close(self) -> None:
        """Say that nothing more will be sent."""
        if not self.reset:
            await self._session.send(struct.pack(">II", self.number, FIN << 24))


class Session:
    """The server's side of a session.

    Args:
        send: sends bytes to the client.
        opened: called with each new stream.
    """

    def __init__(self, send: Callable[[bytes], Awaitable[None]], opened: Callable[[SpdyStream], None]) -> None:
        self.send = send
        self._opened = opened
        dictionary = files("k8s_tutor.sim.apiserver.streams").joinpath("spdy3_dictionary.bin").read_bytes()
        self._inflate = zlib.decompressobj(zdict=dictionary)
        self._deflate = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 8, zlib.Z_DEFAULT_STRATEGY, dictionary)
        self._buffer = bytearray()
        self._streams: dict[int, SpdyStream] = {}

    async def feed(self, data: bytes) -> None:
        """Take bytes of the client."""
        self._buffer += data
        while len(self._buffer) >= 8:
            first, second = struct.unpack_from(">II", self._buffer)
            flags, size = second >> 24, second & 0xFFFFFF
            if len(self._buffer) < 8 + size:
                return
            payload = bytes(self._buffer[8 : 8 + size])
            del self._buffer[: 8 + size]
            if first >> 16 & CONTROL:
                await self._control(first & 0xFFFF, flags, payload)
            else:
                await self._data(first, flags, payload)

    def end(self) -> None:
        """The client has gone: all streams end."""
        for stream in self._streams.values():
            self._finish(stream)

    async def _control(self, kind: int, flags: int, payload: bytes) -> None:
        if kind == SYN_STREAM:
            number = struct.unpack_from(">I", payload)[0]
            stream = SpdyStream(self, number, self._read_headers(payload[10:]))
            self._streams[number] = stream
            await self._reply(number)
            if flags & FIN:
                stream.incoming.close()
            self._opened(stream)
        elif kind == RST_STREAM:
            found = self._streams.pop(struct.unpack_from(">I", payload)[0], None)
            if found is not None:
                self._finish(found)
        elif kind == PING:
            await self._frame(PING, 0, payload)
        elif kind == GOAWAY:
            self.end()

    async def _data(self, number: int, flags: int, payload: bytes) -> None:
        stream = self._streams.get(number)
        if stream is None:
            return
        if payload:
            # Whoever served it may have ended; the client will learn by the end of our side.
            with contextlib.suppress(BrokenPipeError):
                await stream.incoming.write(payload)
        if flags & FIN and stream.incoming.writers > 0:
            stream.incoming.close()

    def _finish(self, stream: SpdyStream) -> None:
        stream.reset = True
        if stream.incoming.writers > 0:
            stream.incoming.close()

    async def _reply(self, number: int) -> None:
        block = self._deflate.compress(struct.pack(">I", 0)) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self._frame(SYN_REPLY, 0, struct.pack(">I", number) + block)

    async def _frame(self, kind: int, flags: int, payload: bytes) -> None:
        head = struct.pack(">HHI", CONTROL | VERSION, kind, flags << 24 | len(payload))
        await self.send(head + payload)

    def _read_headers(self, block: bytes) -> dict[str, str]:
        raw = self._inflate.decompress(block)
        count = struct.unpack_from(">I", raw)[0]
        at, found = 4, {}
        for _ in range(count):
            pair = []
            for _ in range(2):
                size = struct.unpack_from(">I", raw, at)[0]
                pair.append(raw[at + 4 : at + 4 + size].decode("utf-8", "replace"))
                at += 4 + size
            found[pair[0].lower()] = pair[1]
        return found


async def copy(reader: Pipe, write: Callable[[bytes], Awaitable[None]]) -> None:
    """Copy bytes until the reader's end."""
    while data := await reader.read():
        await write(data)
        await asyncio.sleep(0)
