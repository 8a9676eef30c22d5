"""Opening files for a process: what redirections and programs do with a path."""

import errno
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from k8s_tutor.sim.runtime.descriptors import OpenFile, open_node
from k8s_tutor.sim.runtime.nodes import Device, Directory, File, Node, fail

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


@runtime_checkable
class Opens(Protocol):
    """A node that knows its own open file (``/proc/1/fd/1``)."""

    def open(self) -> OpenFile:
        """Return the open file."""
        ...


def open_to_read(process: "Process", path: str) -> OpenFile:
    """Open a file for reading.

    Raises:
        OSError: it is missing, a directory, or not permitted.
    """
    process.container.current = process
    files, who = process.files, process.credentials
    node = files.get(path, process.cwd, who=who)
    special = _special(process, node)
    if special is not None:
        return special
    if not who.may(node, 4):
        raise fail(errno.EACCES, path)
    if isinstance(node, Directory):
        raise fail(errno.EISDIR, path)
    return open_node(node, files.now, readable=True, writable=False)


def open_to_write(
    process: "Process", path: str, *, append: bool = False, clobber: bool = True, read: bool = False
) -> OpenFile:
    """Open a file for writing, making it if it is missing; ``read``: for both (``<>``), keeping what is in it."""
    process.container.current = process
    files, who = process.files, process.credentials
    place = files.find(path, process.cwd, who=who)
    if place.node is not None:
        special = _special(process, place.node)
        if special is not None:
            return special
        if not clobber and isinstance(place.node, File):
            raise fail(errno.EEXIST, path)
    node = files.file_for_writing(path, process.cwd, who, mode=0o666 & ~process.umask)
    if isinstance(node, File) and not append and not read:
        node.truncate()
        node.mtime = files.now()
    return open_node(node, files.now, readable=read, writable=True, appending=append)


def _special(process: "Process", node: Node) -> OpenFile | None:
    if isinstance(node, Device) and node.name == "tty":
        if process.terminal is None:
            raise fail(errno.ENXIO)
        return process.terminal
    return node.open() if isinstance(node, Opens) else None
