"""VolumeRestrictions: some disks are attached to one node at a time, and a ReadWriteOncePod claim is used by one pod."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import UNRESOLVABLE, ClusterEvent, CycleState, Plugin, Refused, Skip, Status
from k8s_tutor.sim.scheduler.podinfo import PodInfo

IN_USE = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)
NO_DISK = "node(s) had no available disk"
# What tells disks apart, by their source; two pods may both read those that are shared as read-only.
_IDENTITY = {
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "iscsi": ("iqn",),
    "rbd": ("pool", "image"),
}
_DEFAULT_POOL = {"pool": "rbd"}


def _claims(pod: Json) -> Iterator[str]:
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("persistentVolumeClaim"):
            yield volume["persistentVolumeClaim"]["claimName"]


def _disks(pod: Json) -> Iterator[tuple[str, Json]]:
    for volume in pod["spec"].get("volumes") or ():
        for source in _IDENTITY:
            if volume.get(source):
                yield source, volume[source]


def _conflict(source: str, mine: Json, theirs: Json) -> bool:
    if any(
        mine.get(key, _DEFAULT_POOL.get(key)) != theirs.get(key, _DEFAULT_POOL.get(key)) for key in _IDENTITY[source]
    ):
        return False
    if source == "rbd" and not set(mine.get("monitors") or ()) & set(theirs.get("monitors") or ()):
        return False
    return source == "awsElasticBlockStore" or not (mine.get("readOnly") and theirs.get("readOnly"))


@dataclass(slots=True)
class _State:
    """The pod's exclusive claims, and how often they are found in use."""

    exclusive: frozenset[str]
    uses: int

    def clone(self) -> "_State":
        return _State(self.exclusive, self.uses)


class VolumeRestrictions(Plugin):
    """Filters by disks and exclusive claims."""

    name = "VolumeRestrictions"
    filters = True
    events = frozenset({"AssignedPod/Delete", "Node/Add", "PersistentVolumeClaim/Add"})

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        exclusive: set[str] = set()
        for name in _claims(pod.pod):
            claim = self.handle.client.get("persistentvolumeclaims", name, pod.namespace)
            if claim is None:
                raise Refused(self.refuse(f'persistentvolumeclaim "{name}" not found', code=UNRESOLVABLE))
            if "ReadWriteOncePod" in (claim["spec"].get("accessModes") or ()):
                exclusive.add(name)
        used: set[str] = set()
        if exclusive:
            others = (other for node in nodes for other in node.pods.values() if other.namespace == pod.namespace)
            used = {name for other in others for name in _claims(other.pod) if name in exclusive}
        if not used and next(_disks(pod.pod), None) is None:
            raise Skip
        state.data[self.name] = _State(frozenset(exclusive), len(used))
        return None

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        for source, mine in _disks(pod.pod):
            for other in node.pods.values():
                if any(kind == source and _conflict(source, mine, theirs) for kind, theirs in _disks(other.pod)):
                    return self.refuse(NO_DISK)
        return self.refuse(IN_USE) if state.data[self.name].uses > 0 else None

    def add_pod(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo) -> None:
        self._count(state, pod, other, 1)

    def remove_pod(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo) -> None:
        self._count(state, pod, other, -1)

    def _count(self, state: CycleState, pod: PodInfo, other: PodInfo, sign: int) -> None:
        data: _State = state.data[self.name]
        data.uses += sign * sum(name in data.exclusive for name in _claims(other.pod))

    def alike(self, pod: PodInfo) -> bool:
        return next(_disks(pod.pod), None) is None

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        if event.name == "Node/Add":
            return True
        mine = set(_claims(pod.pod))
        if event.name == "AssignedPod/Delete" and event.old is not None:
            if any(
                kind == source and _conflict(source, disk, theirs)
                for source, disk in _disks(pod.pod)
                for kind, theirs in _disks(event.old)
            ):
                return True
            same_namespace = event.old["metadata"]["namespace"] == pod.namespace
            return same_namespace and any(name in mine for name in _claims(event.old))
        meta = (event.new or {"metadata": {}})["metadata"]
        return meta.get("namespace") == pod.namespace and meta.get("name") in mine
