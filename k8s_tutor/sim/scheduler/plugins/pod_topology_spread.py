"""PodTopologySpread: how evenly matching pods lie over zones, hosts or other domains.

``DoNotSchedule`` constraints filter: a domain may have at most ``maxSkew`` more matching pods than the emptiest.
``ScheduleAnyway`` ones score. Pods of a workload or Service that say nothing are spread by the system's defaults.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from k8s_tutor.apimachinery.labels import Requirement, Selector, from_label_selector, from_map
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.scheduler.cache import HOSTNAME, ZONE, NodeInfo
from k8s_tutor.sim.scheduler.framework import (
    MAX_SCORE,
    UNRESOLVABLE,
    ClusterEvent,
    CycleState,
    Handle,
    Plugin,
    Skip,
    Status,
)
from k8s_tutor.sim.scheduler.nodematch import Match, required_affinity, untolerated
from k8s_tutor.sim.scheduler.podinfo import PodInfo

REFUSED = "node(s) didn't match pod topology spread constraints"
MISSING_LABEL = REFUSED + " (missing required label)"
INVALID = -1


@dataclass(frozen=True, slots=True)
class Constraint:
    """One topology spread constraint, its selector parsed."""

    max_skew: int
    key: str
    selector: Selector
    min_domains: int = 1
    honor_affinity: bool = True
    honor_taints: bool = False

    def includes(self, pod: PodInfo, affinity: Match | None, node: NodeInfo) -> bool:
        """Tell whether the node counts as a domain for this pod (node inclusion policies)."""
        if self.honor_affinity and affinity is not None and not affinity(node.name, node.labels):
            return False
        return not (self.honor_taints and untolerated(node.taints, pod.tolerations))


def parse(constraints: Sequence[Json], labels: Mapping[str, str], action: str) -> list[Constraint]:
    """Return the constraints of one action; ``matchLabelKeys`` take their values from the pod's labels."""
    found = []
    for item in constraints:
        if item.get("whenUnsatisfiable") != action:
            continue
        selector = from_label_selector(item.get("labelSelector"))
        same = [Requirement(key, "=", (labels[key],)) for key in item.get("matchLabelKeys") or () if key in labels]
        if same and not selector.never:
            selector = Selector((*selector.requirements, *same))
        found.append(
            Constraint(
                item["maxSkew"],
                item["topologyKey"],
                selector,
                item.get("minDomains") or 1,
                (item.get("nodeAffinityPolicy") or "Honor") == "Honor",
                (item.get("nodeTaintsPolicy") or "Ignore") == "Honor",
            )
        )
    return found


def owner_selector(handle: Handle, pod: PodInfo) -> Selector:
    """Return the selector of the Services and the workload that a pod belongs to; empty if there are none."""
    merged: dict[str, str] = {}
    if handle.client.store.count("services"):
        for service in handle.client.list("services", pod.namespace):
            selector = service["spec"].get("selector")
            if selector and all(pod.labels.get(key) == value for key, value in selector.items()):
                merged |= selector
    owner = controller_of(pod.pod)
    resource = (
        {"ReplicaSet": "replicasets.apps", "StatefulSet": "statefulsets.apps"}.get(owner["kind"]) if owner else None
    )
    if owner and owner["kind"] == "ReplicationController":
        controller = handle.client.get("replicationcontrollers", owner["name"], pod.namespace)
        merged |= (controller or {"spec": {}})["spec"].get("selector") or {}
    requirements = from_map(merged).requirements
    if owner and resource:
        workload = handle.client.get(resource, owner["name"], pod.namespace)
        if workload:
            requirements += from_label_selector(workload["spec"].get("selector")).requirements
    return Selector(requirements)


def count_matching(node: NodeInfo, selector: Selector, namespace: str) -> int:
    """Count the pods of a namespace on the node that match; those being deleted do not count."""
    return 0 if selector.empty or selector.never else node.count_matching(selector, namespace)


@dataclass(slots=True)
class _FilterState:
    constraints: list[Constraint]
    affinity: Match | None
    counts: list[dict[str, int]]

    def clone(self) -> "_FilterState":
        return _FilterState(self.constraints, self.affinity, [dict(count) for count in self.counts])

    def minimum(self, index: int) -> int:
        counts = self.counts[index]
        if len(counts) < self.constraints[index].min_domains:
            return 0
        return min(counts.values(), default=0)


@dataclass(slots=True)
class _ScoreState:
    constraints: list[Constraint]
    ignored: set[str] = field(default_factory=set)
    counts: list[dict[str, int]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)


