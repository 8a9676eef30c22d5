"""A container's file system: its root overlay and its mounts, with the system calls that programs need.

Paths are walked from the root, entry by entry, so that links, mounts and permissions work as the kernel's do. Errors
are OSErrors with the C library's words. Who acts is a :class:`Credentials`; user 0 may do everything that the mount
allows.
"""

import errno
import posixpath
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from k8s_tutor.sim.runtime.nodes import Directory, Fifo, File, Node, Quota, Symlink, fail

MAX_LINKS = 40
LONGEST_PATH = 512  # Linux: 4096; deeper trees would be too deep for our own walks


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and groups of a process."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()

    def may(self, node: Node, want: int) -> bool:
        """Tell whether the mode bits allow ``want`` (4 read, 2 write, 1 execute or search)."""
        if self.uid == 0:
            return want != 1 or isinstance(node, Directory) or bool(node.mode & 0o111)
        if self.uid == node.uid:
            bits = node.mode >> 6
        elif node.gid == self.gid or node.gid in self.groups:
            bits = node.mode >> 3
        else:
            bits = node.mode
        return bits & want == want


ROOT = Credentials()


@dataclass(frozen=True, slots=True)
class MountPoint:
    """What is mounted at a path."""

    path: str
    root: Node
    source: str
    kind: str
    read_only: bool = False
    quota: Quota | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: the directory, the name in it, the node (None if missing), and its mount."""

    path: str
    parent: Directory
    name: str
    node: Node | None
    mount: MountPoint


class FileSystem:
    """Root and mounts of one container.

    Args:
        root: the container's overlay.
        now: the cluster's clock.
        read_only: readOnlyRootFilesystem.
        userland: whose tools are in it, if not its container's image's.
    """

    def __init__(
        self, root: Directory, now: Callable[[], float], *, read_only: bool = False, userland: str = ""
    ) -> None:
        self.root = root
        self.now = now
        self.userland = userland
        self._root_mount = MountPoint("/", root, "overlay", "overlay", read_only, root.quota)
        self._mounts: dict[str, MountPoint] = {}
        # Where commands were found, by name and $PATH, as shells remember it.
        self.commands: dict[tuple[str, str], str] = {}

    # -- mounts

    @property
    def mounts(self) -> list[MountPoint]:
        """Root first, then the rest in order."""
        return [self._root_mount, *self._mounts.values()]

    def cover(self, path: str, root: Node, source: str, kind: str, *, read_only: bool = False) -> None:
        """Mount at a path that every image has."""
        self._mounts[path] = MountPoint(path, root, source, kind, read_only)

    def mount(
        self,
        path: str,
        root: Node,
        source: str,
        kind: str = "ext4",
        *,
        read_only: bool = False,
        quota: Quota | None = None,
    ) -> None:
        """Show a directory or file at a path; missing mount points are made in the overlay, as runc does."""
        path = posixpath.normpath(path)
        parent = posixpath.dirname(path)
        if not self.exists(parent):
            self.make_directories(parent, force=True)
        place = self.find(path)
        if place.node is None:
            made = Directory(mtime=self.now()) if isinstance(root, Directory) else File(mtime=self.now())
            place.parent.put(place.name, made)
        self._mounts[place.path] = MountPoint(place.path, root, source, kind, read_only, quota)

    # -- walking

    def find(self, path: str, cwd: str = "/", *, follow: bool = True, who: Credentials = ROOT) -> Place:
        """Walk a path; only the last part may be missing.

        Raises:
            OSError: a part is missing or no directory, too many links, not permitted.
        """
        if not path:
            raise fail(errno.ENOENT, path)
        if len(path) + (0 if path.startswith("/") else len(cwd)) > LONGEST_PATH:
            raise fail(errno.ENAMETOOLONG, path)
        parts = [p for p in (path if path.startswith("/") else f"{cwd}/{path}").split("/") if p and p != "."][::-1]
        must_be_directory = path.endswith("/")
        trail: list[Place] = [Place("/", self.root, "", self.root, self._root_mount)]
        links = 0
        while parts:
            part = parts.pop()
            here = trail[-1]
            if not isinstance(here.node, Directory):
                raise fail(errno.ENOTDIR if here.node is not None else errno.ENOENT, path)
            if part == "..":
                if len(trail) > 1:
                    trail.pop()
                continue
            if not who.may(here.node, 1):
                raise fail(errno.EACCES, path)
            child = self._step(here, part)
            if isinstance(child.node, Symlink) and (parts or follow or must_be_directory):
                links += 1
                if links > MAX_LINKS:
                    raise fail(errno.ELOOP, path)
                target = child.node.target
                parts.extend([p for p in target.split("/") if p and p != "."][::-1])
                if target.startswith("/"):
                    del trail[1:]
                continue
            trail.append(child)
        found = trail[-1]
        if must_be_directory and found.node is not None and not isinstance(found.node, Directory):
            raise fail(errno.ENOTDIR, path)
        return found

    def _step(self, here: Place, part: str) -> Place:
        folder = here.node
        if not isinstance(folder, Directory):
            raise fail(errno.ENOTDIR, part)
        path = f"{here.path.rstrip('/')}/{part}"
        mount = self._mounts.get(path)
        if mount is not None:
            return Place(path, folder, part, mount.root, mount)
        return Place(path, folder, part, folder.get(part), here.mount)

    def get(self, path: str, cwd: str = "/", *, follow: bool = True, who: Credentials = ROOT) -> Node:
        """Return the node at a path; ENOENT if there is none."""
        node = self.find(path, cwd, follow=follow, who=who).node
        if node is None:
            raise fail(errno.ENOENT, path)
        return node

    def exists(self, path: str, cwd: str = "/") -> bool:
        """Tell whether the path leads to something."""
        try:
            return self.find(path, cwd).node is not None
        except OSError:
            return False

    def list(self, path: str, cwd: str = "/", who: Credentials = ROOT) -> Iterator[tuple[str, Node]]:
        """Yield a directory's entries with mounts in place."""
        place = self.find(path, cwd, who=who)
        if place.node is None:
            raise fail(errno.ENOENT, path)
        if not isinstance(place.node, Directory):
            raise fail(errno.ENOTDIR, path)
        if not who.may(place.node, 4):
            raise fail(errno.EACCES, path)
        prefix = place.path.rstrip("/")
        for name, node in place.node.items():
            mount = self._mounts.get(f"{prefix}/{name}")
            yield name, mount.root if mount else node

    # -- changing

    def writable(self, place: Place, who: Credentials, path: str) -> Directory:
        """Return the parent directory if entries of it may be changed."""
        if place.mount.read_only:
            raise fail(errno.EROFS, path)
        if not who.may(place.parent, 2):
            raise fail(errno.EACCES, path)
        return place.parent

    def file_for_writing(
        self,
        path: str,
        cwd: str = "/",
        who: Credentials = ROOT,
        *,
        create: bool = True,
        exclusive: bool = False,
        mode: int = 0o644,
    ) -> Node:
        """Return the file (or device, pipe) to write to, made or copied up if need be."""
        place = self.find(path, cwd, who=who)
        node = place.node
        if node is None:
            if not create or path.endswith("/"):
                raise fail(errno.ENOENT if not path.endswith("/") else errno.EISDIR, path)
            parent = self.writable(place, who, path)
            node = File(b"", mode, who.uid, _group(parent, who), self.now())
            parent.put(place.name, node)
            parent.mtime = self.now()
            return node
        if exclusive:
            raise fail(errno.EEXIST, path)
        if isinstance(node, Directory):
            raise fail(errno.EISDIR, path)
        if isinstance(node, File):
            if place.mount.read_only:
                raise fail(errno.EROFS, path)
            if not who.may(node, 2):
                raise fail(errno.EACCES, path)
            if node.frozen:
                node = place.parent.own(place.name)
        elif not who.may(node, 2):
            raise fail(errno.EACCES, path)
        return node

    def read_file(self, path: str, cwd: str = "/", who: Credentials = ROOT) -> bytes:
        """Return a file's bytes."""
        node = self.get(path, cwd, who=who)
        if isinstance(node, Directory):
            raise fail(errno.EISDIR, path)
        if not who.may(node, 4):
            raise fail(errno.EACCES, path)
        return node.read() if isinstance(node, File) else b""

    def write_file(self, path: str, data: bytes, cwd: str = "/", who: Credentials = ROOT, mode: int = 0o644) -> None:
        """Write a whole file."""
        node = self.file_for_writing(path, cwd, who, mode=mode)
        if isinstance(node, File):
            node.truncate()
            node.append(data)
            node.mtime = self.now()

    def make_directory(self, path: str, cwd: str = "/", who: Credentials = ROOT, mode: int = 0o755) -> None:
        """Make one directory."""
        place = self.find(path, cwd, follow=False, who=who)
        if place.node is not None:
            raise fail(errno.EEXIST, path)
        parent = self.writable(place, who, path)
        mode |= parent.mode & stat.S_ISGID
        parent.put(place.name, Directory(mode, who.uid, _group(parent, who), self.now(), quota=parent.quota))
        parent.mtime = self.now()

    def make_directories(
        self, path: str, cwd: str = "/", who: Credentials = ROOT, mode: int = 0o755, *, force: bool = False
    ) -> None:
        """Make a directory and what leads to it; ``force`` even on a read-only root (the runtime's own work)."""
        at = "/" if path.startswith("/") else cwd
        for part in [p for p in path.split("/") if p]:
            at = f"{at.rstrip('/')}/{part}"
            place = self.find(at, who=who)
            if place.node is None:
                if force:
                    parent = place.parent
                    made = Directory(mode, gid=_group(parent, ROOT), mtime=self.now(), quota=parent.quota)
                    parent.put(place.name, made)
                else:
                    self.make_directory(at, who=who, mode=mode)
            elif not isinstance(place.node, Directory):
                raise fail(errno.EEXIST if at.endswith(path.strip("/")) else errno.ENOTDIR, path)

    def put(self, path: str, node: Node, cwd: str = "/", who: Credentials = ROOT) -> None:
        """Make an entry (a link, a pipe, a copied file); EEXIST if there is one."""
        place = self.find(path, cwd, follow=False, who=who)
        if place.node is not None:
            raise fail(errno.EEXIST, path)
        parent = self.writable(place, who, path)
        parent.put(place.name, node)
        parent.mtime = self.now()

    def unlink(self, path: str, cwd: str = "/", who: Credentials = ROOT) -> None:
        """Remove a file, link, pipe."""
        place = self.find(path, cwd, follow=False, who=who)
        if place.node is None:
            raise fail(errno.ENOENT, path)
        if isinstance(place.node, Directory):
            raise fail(errno.EISDIR, path)
        self._drop(place, who, path)

    def remove_directory(self, path: str, cwd: str = "/", who: Credentials = ROOT) -> None:
        """Remove an empty directory."""
        place = self.find(path, cwd, follow=False, who=who)
        if place.node is None:
            raise fail(errno.ENOENT, path)
        if not isinstance(place.node, Directory):
            raise fail(errno.ENOTDIR, path)
        if place.node.names():
            raise fail(errno.ENOTEMPTY, path)
        self._drop(place, who, path)

    def remove_tree(self, path: str, cwd: str = "/", who: Credentials = ROOT) -> None:
        """Remove a file or a directory with all in it."""
        place = self.find(path, cwd, follow=False, who=who)
        if isinstance(place.node, Directory):
            for name in place.node.names():
                self.remove_tree(f"{place.path.rstrip('/')}/{name}", who=who)
        if place.node is None:
            raise fail(errno.ENOENT, path)
        self._drop(place, who, path)

    def _drop(self, place: Place, who: Credentials, path: str) -> None:
        if place.path in self._mounts:
            raise fail(errno.EBUSY, path)
        parent = self.writable(place, who, path)
        if parent.mode & 0o1000 and who.uid not in {0, parent.uid, place.node.uid if place.node else 0}:
            raise fail(errno.EPERM, path)
        parent.remove(place.name)
        parent.mtime = self.now()

    def rename(self, source: str, target: str, cwd: str = "/", who: Credentials = ROOT) -> None:
        """Move within a mount, replacing a file; EXDEV across mounts."""
        old = self.find(source, cwd, follow=False, who=who)
        new = self.find(target, cwd, follow=False, who=who)
        if old.node is None:
            raise fail(errno.ENOENT, source)
        if old.path in self._mounts or new.path in self._mounts:
            raise fail(errno.EBUSY, target)
        if old.mount is not new.mount:
            raise fail(errno.EXDEV, target)
        if old.path == new.path:
            return
        if new.path.startswith(old.path + "/"):
            raise fail(errno.EINVAL, target)
        if isinstance(new.node, Directory):
            if not isinstance(old.node, Directory):
                raise fail(errno.EISDIR, target)
            if new.node.names():
                raise fail(errno.ENOTEMPTY, target)
        node = old.node
        if isinstance(node, File) and node.frozen:
            node = old.parent.own(old.name)
        self.writable(old, who, source).detach(old.name)
        self.writable(new, who, target).put(new.name, node)
        old.parent.mtime = new.parent.mtime = self.now()

    def change(
        self,
        path: str,
        cwd: str = "/",
        who: Credentials = ROOT,
        *,
        mode: int | None = None,
        owner: tuple[int, int] | None = None,
        mtime: float | None = None,
    ) -> None:
        """Change mode, owner (-1 keeps) or time."""
        place = self.find(path, cwd, who=who)
        node = place.node
        if node is None:
            raise fail(errno.ENOENT, path)
        if place.mount.read_only:
            raise fail(errno.EROFS, path)
        if who.uid not in {0, node.uid} or (owner and who.uid != 0):
            raise fail(errno.EPERM, path)
        if isinstance(node, File) and node.frozen:
            node = place.parent.own(place.name)
        if mode is not None:
            node.mode = mode
        if owner:
            node.uid = node.uid if owner[0] < 0 else owner[0]
            node.gid = node.gid if owner[1] < 0 else owner[1]
        if mtime is not None:
            node.mtime = mtime

    def make_fifo(self, path: str, cwd: str = "/", who: Credentials = ROOT) -> None:
        """Make a named pipe."""
        self.put(path, Fifo(0o644, self.now()), cwd, who)


def _group(parent: Directory, who: Credentials) -> int:
    """Return the group of what is made in a directory: its own if it has the set-group-ID bit."""
    return parent.gid if parent.mode & stat.S_ISGID else who.gid
