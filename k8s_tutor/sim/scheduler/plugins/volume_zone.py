"""VolumeZone: a volume that is labelled with a zone or region is used from nodes of it."""

from collections.abc import Sequence

from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import UNRESOLVABLE, CycleState, Plugin, Refused, Skip, Status
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.scheduler.volumes import claim_names

TOPOLOGY = (
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
)


_SUCCESSORS = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
}


def _domain(node: NodeInfo, key: str) -> str | None:
    return node.labels.get(key, node.labels.get(_SUCCESSORS.get(key, key)))


class VolumeZone(Plugin):
    """Filters by the zones of bound volumes."""

    name = "VolumeZone"
    filters = True
    events = frozenset(
        {
            "Node/Add",
            "Node/UpdateNodeLabel",
            "PersistentVolume/Add",
            "PersistentVolume/Update",
            "PersistentVolumeClaim/Add",
            "PersistentVolumeClaim/Update",
            "StorageClass/Add",
        }
    )

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        wanted: list[tuple[str, set[str]]] = []
        for name, _ in claim_names(pod.pod):
            claim = self.handle.client.get("persistentvolumeclaims", name, pod.namespace)
            volume_name = claim["spec"].get("volumeName") if claim else None
            volume = self.handle.client.get("persistentvolumes", volume_name) if volume_name else None
            if volume is None and volume_name:
                raise Refused(self.refuse(f'persistentvolume "{volume_name}" not found', code=UNRESOLVABLE))
            labels = (volume["metadata"].get("labels") or {}) if volume else {}
            wanted += [(key, set(labels[key].split("__"))) for key in TOPOLOGY if key in labels]
        if not wanted:
            raise Skip
        state.data[self.name] = wanted
        return None

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        if not any(key in node.labels for key in TOPOLOGY):
            return None
        if all(_domain(node, key) in zones for key, zones in state.data[self.name]):
            return None
        return self.refuse("node(s) had no available volume zone", code=UNRESOLVABLE)
