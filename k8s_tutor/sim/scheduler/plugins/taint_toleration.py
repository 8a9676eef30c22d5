"""TaintToleration: taints with NoSchedule and NoExecute keep pods away, PreferNoSchedule lowers the score."""

from collections.abc import Sequence

from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import UNRESOLVABLE, ClusterEvent, CycleState, Plugin, Status, default_normalize
from k8s_tutor.sim.scheduler.nodematch import tolerates, untolerated
from k8s_tutor.sim.scheduler.podinfo import PodInfo

PREFER = "PreferNoSchedule"


class TaintToleration(Plugin):
    """Filters and scores by taints."""

    name = "TaintToleration"
    weight = 3
    filters = True
    events = frozenset({"Node/Add", "Node/UpdateNodeTaint", "TargetPod/UpdatePodToleration"})

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        if node.taints and untolerated(node.taints, pod.tolerations):
            return self.refuse("node(s) had untolerated taint(s)", code=UNRESOLVABLE)
        return None

    def score(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> int:
        if not node.taints:
            return 0
        willing = [item for item in pod.tolerations if (item.get("effect") or PREFER) == PREFER]
        return sum(
            taint.get("effect") == PREFER and not any(tolerates(item, taint) for item in willing)
            for taint in node.taints
        )

    def normalize(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo], scores: list[int]) -> list[int]:
        return default_normalize(scores, reverse=True)

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        if event.new is None or event.new["kind"] != "Node":
            return True
        return untolerated(event.new["spec"].get("taints") or (), pod.tolerations) is None
