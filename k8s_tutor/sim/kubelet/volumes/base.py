"""What a volume plug-in is, and the lazily filled volumes behind ConfigMaps, Secrets and projections.

Files of such volumes are made when a process first looks: most containers never read their service account's token,
and 5,000 idle pods should not hold 5,000 copies of it. What they will show is fixed when the volume is set up.
"""

import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.runtime.nodes import Directory, Node, Symlink
from k8s_tutor.sim.runtime.volume import Volume

if TYPE_CHECKING:
    from k8s_tutor.sim.kubelet.node_files import NodeFiles
    from k8s_tutor.sim.runtime.images import Catalogue

DEFAULT_MODE = 0o644


@dataclass(frozen=True, slots=True)
class Projected:
    """Files to be written, with their modes and, where they are not root's, the UIDs of their owners."""

    files: dict[str, bytes]
    modes: dict[str, int]
    default_mode: int = DEFAULT_MODE
    owners: dict[str, int] = field(default_factory=dict)


class MountError(Exception):
    """The volume cannot be mounted; ``whole`` if the message says so itself, without MountVolume.SetUp."""

    def __init__(self, message: str, *, whole: bool = False, reason: str = "FailedMount") -> None:
        super().__init__(message)
        self.message, self.whole, self.reason = message, whole, reason


@dataclass(frozen=True)
class VolumeContext:
    """What plug-ins may use.

    Args:
        get: an object by resource, namespace, name; None if it is missing.
        list: all objects of a resource.
        now: cluster time.
        token: makes a service account token: namespace, account, audience, seconds, pod.
        node_files: the node's own files and what persistent volumes hold.
        catalogue: for image volumes.
        addresses: ``podIP`` and ``hostIP`` of a pod.
        allocatable: the node's.
    """

    get: Callable[[str, str, str], Json | None]
    list: Callable[[str], Sequence[Json]]
    now: Callable[[], float]
    token: Callable[[Json, str, int], str]
    node_files: "NodeFiles"
    catalogue: Callable[[], "Catalogue"]
    addresses: Callable[[Json], Json]
    allocatable: Callable[[], Json]


@dataclass(slots=True)
class Mounted:
    """A volume that is mounted for a pod.

    Args:
        volume: what containers mount.
        prefix: the directory inside it that is meant (hostPath, local).
        read_only: whatever the mount says.
        limit: bytes beyond which the pod is evicted (emptyDir's sizeLimit).
        refresh: writes the present state of its sources again; None: it never changes.
        watches: (resource, namespace, name) of its sources.
        expires: when a refresh is due anyway (tokens), 0: never.
        begun: when the present content was made.
        own: the pod's alone, and lost with it: snapshots keep it.
        local: its bytes count as the pod's ephemeral storage.
    """

    volume: Volume
    prefix: str = ""
    read_only: bool = False
    limit: int | None = None
    refresh: Callable[[Json], None] | None = None
    watches: frozenset[tuple[str, str, str]] = field(default_factory=frozenset)
    expires: float = 0.0
    begun: float = 0.0
    own: bool = False
    local: bool = False


class VolumePlugin:
    """Base of all kinds."""

    sources: ClassVar[tuple[str, ...]] = ()

    def mount(self, pod: Json, volume: Json, context: VolumeContext) -> Mounted:
        """Return the volume, ready for containers.

        Raises:
            MountError: in upstream's words.
        """
        raise NotImplementedError


class LazyVolume(Volume):
    """A volume of projected files that are made when something first looks into it.

    Args:
        make: gives the files.
        now: cluster time.
        gid: owner of the files (fsGroup).
        on_disk: kept on the node's disk (a ConfigMap), not in memory.
    """

    memory = True

    def __init__(
        self, make: Callable[[], Projected], now: Callable[[], float], gid: int = 0, *, on_disk: bool = False
    ) -> None:
        # Nothing is initialised yet: ``__getattr__`` sees to it when ``root`` or ``quota`` is asked for.
        self._make = make
        self._now = now
        self._gid = gid
        self._mode = empty_mode(gid, memory=not on_disk)
        self.source = "/dev/vda1" if on_disk else "tmpfs"

    def __getattr__(self, name: str) -> Any:
        if name not in ("root", "quota", "_serial"):
            raise AttributeError(name)
        source = self.source
        super().__init__(mode=self._mode, source=source, gid=self._gid, now=self._now())
        self.memory = False  # a projection's bytes are the node's, not the container's
        self._project(self._make())
        return self.__dict__[name]

    @property
    def used(self) -> int:
        """Bytes in it; an untouched one holds none."""
        return self.quota.used if "root" in self.__dict__ else 0

    def replace(self, make: Callable[[], Projected]) -> None:
        """Show other files from now on."""
        self._make = make
        if "root" in self.__dict__:
            self._project(make())

    def _project(self, content: Projected) -> None:
        # fsGroup owns a pod's volumes and may read all of them (kubelet, ``SetVolumeOwnership``).
        more = 0o440 if self._gid else 0
        modes = {path: mode | more for path, mode in content.modes.items()}
        mode = content.default_mode | more
        self.write(content.files, mode, modes, now=self._now(), gid=self._gid, owners=content.owners)


def projection(
    pod: Json,
    context: VolumeContext,
    make: Callable[[Json], Callable[[], Projected]],
    watches: frozenset[tuple[str, str, str]],
    expires: float = 0.0,
    *,
    on_disk: bool = False,
) -> Mounted:
    """Return a mounted volume whose files ``make(pod)`` checks now and makes later."""
    volume = LazyVolume(make(pod), context.now, fs_group(pod), on_disk=on_disk)

    def refresh(present: Json) -> None:
        volume.replace(make(present))

    return Mounted(volume, read_only=True, refresh=refresh, watches=watches, expires=expires, begun=context.now())


def fs_group(pod: Json) -> int:
    """Return the group that owns a pod's volumes."""
    return int((pod["spec"].get("securityContext") or {}).get("fsGroup") or 0)


def empty_mode(gid: int, *, memory: bool) -> int:
    """Return the mode of a volume's root: a tmpfs is sticky, and what is made in a group's volume is the group's."""
    return 0o777 | (stat.S_ISVTX if memory else 0) | (stat.S_ISGID if gid else 0)


def give_to_group(node: Node, gid: int) -> None:
    """Let a group read and write a volume and what is in it (kubelet, ``SetVolumeOwnership``)."""
    node.gid = gid
    if isinstance(node, Directory):
        node.mode |= 0o770 | stat.S_ISGID
        for name in node.names():
            inner = node.get(name)
            if inner is not None and not isinstance(inner, Symlink):
                give_to_group(inner, gid)
    else:
        node.mode |= 0o660


def select(
    data: dict[str, bytes], items: list[Json] | None, default_mode: int, missing: str, *, optional: bool
) -> Projected:
    """Return the files of a ConfigMap's or Secret's keys, all or those of ``items``.

    Raises:
        MountError: a key is missing; ``missing`` is the message before its name.
    """
    if items is None:
        return Projected(dict(data), {}, default_mode)
    files, modes = {}, {}
    for item in items:
        if item["key"] not in data:
            if optional:
                continue
            raise MountError(f"{missing}: {item['key']}")
        files[item["path"]] = data[item["key"]]
        if item.get("mode") is not None:
            modes[item["path"]] = item["mode"]
    return Projected(files, modes, default_mode)
