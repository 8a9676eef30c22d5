"""Who a container's processes run as: the security context, else the image's user, looked up in its passwd."""

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.filesystem import Credentials, FileSystem

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.container import Container

ENOEXEC = errno.ENOEXEC


@dataclass(frozen=True, slots=True)
class User:
    """Credentials and home directory."""

    credentials: Credentials
    home: str


def entries(container: "Container", name: str) -> list[list[str]]:
    """Return the lines of ``/etc/passwd`` or ``/etc/group``, taken apart; those of the image are read once."""
    if not container.untouched("/etc"):
        return _read(container.files, name)
    cache = container.image.cache
    if name not in cache:
        cache[name] = _read(container.image.files, name)
    found: list[list[str]] = cache[name]
    return found


def _read(files: FileSystem, name: str) -> list[list[str]]:
    try:
        text = files.read_file(f"/etc/{name}").decode("utf-8", "replace")
    except OSError:
        return []
    return [line.split(":") for line in text.splitlines() if line.count(":") >= 3]


def resolve(container: "Container") -> User:
    """Return the user of a container's processes."""
    security, image_user = container.config.security, container.image.info.user
    wanted = str(security.run_as_user) if security.run_as_user is not None else image_user.split(":")[0] or "0"
    uid, gid, home, name = int(wanted) if wanted.isdigit() else 0, 0, "/root" if wanted == "0" else "/", ""
    for fields in entries(container, "passwd"):
        if wanted in {fields[0], fields[2]}:
            name, uid, gid = fields[0], int(fields[2]), int(fields[3])
            home = fields[5] if len(fields) > 5 else "/"
            break
    if security.run_as_group is not None:
        gid = security.run_as_group
    extra: list[int] = []
    if name and not security.strict_groups:
        extra += [int(line[2]) for line in entries(container, "group") if name in line[3].split(",")]
    if security.fs_group is not None:
        extra.append(security.fs_group)
    extra += security.supplemental_groups
    return User(Credentials(uid, gid, tuple(extra)), home)
