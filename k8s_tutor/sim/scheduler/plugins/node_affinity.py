"""NodeAffinity: ``nodeSelector`` and node affinity, required and preferred."""

from collections.abc import Sequence

from k8s_tutor.apimachinery.labels import aggregated
from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import (
    UNRESOLVABLE,
    ClusterEvent,
    CycleState,
    Plugin,
    PluginError,
    Refused,
    Skip,
    Status,
    default_normalize,
)
from k8s_tutor.sim.scheduler.nodematch import compile_term, complaints, required_affinity
from k8s_tutor.sim.scheduler.podinfo import PodInfo

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def _node_affinity(pod: PodInfo) -> dict[str, object]:
    return (pod.spec.get("affinity") or {}).get("nodeAffinity") or {}


def named_nodes(pod: PodInfo) -> set[str] | None:
    """Return the nodes to which every term restricts the pod by name (as DaemonSet pods are), or None."""
    required = _node_affinity(pod).get(_REQUIRED)
    terms = required.get("nodeSelectorTerms") if isinstance(required, dict) else None
    if not terms:
        return None
    names: set[str] = set()
    for term in terms:
        of_term: set[str] | None = None
        for item in term.get("matchFields") or ():
            if item["key"] == "metadata.name" and item["operator"] == "In":
                values = set(item.get("values") or ())
                of_term = values if of_term is None else of_term & values
        if of_term is None:
            return None
        names |= of_term
    return names


class NodeAffinity(Plugin):
    """Filters by what is required, scores by what is preferred."""

    name = "NodeAffinity"
    weight = 2
    filters = True
    events = frozenset({"Node/Add", "Node/UpdateNodeLabel"})

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        match = required_affinity(pod.spec)
        if match is None:
            raise Skip
        state.data[self.name] = match
        names = named_nodes(pod)
        if names is not None and not names:
            raise Refused(self.refuse("pod affinity terms conflict", code=UNRESOLVABLE))
        return names

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        if not state.data[self.name](node.name, node.labels):
            return self.refuse("node(s) didn't match Pod's node affinity/selector", code=UNRESOLVABLE)
        return None

    def pre_score(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> bool:
        preferred = _node_affinity(pod).get(_PREFERRED)
        if not isinstance(preferred, list) or not preferred:
            return False
        errors = [
            error
            for index, item in enumerate(preferred)
            if item["weight"]
            for error in complaints(item.get("preference") or {}, f"[{index}]")
        ]
        if errors:
            raise PluginError(aggregated(errors))
        compiled = ((item["weight"], compile_term(item.get("preference") or {})) for item in preferred)
        state.data[self.name + "/score"] = [(weight, match) for weight, match in compiled if weight and match]
        return True

    def score(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> int:
        terms = state.data[self.name + "/score"]
        return sum(weight for weight, match in terms if match(node.name, node.labels))

    def normalize(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo], scores: list[int]) -> list[int]:
        return default_normalize(scores, reverse=False)

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        match = required_affinity(pod.spec)
        if event.new is None or match is None:
            return True
        meta = event.new["metadata"]
        if not match(meta["name"], meta.get("labels") or {}):
            return False
        return event.old is None or not match(meta["name"], event.old["metadata"].get("labels") or {})
