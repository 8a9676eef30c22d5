"""NodeName: a pod that names its node goes to no other."""

from collections.abc import Sequence

from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import UNRESOLVABLE, CycleState, Plugin, Skip, Status
from k8s_tutor.sim.scheduler.podinfo import PodInfo


class NodeName(Plugin):
    """Filters by ``spec.nodeName``."""

    name = "NodeName"
    filters = True
    events = frozenset({"Node/Add"})

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        if not pod.spec.get("nodeName"):
            raise Skip
        return None

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        if pod.spec["nodeName"] != node.name:
            return self.refuse("node(s) didn't match the requested node name", code=UNRESOLVABLE)
        return None
