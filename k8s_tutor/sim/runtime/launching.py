"""Starting programs: finding the executable as runc and execvp do, and running it as a process.

The words of the errors are those of runc (Go's ``os/exec`` inside) for a container's command or an exec; a shell has
its own.
"""

import dataclasses
import errno
from collections.abc import Mapping
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.filesystem import Credentials, FileSystem
from k8s_tutor.sim.runtime.nodes import Directory, File, fail
from k8s_tutor.sim.runtime.programs import registry

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MAX_SCRIPT_DEPTH = 4
SET_UID, SET_GID = 0o4000, 0o2000


@dataclasses.dataclass(frozen=True, slots=True)
class Executable:
    """What to run: a program's name and the final arguments (an interpreter before a script)."""

    path: str
    program: str
    argv: tuple[str, ...]
    script: bool = False
    node: File | None = None


class NotFoundInPathError(Exception):
    """No directory of $PATH has it."""


def search(files: FileSystem, name: str, path: str, cwd: str, who: Credentials) -> str:
    """Return where a command is.

    Raises:
        NotFoundInPathError: it is nowhere in the path.
        OSError: it has a slash and is missing, or it is not executable.
    """
    if "/" in name:
        _executable(files, name, cwd, who)
        return name
    remembered = files.commands.get((name, path))
    if remembered is not None and files.exists(remembered):
        return remembered
    denied: OSError | None = None
    for folder in path.split(":"):
        place = f"{folder.rstrip('/')}/{name}" if folder else f"./{name}"
        try:
            _executable(files, place, cwd, who)
        except OSError as error:
            if error.errno == errno.EACCES:
                denied = error
            continue
        if place.startswith("/"):
            files.commands[name, path] = place
        return place
    if denied is not None:
        raise denied
    raise NotFoundInPathError(name)


def _executable(files: FileSystem, path: str, cwd: str, who: Credentials) -> File:
    node = files.get(path, cwd, who=who)
    if isinstance(node, Directory):
        raise fail(errno.EISDIR, path)
    if not isinstance(node, File) or not node.mode & 0o111 or not who.may(node, 1):
        raise fail(errno.EACCES, path)
    return node


def resolve(files: FileSystem, path: str, argv: list[str], cwd: str, who: Credentials, depth: int = 0) -> Executable:
    """Return what executing the file at ``path`` runs.

    Raises:
        OSError: missing, not permitted, or ENOEXEC for a text without ``#!``.
    """
    node = _executable(files, path, cwd, who)
    if node.program is not None:
        return Executable(path, node.program, tuple(argv), script=depth > 0, node=node)
    head = node.read_at(0, 256)
    if not head.startswith(b"#!") or depth > MAX_SCRIPT_DEPTH:
        raise fail(errno.ENOEXEC, path)
    line = head[2:].split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    interpreter, _, argument = line.partition(" ")
    words = [interpreter, *([argument.strip()] if argument.strip() else []), path, *argv[1:]]
    return resolve(files, interpreter, words, cwd, who, depth + 1)


def runc_words(command: str, error: Exception) -> str:
    """Return what runc says when a command cannot be executed."""
    if isinstance(error, NotFoundInPathError):
        return f'exec: "{command}": executable file not found in $PATH'
    number = error.errno if isinstance(error, OSError) else 0
    if number == errno.ENOENT:
        return f'exec: "{command}": stat {command}: no such file or directory'
    if number == errno.EISDIR:
        return f'exec: "{command}": is a directory'
    return f'exec: "{command}": permission denied'


def begin(process: "Process", executable: Executable) -> None:
    """Run a program as a new process; a resident one is set up at once and needs no task."""
    process.argv = list(executable.argv)
    _take_identity(process, executable)
    setup = _resident(process, executable.program)
    if setup is not None:
        if process.alive:
            setup(process)
    else:
        process.run(_run(process, executable))


async def replace(process: "Process", executable: Executable) -> int:
    """Run a program in a process that runs already (exec); return its exit code."""
    process.argv = list(executable.argv)
    _take_identity(process, executable)
    process.handlers = {number: handler for number, handler in process.handlers.items() if handler is None}
    setup = _resident(process, executable.program)
    if setup is not None:
        setup(process)
        await process.forever()
    return await _run(process, executable)


def _take_identity(process: "Process", executable: Executable) -> None:
    """Take the file's user or group where its set-ID bits say so, unless the process may not gain privileges."""
    node = executable.node
    if node is None or not node.mode & (SET_UID | SET_GID) or process.container.config.security.no_new_privileges:
        return
    if node.mode & SET_UID:
        process.credentials = dataclasses.replace(process.credentials, uid=node.uid)
    if node.mode & SET_GID:
        process.credentials = dataclasses.replace(process.credentials, gid=node.gid)


def _resident(process: "Process", name: str) -> registry.Resident | None:
    """Return what sets up a resident program, its memory accounted for; None for one that runs as a task."""
    found = registry.find(name)
    if found is not None and found.setup is not None:
        _account(process, found.memory)
        return found.setup
    spec = None if found else process.container.image.behaviour(name)
    if spec is None:
        return None
    from k8s_tutor.sim.runtime.programs.daemon import serve_profile

    return lambda of: serve_profile(of, spec)


async def _run(process: "Process", executable: Executable) -> int:
    found = registry.find(executable.program)
    if found is None or found.run is None:
        await process.err(f"{executable.path}: this program is not part of the simulated image\n")
        return 126
    _account(process, found.memory)
    await process.work(found.start)
    try:
        return await found.run(process)
    except BrokenPipeError:
        raise
    except OSError as error:
        await process.err(f"{process.argv[0].rsplit('/', 1)[-1]}: {error.strerror}\n")
        return 1


def _account(process: "Process", memory: int) -> None:
    process.memory_base = memory
    process.container.cgroup.set_memory(process, memory)


def environment(env: Mapping[str, str], hostname: str, home: str, *, tty: bool) -> dict[str, str]:
    """Return a process's environment: what containerd and runc put before and after the container's own."""
    first = {} if "PATH" in env else {"PATH": DEFAULT_PATH}
    if tty:
        first["TERM"] = "xterm"
    return {**first, "HOSTNAME": hostname, **env, **({} if "HOME" in env else {"HOME": home})}
