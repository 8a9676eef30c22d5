"""A container's log as containerd writes it and the kubelet rotates it: lines with time and stream, 10 MiB a file.

Written text is kept in the chunks it came in (a chunk holds many lines of one time), so that endless output costs
little; lines appear when they are read. A line without its line feed waits until the feed comes, 16 KiB are full, or
the stream ends: then it is *partial*, and is shown without a feed, as containerd's ``P`` records are.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from k8s_tutor.apimachinery.times import rfc3339_micro

MAX_BYTES = 10 << 20
LINE_BYTES = 16 << 10
RECORD_OVERHEAD = 45
SAVED_BYTES = 1 << 20
Chunk = tuple[float, str, bytes]


def timestamp(when: float) -> str:
    """Return RFC 3339 with nine digits, as containerd writes each line's time."""
    return f"{rfc3339_micro(when)[:-1]}000Z"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; ``text`` ends with its line feed unless it is partial."""

    time: float
    stream: str
    text: bytes


class LogBuffer:
    """The current log file of one container.

    Args:
        max_bytes: the kubelet's containerLogMaxSize; what was written before a rotation is not read again.
    """

    __slots__ = (
        "_chunks",
        "_closed",
        "_counted",
        "_first",
        "_pending",
        "_size",
        "_waiting",
        "max_bytes",
        "total_bytes",
    )

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._chunks: deque[Chunk] = deque()
        self._first = 0
        self._size = 0
        self._pending: dict[str, bytes] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._closed = False
        self._counted: tuple[bytes, int] = (b"", 0)
        self.max_bytes = max_bytes
        self.total_bytes = 0

    @property
    def size(self) -> int:
        """Bytes of the present file, with each record's time and stream."""
        return self._size

    @property
    def closed(self) -> bool:
        """The container has ended."""
        return self._closed

    def append(self, stream: str, data: bytes, when: float) -> None:
        """Write text of ``stdout`` or ``stderr``; whole lines become readable."""
        self.total_bytes += len(data)
        if stream in self._pending:
            data = self._pending.pop(stream) + data
        end = data.rfind(b"\n") + 1
        if end == len(data):
            whole, rest = data, b""
        else:
            whole, rest = data[:end], data[end:]
        if whole:
            self._add(when, stream, whole)
        while len(rest) >= LINE_BYTES:
            self._add(when, stream, rest[:LINE_BYTES])
            rest = rest[LINE_BYTES:]
        if rest:
            self._pending[stream] = rest

    def close(self, when: float) -> None:
        """End both streams."""
        for stream, rest in self._pending.items():
            self._add(when, stream, rest)
        self._pending.clear()
        self._closed = True
        self._wake()

    def lines(
        self,
        tail: int | None = None,
        since: float | None = None,
        stream: str | None = None,
    ) -> list[LogLine]:
        """Return the lines, or the last ``tail`` of them that are not older than ``since``."""
        chosen = self._chosen(0, tail, since, stream)
        return [LogLine(when, name, text) for when, name, data in chosen for text in _split(data)]

    def read(
        self,
        tail: int | None = None,
        since: float | None = None,
        limit_bytes: int | None = None,
        stream: str | None = None,
        *,
        timestamps: bool = False,
    ) -> bytes:
        """Return the log as ``kubectl logs`` prints it."""
        text = _rendered(self._chosen(0, tail, since, stream), timestamps=timestamps)
        return text if limit_bytes is None else text[:limit_bytes]

    async def follow(
        self,
        tail: int | None = None,
        since: float | None = None,
        stream: str | None = None,
        *,
        timestamps: bool = False,
    ) -> AsyncIterator[bytes]:
        """Yield the log, then what is added, until the container ends."""
        position = self._first + len(self._chunks)
        if text := _rendered(self._chosen(0, tail, since, stream), timestamps=timestamps):
            yield text
        while True:
            position = max(position, self._first)
            if position < self._first + len(self._chunks):
                start, position = position - self._first, self._first + len(self._chunks)
                if text := _rendered(self._chosen(start, None, since, stream), timestamps=timestamps):
                    yield text
            elif self._closed:
                return
            else:
                future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiting.append(future)
                await future

    def snapshot(self) -> list[list[Any]]:
        """Return plain data: time, stream, text a chunk; of a long log the end."""
        found: list[list[Any]] = []
        left = SAVED_BYTES
        for when, stream, data in reversed(self._chunks):
            if left <= 0:
                break
            left -= len(data)
            found.append([when, stream, data.decode("latin-1")])
        return found[::-1]

    @classmethod
    def restore(cls, state: list[list[Any]], *, closed: bool = False) -> "LogBuffer":
        """Return the log that ``snapshot`` described."""
        log = cls()
        for when, stream, text in state:
            log._add(when, stream, text.encode("latin-1"))
        log._closed = closed
        return log

    def _add(self, when: float, stream: str, data: bytes) -> None:
        self._chunks.append((when, stream, data))
        if data is not self._counted[0]:
            # The same chunk comes again and again from `yes`: count its lines once.
            self._counted = (data, data.count(b"\n"))
        self._size += len(data) + RECORD_OVERHEAD * max(1, self._counted[1])
        if self._size > self.max_bytes:
            # Rotated away: the kubelet serves the newest file only.
            self._first += len(self._chunks)
            self._chunks.clear()
            self._size = 0
        self._wake()

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    def _chosen(self, start: int, tail: int | None, since: float | None, stream: str | None) -> list[Chunk]:
        """Return the chunks from a place on that are wanted; of the first, if need be, the last lines."""
        if tail is None:
            return [chunk for chunk in islice(self._chunks, start, None) if _wanted(chunk, since, stream)]
        found: list[Chunk] = []
        left = tail
        for chunk in reversed(self._chunks):
            if left <= 0:
                break
            if _wanted(chunk, since, stream):
                when, name, data = chunk
                count = data.count(b"\n") + (not data.endswith(b"\n"))
                found.append(chunk if count <= left else (when, name, data.split(b"\n", count - left)[-1]))
                left -= count
        return found[::-1]


def _wanted(chunk: Chunk, since: float | None, stream: str | None) -> bool:
    return (since is None or chunk[0] >= since) and (stream is None or chunk[1] == stream)


def _rendered(chunks: list[Chunk], *, timestamps: bool) -> bytes:
    if not timestamps:
        return b"".join(data for _, _, data in chunks)
    found = []
    for when, _, data in chunks:
        head = timestamp(when).encode() + b" "
        body, feed = (data[:-1], b"\n") if data.endswith(b"\n") else (data, b"")
        found.append(head + body.replace(b"\n", b"\n" + head) + feed)
    return b"".join(found)


def _split(data: bytes) -> list[bytes]:
    parts = data.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines
