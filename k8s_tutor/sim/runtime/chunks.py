"""The bytes of a file as pieces passed by reference: a gigabyte of zeros or of ``yes`` takes no memory of ours.

``real`` tells how much memory the pieces do take, so that a container cannot fill the machine's by filling its disk.
"""

import errno
import os
from bisect import bisect_right

CHUNK = 65536
ZEROS = bytes(CHUNK)
MAX_WHOLE = 64 << 20
KEPT_WHOLE = 1 << 20


class Chunks:
    """A sequence of bytes."""

    __slots__ = ("_ends", "_pieces", "real")

    def __init__(self, data: bytes = b"") -> None:
        self._pieces: list[bytes] = [data] if data else []
        self._ends: list[int] = [len(data)] if data else []
        self.real = len(data)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def copy(self) -> "Chunks":
        """Return a sequence of its own with the same pieces."""
        other = Chunks()
        other._pieces, other._ends, other.real = list(self._pieces), list(self._ends), self.real
        return other

    def whole(self) -> bytes:
        """Return all of it; ENOMEM where that were too much for our memory."""
        if len(self) > MAX_WHOLE:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        found = b"".join(self._pieces)
        if len(self._pieces) > 1 and len(found) <= KEPT_WHOLE:
            self._pieces, self._ends = [found], [len(found)]
        return found

    def read(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes from ``offset``; a whole piece by reference where it can."""
        found: list[bytes] = []
        index = bisect_right(self._ends, offset)
        while size > 0 and index < len(self._pieces):
            piece = self._pieces[index]
            start = offset - (self._ends[index] - len(piece))
            part = piece[start : start + size] if start or size < len(piece) else piece
            found.append(part)
            size -= len(part)
            offset += len(part)
            index += 1
        return found[0] if len(found) == 1 else b"".join(found)

    def append(self, data: bytes) -> None:
        """Add at the end; what equals the piece before is that piece."""
        if not data:
            return
        last = self._pieces[-1] if self._pieces else b""
        if last and len(last) + len(data) <= CHUNK:
            self._pieces[-1] = last + data
            self._ends[-1] += len(data)
            self.real += len(data)
            return
        if data == last:
            data = last
        elif data is not ZEROS:
            self.real += len(data)
        self._pieces.append(data)
        self._ends.append(len(self) + len(data))

    def pad(self, size: int) -> None:
        """Add zeros up to a size."""
        gap = size - len(self)
        begin = len(self)
        count = gap // CHUNK
        self._pieces.extend([ZEROS] * count)
        self._ends.extend(range(begin + CHUNK, begin + CHUNK * count + 1, CHUNK))
        self.append(ZEROS[: gap % CHUNK])

    def cut(self, size: int) -> None:
        """Keep the first ``size`` bytes."""
        index = bisect_right(self._ends, size)
        begin = self._ends[index - 1] if index else 0
        rest = self._pieces[index][: size - begin] if size > begin else b""
        del self._pieces[index:], self._ends[index:]
        self.real = min(self.real, size)
        if rest:
            self._pieces.append(rest)
            self._ends.append(size)

    def overwrite(self, offset: int, data: bytes) -> None:
        """Write over bytes that are there."""
        index = bisect_right(self._ends, offset)
        at = 0
        while at < len(data):
            piece = self._pieces[index]
            start = offset + at - (self._ends[index] - len(piece))
            part = data[at : at + len(piece) - start]
            if self._shared(index):
                self.real += len(piece)
            self._pieces[index] = piece[:start] + part + piece[start + len(part) :]
            at += len(part)
            index += 1

    def _shared(self, index: int) -> bool:
        piece = self._pieces[index]
        return piece is ZEROS or any(piece is other for other in self._pieces[max(0, index - 1) : index + 2 : 2])
