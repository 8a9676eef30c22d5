"""``chroot``: a command that sees another directory as its root, as in ``kubectl debug node/…`` with ``/host``."""

from k8s_tutor.sim.runtime.filesystem import FileSystem
from k8s_tutor.sim.runtime.nodes import Directory
from k8s_tutor.sim.runtime.processes import Process
from k8s_tutor.sim.runtime.programs.options import gnu, usage
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.running import run_command

SHARED = ("/proc", "/dev")
FAILED = 125  # GNU: of chroot itself, not of the command


@program("chroot")
async def chroot(process: Process) -> int:
    """Run a command, by default a shell, in another root."""
    words = process.argv[1:]
    if not words:
        return await usage(process, "NEWROOT [PROG ARGS]")
    place, command = words[0], words[1:] or [process.env.get("SHELL", "/bin/sh"), "-i"]
    try:
        confined = _root(process, place)
    except OSError as error:
        verb = "cannot" if gnu(process) else "can't"
        await process.err(f"chroot: {verb} change root directory to '{place}': {error.strerror}\n")
        return FAILED if gnu(process) else 1
    process.root, process.cwd = confined, "/"
    return await run_command(process, command)


def _root(process: Process, path: str) -> FileSystem:
    """Return the directory as a root, with what is mounted below it.

    Raises:
        OSError: it is no directory, or the user may not do this.
    """
    files, who = process.files, process.credentials
    found = files.find(path, process.cwd, who=who)
    node = files.get(path, process.cwd, who=who)
    if not isinstance(node, Directory):
        raise NotADirectoryError(20, "Not a directory")
    if who.uid:
        raise PermissionError(1, "Operation not permitted")
    confined = FileSystem(node, files.now)
    if confined.exists("/usr/bin/dash"):
        confined.userland = "debian"
    prefix = found.path.rstrip("/")
    for mount in files.mounts:
        if prefix and mount.path.startswith(f"{prefix}/"):
            inner = mount.path.removeprefix(prefix)
            confined.mount(inner, mount.root, mount.source, mount.kind, read_only=mount.read_only, quota=mount.quota)
    for shared in SHARED:
        if confined.exists(shared):
            confined.cover(shared, files.get(shared), shared.strip("/"), "proc" if shared == "/proc" else "tmpfs")
    return confined
