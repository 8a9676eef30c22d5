"""NodeDeclaredFeatures: a pod that needs something young goes to nodes whose kubelet declares it.

What a pod needs is read from its spec; what a node can do stands in ``status.declaredFeatures``.
"""

from collections.abc import Iterator, Sequence

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import UNRESOLVABLE, ClusterEvent, CycleState, Plugin, Skip, Status
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.scheduler.requests import containers

UNSATISFIED = "node(s) didn't match Pod's required features"


def _required(spec: Json) -> Iterator[str]:
    if spec.get("hostNetwork") and spec.get("hostUsers") is False:
        yield "UserNamespacesHostNetworkSupport"
    rules = (rule for container in containers(spec) for rule in container.get("restartPolicyRules") or ())
    if any(rule.get("action") == "RestartAllContainers" for rule in rules):
        yield "RestartAllContainersOnContainerExits"


class NodeDeclaredFeatures(Plugin):
    """Filters by features."""

    name = "NodeDeclaredFeatures"
    filters = True
    events = frozenset({"Node/Add", "Node/UpdateNodeDeclaredFeature"})

    def alike(self, pod: PodInfo) -> bool:
        return next(_required(pod.spec), None) is None

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        required = frozenset(_required(pod.spec))
        if not required:
            raise Skip
        state.data[self.name] = required
        return None

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        declared = ((node.node or {}).get("status") or {}).get("declaredFeatures") or ()
        return None if state.data[self.name] <= set(declared) else self.refuse(UNSATISFIED, code=UNRESOLVABLE)

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        return True