class PodTopologySpread(Plugin):
    """Filters by hard constraints, scores by soft ones."""

    name = "PodTopologySpread"
    weight = 2
    filters = True
    events = frozenset(
        {
            "AssignedPod/Add",
            "AssignedPod/Delete",
            "AssignedPod/UpdatePodLabel",
            "Node/Add",
            "Node/Delete",
            "Node/UpdateNodeLabel",
            "Node/UpdateNodeTaint",
            "TargetPod/UpdatePodLabel",
        }
    )

    # -- filtering

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        constraints = parse(pod.spec.get("topologySpreadConstraints") or (), pod.labels, "DoNotSchedule")
        if not constraints:
            raise Skip
        affinity = required_affinity(pod.spec)
        data = _FilterState(constraints, affinity, [{} for _ in constraints])
        for node in nodes:
            if not _has_all_keys(node, constraints):
                continue
            for constraint, counts in zip(constraints, data.counts, strict=True):
                if constraint.includes(pod, affinity, node):
                    value = node.labels[constraint.key]
                    counts[value] = counts.get(value, 0) + count_matching(node, constraint.selector, pod.namespace)
        state.data[self.name] = data
        return None

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        data: _FilterState = state.data[self.name]
        for index, constraint in enumerate(data.constraints):
            value = node.labels.get(constraint.key)
            if value is None:
                return self.refuse(MISSING_LABEL, code=UNRESOLVABLE)
            matching = data.counts[index].get(value, 0) + constraint.selector.matches(pod.labels)
            if matching - data.minimum(index) > constraint.max_skew:
                return self.refuse(REFUSED)
        return None

    def add_pod(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo) -> None:
        self._count(state, pod, other, node, 1)

    def remove_pod(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo) -> None:
        self._count(state, pod, other, node, -1)

    def _count(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo, sign: int) -> None:
        data: _FilterState = state.data[self.name]
        if other.namespace != pod.namespace or not _has_all_keys(node, data.constraints):
            return
        for constraint, counts in zip(data.constraints, data.counts, strict=True):
            if constraint.selector.matches(other.labels) and constraint.includes(pod, data.affinity, node):
                value = node.labels[constraint.key]
                counts[value] = counts.get(value, 0) + sign

    # -- scoring

    def pre_score(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> bool:
        own = pod.spec.get("topologySpreadConstraints") or ()
        if own:
            data = _ScoreState(parse(own, pod.labels, "ScheduleAnyway"))
        else:
            selector = owner_selector(self.handle, pod)
            data = _ScoreState(
                [] if selector.empty else [Constraint(3, HOSTNAME, selector), Constraint(5, ZONE, selector)]
            )
        if not data.constraints:
            return False
        data.counts = [{} for _ in data.constraints]
        for node in nodes:
            if own and not _has_all_keys(node, data.constraints):
                data.ignored.add(node.name)
                continue
            for constraint, counts in zip(data.constraints, data.counts, strict=True):
                if constraint.key != HOSTNAME:
                    counts[node.labels.get(constraint.key, "")] = 0
        for constraint, counts in zip(data.constraints, data.counts, strict=True):
            size = len(nodes) - len(data.ignored) if constraint.key == HOSTNAME else len(counts)
            data.weights.append(math.log(size + 2))
        self._count_domains(pod, data, own_constraints=bool(own))
        state.data[self.name + "/score"] = data
        return True

    def _count_domains(self, pod: PodInfo, data: _ScoreState, *, own_constraints: bool) -> None:
        by_domain = [(c, counts) for c, counts in zip(data.constraints, data.counts, strict=True) if c.key != HOSTNAME]
        affinity = required_affinity(pod.spec)
        for node in self.handle.cache.list():
            if own_constraints and not _has_all_keys(node, data.constraints):
                continue
            for constraint, counts in by_domain:
                value = node.labels.get(constraint.key, "")
                if value in counts and constraint.includes(pod, affinity, node):
                    counts[value] += count_matching(node, constraint.selector, pod.namespace)

    def score(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> int:
        data: _ScoreState = state.data[self.name + "/score"]
        if node.name in data.ignored:
            return INVALID
        total = 0.0
        for constraint, counts, weight in zip(data.constraints, data.counts, data.weights, strict=True):
            value = node.labels.get(constraint.key)
            if value is not None:
                host = constraint.key == HOSTNAME
                count = count_matching(node, constraint.selector, pod.namespace) if host else counts[value]
                total += count * weight + (constraint.max_skew - 1)
        return math.floor(total + 0.5)

    def normalize(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo], scores: list[int]) -> list[int]:
        valid = [score for score in scores if score != INVALID]
        highest, lowest = max(valid, default=0), min(valid, default=0)

        def scaled(score: int) -> int:
            if score == INVALID:
                return 0
            return MAX_SCORE if highest == 0 else MAX_SCORE * (highest + lowest - score) // highest

        return [scaled(score) for score in scores]

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        constraints = parse(pod.spec.get("topologySpreadConstraints") or (), pod.labels, "DoNotSchedule")
        objects = [obj for obj in (event.old, event.new) if obj is not None]
        if event.name.startswith("Node/"):
            return any(all(c.key in (o["metadata"].get("labels") or {}) for c in constraints) for o in objects)
        return any(c.selector.matches(o["metadata"].get("labels") or {}) for c in constraints for o in objects)


def _has_all_keys(node: NodeInfo, constraints: Sequence[Constraint]) -> bool:
    return all(constraint.key in node.labels for constraint in constraints)
