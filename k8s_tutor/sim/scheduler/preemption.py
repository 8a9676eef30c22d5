"""Preemption: which less important pods have to go so that a pod fits (upstream: ``DefaultPreemption``).

On each node that failed for a reason that removing pods may mend: take all pods of lower priority away; if the pod fits
then, give back as many as possible, the most important first, those protected by a disruption budget before the others.
Of the nodes that remain, the one with the least harm is chosen.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from k8s_tutor.apimachinery.labels import from_label_selector
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import UNRESOLVABLE, UNSCHEDULABLE, CycleState, Handle, Profile, Status
from k8s_tutor.sim.scheduler.podinfo import PodInfo

NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"
MIN_PERCENT = 10
MIN_ABSOLUTE = 100


@dataclass(slots=True)
class Candidate:
    """A node, and the pods that would have to go, the most important first."""

    node: str
    victims: list[PodInfo]
    violations: int


def fit_message(total: int, statuses: Mapping[str, Status], absent: Sequence[str] = ()) -> str:
    """Return ``0/N nodes are available: …`` with the number of nodes for each reason; ``absent``: of nodes not named."""
    counts: dict[str, int] = {}
    for status in statuses.values():
        for reason in status.reasons:
            counts[reason] = counts.get(reason, 0) + 1
    if len(statuses) < total:
        for reason in absent:
            counts[reason] = counts.get(reason, 0) + total - len(statuses)
    text = ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))
    return f"0/{total} nodes are available:" + (f" {text}." if text else "")


def importance(pod: PodInfo) -> tuple[int, str]:
    """Order by importance: higher priority first, then the one that started earlier."""
    return -pod.priority, pod.start_time


class Preemption:
    """Finds the victims for one pod.

    Args:
        handle: the scheduler.
        profile: its plug-ins.
    """

    def __init__(self, handle: Handle, profile: Profile) -> None:
        self._handle = handle
        self._profile = profile

    def find(self, state: CycleState, pod: PodInfo, statuses: Mapping[str, Status]) -> Candidate | Status:
        """Return the best candidate, or why there is none."""
        refusal = self._not_eligible(pod, statuses)
        if refusal:
            return Status(UNSCHEDULABLE, (refusal,))
        nodes = self._handle.cache.list()
        potential = [node for node in nodes if node.name in statuses and statuses[node.name].code == UNSCHEDULABLE]
        candidates, refused = self._dry_run(state, pod, potential)
        if not candidates:
            return Status(UNSCHEDULABLE, (fit_message(len(nodes), refused, (NOT_HELPFUL,)),), "none")
        return pick(candidates)

    def _not_eligible(self, pod: PodInfo, statuses: Mapping[str, Status]) -> str:
        if pod.spec.get("preemptionPolicy") == "Never":
            return "not eligible due to preemptionPolicy=Never."
        name = pod.nominated_node
        node = self._handle.cache.get(name) if name else None
        if node is None or (name in statuses and statuses[name].code == UNRESOLVABLE):
            return ""
        for other in node.pods.values():
            if other.priority < pod.priority and _preempted(other):
                return "not eligible due to a terminating pod on the nominated node."
        return ""

    def _dry_run(
        self, state: CycleState, pod: PodInfo, potential: Sequence[NodeInfo]
    ) -> tuple[list[Candidate], dict[str, Status]]:
        budgets = self._handle.client.list("poddisruptionbudgets.policy")
        wanted = min(max(len(potential) * MIN_PERCENT // 100, MIN_ABSOLUTE), len(potential))
        offset = random.randrange(len(potential)) if potential else 0
        candidates: list[Candidate] = []
        refused: dict[str, Status] = {}
        for node in (*potential[offset:], *potential[:offset]):
            found = self._victims_on(state.clone(), pod, node.copy(), budgets)
            if isinstance(found, Status):
                refused[node.name] = found
                continue
            candidates.append(found)
            if len(candidates) >= wanted and any(not candidate.violations for candidate in candidates):
                break
        return candidates, refused

    def _victims_on(
        self, state: CycleState, pod: PodInfo, node: NodeInfo, budgets: Sequence[Json]
    ) -> Candidate | Status:
        potential = [other for other in node.pods.values() if other.priority < pod.priority]
        if not potential:
            return Status(UNRESOLVABLE, (NO_VICTIMS,))
        for other in potential:
            node.remove(other.uid)
            self._profile.remove_pod(state, pod, other, node)
        status = self._profile.filter_with_nominated(state, pod, node)
        if status is not None:
            return status
        violating, free = split_by_budget(sorted(potential, key=importance), budgets)
        victims: list[PodInfo] = []
        violations = 0
        for other in (*violating, *free):
            node.add(other)
            self._profile.add_pod(state, pod, other, node)
            if self._profile.filter_with_nominated(state, pod, node) is None:
                continue
            node.remove(other.uid)
            self._profile.remove_pod(state, pod, other, node)
            victims.append(other)
            violations += any(other is one for one in violating)
        return Candidate(node.name, sorted(victims, key=importance), violations)


def _preempted(pod: PodInfo) -> bool:
    conditions = (pod.pod.get("status") or {}).get("conditions") or ()
    return pod.terminating and any(
        c["type"] == "DisruptionTarget" and c["status"] == "True" and c.get("reason") == "PreemptionByScheduler"
        for c in conditions
    )


def split_by_budget(pods: Iterable[PodInfo], budgets: Sequence[Json]) -> tuple[list[PodInfo], list[PodInfo]]:
    """Split into those whose eviction would break a PodDisruptionBudget, and the others."""
    allowed = [(budget.get("status") or {}).get("disruptionsAllowed", 0) for budget in budgets]
    selectors = [from_label_selector(budget["spec"].get("selector")) for budget in budgets]
    violating: list[PodInfo] = []
    free: list[PodInfo] = []
    for pod in pods:
        violates = False
        for index, budget in enumerate(budgets):
            selector = selectors[index]
            if budget["metadata"]["namespace"] != pod.namespace or not pod.labels or selector.empty:
                continue
            if not selector.matches(pod.labels) or pod.name in (
                (budget.get("status") or {}).get("disruptedPods") or {}
            ):
                continue
            allowed[index] -= 1
            violates = violates or allowed[index] < 0
        (violating if violates else free).append(pod)
    return violating, free


def pick(candidates: Sequence[Candidate]) -> Candidate:
    """Return the candidate that does the least harm, by upstream's criteria in order."""

    def harm(candidate: Candidate) -> tuple[int, int, int, int]:
        victims = candidate.victims
        return (
            candidate.violations,
            victims[0].priority,
            sum(victim.priority + 2**31 for victim in victims),
            len(victims),
        )

    least = min(harm(candidate) for candidate in candidates)
    best = [candidate for candidate in candidates if harm(candidate) == least]

    def latest_start(candidate: Candidate) -> str:
        highest = candidate.victims[0].priority
        return min(victim.start_time for victim in candidate.victims if victim.priority == highest)

    return max(best, key=latest_start)
