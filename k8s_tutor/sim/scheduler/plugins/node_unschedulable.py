"""NodeUnschedulable: no new pods on a cordoned node, except those that tolerate it."""

from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import UNRESOLVABLE, ClusterEvent, CycleState, Plugin, Status
from k8s_tutor.sim.scheduler.nodematch import tolerates
from k8s_tutor.sim.scheduler.podinfo import PodInfo

_TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


class NodeUnschedulable(Plugin):
    """Filters by ``spec.unschedulable`` of the node."""

    name = "NodeUnschedulable"
    filters = True
    events = frozenset({"Node/Add", "Node/UpdateNodeTaint", "TargetPod/UpdatePodToleration"})

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        if node.unschedulable and not any(tolerates(item, _TAINT) for item in pod.tolerations):
            return self.refuse("node(s) were unschedulable", code=UNRESOLVABLE)
        return None

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        return event.new is None or event.new["kind"] != "Node" or not event.new["spec"].get("unschedulable")
