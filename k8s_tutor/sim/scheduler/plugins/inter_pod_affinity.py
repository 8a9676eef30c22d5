"""InterPodAffinity: pods that want to be near to, or far from, other pods; in both directions.

Counts of matching pods are gathered by topology pair (key and value of a node's label). A pod may also be kept away by
the required anti-affinity of pods that are there, and drawn or pushed by their preferences.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import MAX_SCORE, UNRESOLVABLE, ClusterEvent, CycleState, Plugin, Skip, Status
from k8s_tutor.sim.scheduler.podinfo import PodInfo, Term

AFFINITY = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"
EXISTING = "node(s) didn't satisfy existing pods anti-affinity rules"
HARD_WEIGHT = 1

Pair = tuple[str, str]


@dataclass(slots=True)
class _State:
    existing: dict[Pair, int]
    affinity: dict[Pair, int]
    anti_affinity: dict[Pair, int]
    labels_of: Mapping[str, str]

    def clone(self) -> "_State":
        return _State(dict(self.existing), dict(self.affinity), dict(self.anti_affinity), self.labels_of)


def _add(counts: dict[Pair, int], node: NodeInfo, key: str, value: int) -> None:
    domain = node.labels.get(key)
    if domain is not None:
        pair = (key, domain)
        count = counts.get(pair, 0) + value
        if count:
            counts[pair] = count
        else:
            counts.pop(pair, None)


class InterPodAffinity(Plugin):
    """Filters and scores by pod affinity and anti-affinity."""

    name = "InterPodAffinity"
    weight = 2
    filters = True
    events = frozenset(
        {
            "AssignedPod/Add",
            "AssignedPod/Delete",
            "AssignedPod/UpdatePodLabel",
            "Node/Add",
            "Node/UpdateNodeLabel",
            "TargetPod/UpdatePodLabel",
        }
    )

    # -- filtering

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        data = _State({}, {}, {}, self.handle.namespace_labels(pod.namespace))
        has_terms = bool(pod.required_affinity or pod.anti_affinity)
        for node in nodes:
            others: Iterable[PodInfo] = node.pods.values() if has_terms else node.pods_with_anti_affinity.values()
            for other in others:
                self._count(data, pod, other, node, 1)
        if not has_terms and not data.existing:
            raise Skip
        state.data[self.name] = data
        return None

    def _count(self, data: _State, pod: PodInfo, other: PodInfo, node: NodeInfo, sign: int) -> None:
        for term in other.anti_affinity:
            if term.matches(pod, data.labels_of):
                _add(data.existing, node, term.topology_key, sign)
        if not pod.required_affinity and not pod.anti_affinity:
            return
        its_labels = self.handle.namespace_labels(other.namespace)
        if pod.required_affinity and all(term.matches(other, its_labels) for term in pod.required_affinity):
            for term in pod.required_affinity:
                _add(data.affinity, node, term.topology_key, sign)
        for term in pod.anti_affinity:
            if term.matches(other, its_labels):
                _add(data.anti_affinity, node, term.topology_key, sign)

    def add_pod(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo) -> None:
        self._count(state.data[self.name], pod, other, node, 1)

    def remove_pod(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo) -> None:
        self._count(state.data[self.name], pod, other, node, -1)

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        data: _State = state.data[self.name]
        if not self._near_enough(data, pod, node):
            return self.refuse(AFFINITY, code=UNRESOLVABLE)
        for term in pod.anti_affinity:
            domain = node.labels.get(term.topology_key)
            if domain is not None and data.anti_affinity.get((term.topology_key, domain), 0) > 0:
                return self.refuse(ANTI_AFFINITY)
        if data.existing and any(data.existing.get(pair, 0) > 0 for pair in node.labels.items()):
            return self.refuse(EXISTING)
        return None

    def _near_enough(self, data: _State, pod: PodInfo, node: NodeInfo) -> bool:
        found = True
        for term in pod.required_affinity:
            domain = node.labels.get(term.topology_key)
            if domain is None:
                return False
            found = found and data.affinity.get((term.topology_key, domain), 0) > 0
        if found:
            return True
        # The first pod of a group that wants to be together may go anywhere.
        return not data.affinity and all(term.matches(pod, data.labels_of) for term in pod.required_affinity)

    # -- scoring

    def pre_score(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> bool:
        wants = bool(pod.preferred_affinity or pod.preferred_anti_affinity)
        scores: dict[Pair, int] = {}
        labels_of = self.handle.namespace_labels(pod.namespace)
        for node in self.handle.cache.list():
            others = node.pods if wants else node.pods_with_affinity
            if not others or not node.labels:
                continue
            for other in others.values():
                self._weigh(scores, pod, other, node, labels_of)
        state.data[self.name + "/score"] = scores
        return bool(scores)

    def _weigh(
        self, scores: dict[Pair, int], pod: PodInfo, other: PodInfo, node: NodeInfo, labels_of: Mapping[str, str]
    ) -> None:
        def weigh(terms: Sequence[Term], about: PodInfo, labels: Mapping[str, str], factor: int, hard: int = 0) -> None:
            for term in terms:
                domain = node.labels.get(term.topology_key)
                if domain is not None and term.matches(about, labels):
                    pair = (term.topology_key, domain)
                    scores[pair] = scores.get(pair, 0) + factor * (hard or term.weight)

        if pod.preferred_affinity or pod.preferred_anti_affinity:
            its_labels = self.handle.namespace_labels(other.namespace)
            weigh(pod.preferred_affinity, other, its_labels, 1)
            weigh(pod.preferred_anti_affinity, other, its_labels, -1)
        if other.has_affinity:
            weigh(other.required_affinity, pod, labels_of, 1, HARD_WEIGHT)
            weigh(other.preferred_affinity, pod, labels_of, 1)
            weigh(other.preferred_anti_affinity, pod, labels_of, -1)

    def score(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> int:
        labels = node.labels
        scores: dict[Pair, int] = state.data[self.name + "/score"]
        return sum(value for (key, domain), value in scores.items() if labels.get(key) == domain)

    def normalize(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo], scores: list[int]) -> list[int]:
        lowest, highest = min(scores), max(scores)
        spread = highest - lowest
        return [int(MAX_SCORE * ((score - lowest) / spread)) if spread > 0 else 0 for score in scores]

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        if event.name.startswith("Node/"):
            return True
        changed = (event.old, event.new)
        return any(obj is not None and self._concerns(pod, PodInfo(obj)) for obj in changed)

    def _concerns(self, pod: PodInfo, other: PodInfo) -> bool:
        its_labels = self.handle.namespace_labels(other.namespace)
        mine = (*pod.required_affinity, *pod.anti_affinity)
        if any(term.matches(other, its_labels) for term in mine):
            return True
        labels_of = self.handle.namespace_labels(pod.namespace)
        return any(term.matches(pod, labels_of) for term in other.anti_affinity)
