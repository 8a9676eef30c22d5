"""A container's log as containerd writes it and the kubelet rotates it: lines with time and stream, 10 MiB a file.

Written text is kept in the chunks it came in (a chunk holds many lines of one time), so that endless output costs
little; lines appear when they are read. A line without its line feed waits until the feed comes, 16 KiB are full, or
the stream ends: then it is *partial*, and is shown without a feed, as containerd's ``P`` records are.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from k8s_tutor.apimachinery.times import rfc3339_micro

MAX_BYTES = 10 << 20
LINE_BYTES = 16 << 10
RECORD_OVERHEAD = 45
SAVED_BYTES = 1 << 20


def timestamp(when: float) -> str:
    """Return RFC 3339 with nine digits, as containerd writes each line's time."""
    return f"{rfc3339_micro(when)[:-1]}000Z"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; ``text`` ends with its line feed unless it is partial."""

    time: float
    stream: str
    text: bytes

    def render(self, *, timestamps: bool = False) -> bytes:
        """Return the line as ``kubectl logs`` prints it."""
        return timestamp(self.time).encode() + b" " + self.text if timestamps else self.text


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
        self._chunks: deque[tuple[float, str, bytes]] = deque()
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
        if tail is not None and since is None and stream is None:
            return self._last(tail)
        found = [line for line in self._lines(0) if _wanted(line, since, stream)]
        return found if tail is None else found[max(0, len(found) - tail) :]

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
        text = b"".join(line.render(timestamps=timestamps) for line in self.lines(tail, since, stream))
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
        for line in self.lines(tail, since, stream):
            yield line.render(timestamps=timestamps)
        while True:
            position = max(position, self._first)
            if position < self._first + len(self._chunks):
                start, position = position - self._first, self._first + len(self._chunks)
                found = [line for line in self._lines(start) if _wanted(line, since, stream)]
                yield b"".join(line.render(timestamps=timestamps) for line in found)
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

    def _lines(self, start: int) -> Iterator[LogLine]:
        for index in range(start, len(self._chunks)):
            when, stream, data = self._chunks[index]
            for text in _split(data):
                yield LogLine(when, stream, text)

    def _last(self, count: int) -> list[LogLine]:
        found: list[LogLine] = []
        for when, stream, data in reversed(self._chunks):
            if len(found) >= count:
                break
            found.extend(LogLine(when, stream, text) for text in reversed(_split(data)))
        return found[:count][::-1]


def _split(data: bytes) -> list[bytes]:
    parts = data.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _wanted(line: LogLine, since: float | None, stream: str | None) -> bool:
    return (since is None or line.time >= since) and (stream is None or line.stream == stream)
