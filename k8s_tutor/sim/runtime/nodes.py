"""What a file system is made of: files, directories, links, devices, pipes.

A container's root is an *overlay*: a :class:`Directory` with a ``base`` (the image's directory, shared by all
containers) whose children are wrapped or copied when they are first changed, as overlayfs copies up. A
:class:`File` is a list of chunks passed by reference: a gigabyte of zeros or of ``yes`` takes no memory of ours, but
counts in its :class:`Quota`.
"""

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

CHUNK = 65536
ZEROS = bytes(CHUNK)
_inodes = itertools.count(2)


def fail(number: int, path: str = "") -> OSError:
    """Return the error of a system call, in the C library's words."""
    return OSError(number, os.strerror(number), path)


class Quota:
    """Bytes in a tree, and how many there may be."""

    __slots__ = ("limit", "used")

    def __init__(self, limit: int | None = None) -> None:
        self.limit, self.used = limit, 0

    def charge(self, size: int) -> None:
        """Account for more bytes (or fewer); ENOSPC over the limit."""
        if size > 0 and self.limit is not None and self.used + size > self.limit:
            raise fail(errno.ENOSPC)
        self.used = max(0, self.used + size)


class Node:
    """What files, directories and the rest have in common."""

    __slots__ = ("_inode", "gid", "mode", "mtime", "uid")
    kind = "?"

    def __init__(self, mode: int, uid: int = 0, gid: int = 0, mtime: float = 0.0) -> None:
        self.mode, self.uid, self.gid, self.mtime = mode, uid, gid, mtime
        self._inode = 0

    @property
    def inode(self) -> int:
        """A number of its own."""
        if not self._inode:
            self._inode = next(_inodes)
        return self._inode

    @property
    def size(self) -> int:
        """Bytes."""
        return 0


class File(Node):
    """A regular file; ``program`` names what runs when it is executed (an ELF binary of the image)."""

    __slots__ = ("_chunks", "_size", "frozen", "program", "quota")
    kind = "-"

    def __init__(
        self,
        data: bytes = b"",
        mode: int = 0o644,
        uid: int = 0,
        gid: int = 0,
        mtime: float = 0.0,
        program: str | None = None,
    ) -> None:
        super().__init__(mode, uid, gid, mtime)
        self._chunks: list[bytes] = [data] if data else []
        self._size = len(data)
        self.program = program
        self.frozen = False
        self.quota: Quota | None = None

    @property
    def size(self) -> int:
        return self._size

    def read(self) -> bytes:
        """Return all of it."""
        if len(self._chunks) > 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0] if self._chunks else b""

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes from ``offset``; a whole chunk by reference where it can."""
        found: list[bytes] = []
        for chunk in self._chunks:
            if offset >= len(chunk):
                offset -= len(chunk)
                continue
            part = chunk[offset : offset + size] if offset or size < len(chunk) else chunk
            found.append(part)
            size -= len(part)
            offset = 0
            if size <= 0:
                break
        return found[0] if len(found) == 1 else b"".join(found)

    def append(self, data: bytes) -> None:
        """Add at the end."""
        if not data:
            return
        if self.quota:
            self.quota.charge(len(data))
        if self._chunks and len(data) + len(self._chunks[-1]) <= CHUNK:
            self._chunks[-1] += data
        else:
            self._chunks.append(data)
        self._size += len(data)

    def write_at(self, offset: int, data: bytes) -> None:
        """Write over what is there; a gap becomes zeros."""
        if offset == self._size:
            self.append(data)
            return
        if offset > self._size:
            self.truncate(offset)
            self.append(data)
            return
        whole = bytearray(self.read())
        whole[offset : offset + len(data)] = data
        if self.quota:
            self.quota.charge(len(whole) - self._size)
        self._chunks, self._size = [bytes(whole)], len(whole)

    def truncate(self, size: int = 0) -> None:
        """Cut or fill with zeros to ``size``."""
        if self.quota:
            self.quota.charge(size - self._size)
        if size == 0:
            self._chunks = []
        elif size < self._size:
            self._chunks = [self.read()[:size]]
        else:
            gap = size - self._size
            self._chunks.extend([ZEROS] * (gap // CHUNK))
            if gap % CHUNK:
                self._chunks.append(ZEROS[: gap % CHUNK])
        self._size = size

    def copy(self) -> "File":
        """Return a file of its own with the same text (by reference)."""
        other = File(b"", self.mode, self.uid, self.gid, self.mtime, self.program)
        other._chunks, other._size = list(self._chunks), self._size
        return other


class Virtual(File):
    """A file whose text is made when it is read (``/proc``, ``/etc/resolv.conf`` before anybody changes it)."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[], bytes], mode: int = 0o444, mtime: float = 0.0) -> None:
        super().__init__(b"", mode, mtime=mtime)
        self._make = make
        self.frozen = True

    @property
    def size(self) -> int:
        return len(self._make()) if self.mode & 0o200 else 0

    def read(self) -> bytes:
        return self._make()

    def read_at(self, offset: int, size: int) -> bytes:
        return self._make()[offset : offset + size]

    def copy(self) -> File:
        return File(self._make(), self.mode, self.uid, self.gid, self.mtime)


