"""What a file system is made of: files, directories, links, devices, pipes.

A container's root is an *overlay*: a :class:`Directory` with a ``base`` (the image's directory, shared by all
containers) whose children are wrapped or copied when they are first changed, as overlayfs copies up. A
:class:`File` is made of pieces passed by reference (``chunks``): a gigabyte of zeros takes no memory of ours, but counts
in its :class:`Quota`.
"""

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

from k8s_tutor.sim.runtime.chunks import CHUNK, ZEROS, Chunks

__all__ = ["CHUNK", "ZEROS", "Directory", "File", "Node", "Quota"]
REAL_LIMIT = 128 << 20
INODES = 20_000
_inodes = itertools.count(2)


def fail(number: int, path: str = "") -> OSError:
    """Return the error of a system call, in the C library's words."""
    return OSError(number, os.strerror(number), path)


class Quota:
    """Bytes in a tree, and how many there may be; of those that are in our own memory ``REAL_LIMIT``, of entries ``INODES``."""

    __slots__ = ("inodes", "limit", "real", "used")

    def __init__(self, limit: int | None = None) -> None:
        self.limit, self.used, self.real, self.inodes = limit, 0, 0, 0

    def charge(self, size: int) -> None:
        """Account for more bytes (or fewer); ENOSPC over the limit."""
        if size > 0 and self.limit is not None and self.used + size > self.limit:
            raise fail(errno.ENOSPC)
        self.used = max(0, self.used + size)

    def enter(self) -> None:
        """Account for one more entry of a directory; ENOSPC if there are too many."""
        if self.inodes >= INODES:
            raise fail(errno.ENOSPC)
        self.inodes += 1

    def keep(self, size: int) -> None:
        """Account for more bytes of our memory (or fewer); ENOSPC for the next who wants more."""
        self.real = max(0, self.real + size)
        if size > 0 and self.real > REAL_LIMIT:
            raise fail(errno.ENOSPC)


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

    __slots__ = ("_chunks", "frozen", "program", "quota")
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
        self._chunks = Chunks(data)
        self.program = program
        self.frozen = False
        self.quota: Quota | None = None

    @property
    def size(self) -> int:
        return len(self._chunks)

    @property
    def real(self) -> int:
        """Bytes that it takes of our own memory."""
        return self._chunks.real

    def read(self) -> bytes:
        """Return all of it."""
        return self._chunks.whole()

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes from ``offset``."""
        return self._chunks.read(offset, size)

    def append(self, data: bytes) -> None:
        """Add at the end."""
        before = self._chunks.real
        if self.quota:
            self.quota.charge(len(data))
        self._chunks.append(data)
        if self.quota:
            self.quota.keep(self._chunks.real - before)

    def write_at(self, offset: int, data: bytes) -> None:
        """Write over what is there; a gap becomes zeros."""
        if offset > self.size:
            self.truncate(offset)
        over = min(len(data), self.size - offset)
        if over:
            before = self._chunks.real
            self._chunks.overwrite(offset, data[:over])
            if self.quota:
                self.quota.keep(self._chunks.real - before)
        self.append(data[over:])

    def truncate(self, size: int = 0) -> None:
        """Cut or fill with zeros to ``size``."""
        before, old = self._chunks.real, self.size
        if self.quota:
            self.quota.charge(size - old)
        (self._chunks.cut if size < old else self._chunks.pad)(size)
        if self.quota:
            self.quota.keep(self._chunks.real - before)

    def copy(self) -> "File":
        """Return a file of its own with the same text (by reference)."""
        other = File(b"", self.mode, self.uid, self.gid, self.mtime, self.program)
        other._chunks = self._chunks.copy()
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
        elif old is None and self.quota is not None:
            self.quota.enter()
        if isinstance(node, File | Directory) and node.quota is None:
            _adopt(node, self.quota)
        self._entries[name] = node

    def remove(self, name: str) -> None:
        """Drop an entry, hiding the base's."""
        old = self._entries.pop(name, None)
        if old is not None:
            _uncharge(old)
            self._left(old)
        if self._base is not None and self._base.get(name) is not None:
            self._hidden = (self._hidden or set()) | {name}

    def detach(self, name: str) -> None:
        """Drop an entry that goes on living elsewhere (a rename): its bytes stay charged."""
        if self._entries.pop(name, None) is not None and self.quota is not None:
            self.quota.inodes -= 1
        if self._base is not None and self._base.get(name) is not None:
            self._hidden = (self._hidden or set()) | {name}

    def _left(self, node: Node) -> None:
        """An entry has gone, with all that is in it."""
        if self.quota is not None:
            self.quota.inodes = max(0, self.quota.inodes - _count(node))

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


def _count(node: Node) -> int:
    return 1 + (sum(map(_count, node.own_entries.values())) if isinstance(node, Directory) else 0)


def _adopt(node: Node, quota: Quota | None) -> None:
    if quota is None:
        return
    if isinstance(node, File):
        quota.charge(node.size)
        node.quota = quota
        quota.keep(node.real)
    elif isinstance(node, Directory):
        node.quota = quota
        for child in node.own_entries.values():
            _adopt(child, quota)


def _uncharge(node: Node) -> None:
    if isinstance(node, File):
        if node.quota:
            node.quota.charge(-node.size)
            node.quota.keep(-node.real)
            node.quota = None
    elif isinstance(node, Directory):
        for child in node.own_entries.values():
            _uncharge(child)
