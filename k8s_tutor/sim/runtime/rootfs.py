"""An image's files, made from its profile: the skeleton of its userland, its commands, its own files.

A command is an executable file whose ``program`` attribute names what runs. Which commands a userland has is in
``userlands``.
"""

from collections.abc import Mapping
from typing import Any

from k8s_tutor.sim.runtime.nodes import Directory, File, Node, Symlink
from k8s_tutor.sim.runtime.userlands import COMMANDS, DATABASES, OS_RELEASE

ELF = b"\x7fELF\x02\x01\x01\x00"
BUILT = 1735689600.0


def build(profile: Mapping[str, Any], version: str) -> Directory:
    """Return the image's root directory."""
    root = Directory(mtime=BUILT)
    userland = str(profile.get("userland", "none"))
    for path in (
        "dev",
        "etc",
        "proc",
        "sys/fs/cgroup",
        "var/run",
        "tmp",
        "root",
        "home",
        "usr/bin",
        "usr/sbin",
        "var/log",
    ):
        _folder(root, path)
    for name in ("hosts", "hostname", "resolv.conf"):
        _put(root, f"etc/{name}", File(mtime=BUILT))
    _folder(root, "tmp").mode = 0o1777
    _folder(root, "root").mode = 0o700
    if userland != "none":
        for name, text in DATABASES[userland].items():
            _put(root, f"etc/{name}", File(text.encode(), mtime=BUILT))
        _folder(root, "var/tmp").mode = 0o1777
        _folder(root, "mnt")
    if userland in OS_RELEASE:
        _put(root, "etc/os-release", File(OS_RELEASE[userland].encode(), mtime=BUILT))
    _commands(root, profile, userland)
    for line in profile.get("users", ()):
        _append(root, "etc/passwd", f"{line}\n")
        user, _, uid, gid = line.split(":")[:4]
        _append(root, "etc/group", f"{user}:x:{gid}:\n")
        del uid
    for line in profile.get("groups", ()):
        _append(root, "etc/group", f"{line}\n")
    for path, spec in profile.get("files", {}).items():
        _put(root, path.strip("/"), _node(spec, version))
    for path, behaviour in profile.get("programs", {}).items():
        name = behaviour if isinstance(behaviour, str) else f"profile:{path}"
        _put(root, path.strip("/"), File(ELF, 0o755, mtime=BUILT, program=name))
    _freeze(root)
    return root


def _commands(root: Directory, profile: Mapping[str, Any], userland: str) -> None:
    if userland == "debian":
        for name in ("bin", "sbin"):
            root.put(name, Symlink(f"usr/{name}", BUILT))
    elif userland != "none":
        _folder(root, "bin")
        _folder(root, "sbin")
    without = set(profile.get("without", ()))
    commands = dict(COMMANDS.get(userland, {}))
    if profile.get("flat"):
        commands = {name: f"/bin/{name}" for name in commands}
    # Bash is in /bin everywhere; the rest is what a package of its own puts into /usr/bin.
    commands.update({name: f"/{'' if name == 'bash' else 'usr/'}bin/{name}" for name in profile.get("commands", ())})
    for name, path in commands.items():
        if name not in without:
            _put(root, path.strip("/"), File(ELF, 0o755, mtime=BUILT, program=name))


def _node(spec: Any, version: str) -> Node:
    if isinstance(spec, str):
        return File(spec.replace("{version}", version).encode(), mtime=BUILT)
    if "link" in spec:
        return Symlink(spec["link"], BUILT)
    if spec.get("directory"):
        return Directory(int(str(spec.get("mode", "755")), 8), int(spec.get("uid", 0)), mtime=BUILT)
    program = spec.get("program")
    text = str(spec.get("text", "")).replace("{version}", version).encode() if program is None else ELF
    mode = int(str(spec.get("mode", "644" if program is None else "755")), 8)
    return File(text, mode, int(spec.get("uid", 0)), mtime=BUILT, program=program)


def _folder(root: Directory, path: str) -> Directory:
    for part in path.split("/"):
        inner = root.get(part)
        if isinstance(inner, Symlink):
            inner = _folder(root, inner.target)
        if not isinstance(inner, Directory):
            inner = Directory(mtime=BUILT)
            root.put(part, inner)
        root = inner
    return root


def _put(root: Directory, path: str, node: Node) -> None:
    folder, _, name = path.rpartition("/")
    _folder(root, folder).put(name, node) if folder else root.put(name, node)


def _append(root: Directory, path: str, text: str) -> None:
    folder, _, name = path.rpartition("/")
    node = _folder(root, folder).get(name)
    if isinstance(node, File):
        node.append(text.encode())
    else:
        _put(root, path, File(text.encode(), mtime=BUILT))


def _freeze(folder: Directory) -> None:
    for _name, node in folder.items():  # noqa: PERF102 - a Directory, not a dict
        if isinstance(node, File):
            node.frozen = True
        elif isinstance(node, Directory):
            _freeze(node)