class Symlink(Node):
    """A symbolic link."""

    __slots__ = ("target",)
    kind = "l"

    def __init__(self, target: str, mtime: float = 0.0) -> None:
        super().__init__(0o777, mtime=mtime)
        self.target = target

    @property
    def size(self) -> int:
        return len(self.target)


class Device(Node):
    """A character device: null, zero, full, urandom, tty, stdin, stdout, stderr."""

    __slots__ = ("name",)
    kind = "c"

    def __init__(self, name: str) -> None:
        super().__init__(0o666)
        self.name = name


class Fifo(Node):
    """A named pipe; ``pipe`` is made by the first who opens it."""

    __slots__ = ("pipe",)
    kind = "p"

    def __init__(self, mode: int, mtime: float = 0.0) -> None:
        super().__init__(mode, mtime=mtime)
        self.pipe: Any = None


class Directory(Node):
    """A directory, perhaps over a shared one."""

    __slots__ = ("_base", "_entries", "_hidden", "parent", "quota")
    kind = "d"

    def __init__(
        self,
        mode: int = 0o755,
        uid: int = 0,
        gid: int = 0,
        mtime: float = 0.0,
        base: "Directory | None" = None,
        quota: Quota | None = None,
    ) -> None:
        super().__init__(mode, uid, gid, mtime)
        self._entries: dict[str, Node] = {}
        self._hidden: set[str] | None = None
        self._base = base
        self.quota = quota

    @classmethod
    def over(cls, base: "Directory", quota: Quota | None = None) -> "Directory":
        """Return an overlay of a shared directory."""
        return cls(base.mode, base.uid, base.gid, base.mtime, base, quota)

    @property
    def size(self) -> int:
        return 4096

    def get(self, name: str) -> Node | None:
        """Return the entry or None; a directory of the base is wrapped when it is first met."""
        node = self._entries.get(name)
        if node is None and self._base is not None and not (self._hidden and name in self._hidden):
            node = self._base.get(name)
            if isinstance(node, Directory):
                node = self._entries[name] = Directory.over(node, self.quota)
        return node

    def names(self) -> list[str]:
        """Return the entries' names, sorted."""
        if self._base is None:
            return sorted(self._entries)
        below = set(self._base.names())
        if self._hidden:
            below -= self._hidden
        return sorted(below | set(self._entries))

    def items(self) -> Iterator[tuple[str, Node]]:
        """Yield names and nodes, sorted."""
        for name in self.names():
            node = self.get(name)
            if node is not None:
                yield name, node

    def put(self, name: str, node: Node) -> None:
        """Set an entry; its bytes are charged to this tree."""
        old = self._entries.get(name)
        if old is not None and old is not node:
            _uncharge(old)
        if isinstance(node, File | Directory) and node.quota is None:
            _adopt(node, self.quota)
        self._entries[name] = node

    def remove(self, name: str) -> None:
        """Drop an entry, hiding the base's."""
        old = self._entries.pop(name, None)
        if old is not None:
            _uncharge(old)
        if self._base is not None and self._base.get(name) is not None:
            self._hidden = (self._hidden or set()) | {name}

    def detach(self, name: str) -> None:
        """Drop an entry that goes on living elsewhere (a rename): its bytes stay charged."""
        self._entries.pop(name, None)
        if self._base is not None and self._base.get(name) is not None:
            self._hidden = (self._hidden or set()) | {name}

    def own(self, name: str) -> File:
        """Return the file to be changed: the base's is copied up."""
        node = self._entries.get(name)
        if isinstance(node, File) and not node.frozen:
            return node
        shared = self.get(name)
        if not isinstance(shared, File):
            raise fail(errno.ENOENT)
        mine = shared.copy()
        self.put(name, mine)
        return mine

    @property
    def own_entries(self) -> dict[str, Node]:
        """What differs from the base."""
        return self._entries

    @property
    def hidden(self) -> set[str]:
        """What of the base was removed."""
        return self._hidden or set()

    def hide(self, names: set[str]) -> None:
        """Remove entries of the base (restoring a snapshot)."""
        self._hidden = set(names)


def _adopt(node: Node, quota: Quota | None) -> None:
    if quota is None:
        return
    if isinstance(node, File):
        quota.charge(node.size)
        node.quota = quota
    elif isinstance(node, Directory):
        node.quota = quota
        for child in node.own_entries.values():
            _adopt(child, quota)


def _uncharge(node: Node) -> None:
    if isinstance(node, File):
        if node.quota:
            node.quota.charge(-node.size)
            node.quota = None
    elif isinstance(node, Directory):
        for child in node.own_entries.values():
            _uncharge(child)
