"""VolumeRestrictions: a claim with ReadWriteOncePod is used by one pod of the whole cluster."""

from collections.abc import Sequence

from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import UNRESOLVABLE, ClusterEvent, CycleState, Plugin, Refused, Skip, Status
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.scheduler.volumes import claim_names

IN_USE = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)


class VolumeRestrictions(Plugin):
    """Filters by exclusive claims."""

    name = "VolumeRestrictions"
    filters = True
    events = frozenset({"AssignedPod/Delete", "PersistentVolumeClaim/Add"})

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        exclusive: set[str] = set()
        for name, _ in claim_names(pod.pod):
            claim = self.handle.client.get("persistentvolumeclaims", name, pod.namespace)
            if claim is None:
                raise Refused(self.refuse(f'persistentvolumeclaim "{name}" not found', code=UNRESOLVABLE))
            if "ReadWriteOncePod" in (claim["spec"].get("accessModes") or ()):
                exclusive.add(name)
        if not exclusive:
            raise Skip
        state.data[self.name] = {
            other.uid for node in nodes for other in node.pods.values() if self._uses(pod, other, exclusive)
        }
        return None

    def _uses(self, pod: PodInfo, other: PodInfo, exclusive: set[str]) -> bool:
        return other.namespace == pod.namespace and any(name in exclusive for name, _ in claim_names(other.pod))

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        return self.refuse(IN_USE) if state.data[self.name] else None

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        mine = {name for name, _ in claim_names(pod.pod)}
        if event.name == "AssignedPod/Delete" and event.old is not None:
            same_namespace = event.old["metadata"]["namespace"] == pod.namespace
            return same_namespace and any(name in mine for name, _ in claim_names(event.old))
        meta = (event.new or {"metadata": {}})["metadata"]
        return meta.get("namespace") == pod.namespace and meta.get("name") in mine

    def add_pod(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo) -> None:
        names = {name for name, _ in claim_names(pod.pod)}
        if self._uses(pod, other, names):
            state.data[self.name] = state.data[self.name] | {other.uid}

    def remove_pod(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo) -> None:
        state.data[self.name] = state.data[self.name] - {other.uid}
