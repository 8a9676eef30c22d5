"""One scheduling cycle: filter, score, choose; or say in upstream's words why no node will do (``schedule_one.go``)."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from k8s_tutor.sim.scheduler.batch import Batch
from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import CycleState, Handle, PluginError, Profile, Refused, Status
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.scheduler.preemption import Candidate, Preemption, fit_message

NO_NODES = "no nodes available to schedule pods"
MIN_FEASIBLE = 100
MIN_PERCENT = 5


@dataclass(slots=True)
class Chosen:
    """A node for the pod; ``state`` is what plug-ins found out about it."""

    node: NodeInfo
    state: CycleState


@dataclass(slots=True)
class Unschedulable:
    """No node; ``rejectors`` are the plug-ins that refused (empty: there are no nodes), ``preempt`` what was found."""

    message: str
    rejectors: set[str] = field(default_factory=set)
    preempt: Candidate | None = None
    clear_nomination: bool = False


def feasible_to_find(nodes: int) -> int:
    """Return how many feasible nodes are enough, for a cluster of so many (``percentageOfNodesToScore`` adaptive)."""
    if nodes < MIN_FEASIBLE:
        return nodes
    percent = max(50 - nodes // 125, MIN_PERCENT)
    return max(nodes * percent // 100, MIN_FEASIBLE)


class Algorithm:
    """Decides for one pod after the other.

    Args:
        handle: the scheduler, with its cache.
        profile: the plug-ins.
    """

    def __init__(self, handle: Handle, profile: Profile) -> None:
        self._handle = handle
        self._profile = profile
        self._preemption = Preemption(handle, profile)
        self._batch = Batch(handle, profile)
        self._next_start = 0

    def schedule(self, pod: PodInfo) -> Chosen | Unschedulable:
        """Return the node the pod should go to, or why there is none and what to do about it.

        Raises:
            PluginError: it can not be told.
        """
        nodes = self._handle.cache.list()
        if not nodes:
            return Unschedulable(NO_NODES, clear_nomination=True)
        quick = self._batch.choose(pod, nodes)
        if quick is not None:
            return Chosen(quick, CycleState())
        state = CycleState()
        statuses: dict[str, Status] = {}
        try:
            names, narrowed = self._profile.pre_filter(state, pod, nodes)
        except Refused as refused:
            message = f"0/{len(nodes)} nodes are available: {refused.status.message}."
            return self._no_fit(state, pod, message, {}, {refused.status.plugin})
        feasible = self._nominated(state, pod) or self._feasible(state, pod, nodes, names, statuses)
        if feasible:
            return Chosen(self._best(state, pod, feasible), state)
        absent = (f"node(s) didn't satisfy plugin(s) [{' '.join(sorted(narrowed))}]",) if names is not None else ()
        message = fit_message(len(nodes), statuses, absent)
        rejectors = {status.plugin for status in statuses.values()} | (narrowed if names is not None else set())
        return self._no_fit(state, pod, message, statuses, rejectors)

    def _nominated(self, state: CycleState, pod: PodInfo) -> list[NodeInfo]:
        """The node on which room was made is tried first."""
        node = self._handle.cache.get(pod.nominated_node) if pod.nominated_node else None
        return [node] if node is not None and self._profile.filter_with_nominated(state, pod, node) is None else []

    def _feasible(
        self,
        state: CycleState,
        pod: PodInfo,
        nodes: Sequence[NodeInfo],
        names: set[str] | None,
        statuses: dict[str, Status],
    ) -> list[NodeInfo]:
        if names is not None:
            nodes = [node for node in nodes if node.name in names]
        total = len(nodes)
        enough = feasible_to_find(total)
        feasible: list[NodeInfo] = []
        start = self._next_start % total if total else 0
        seen = 0
        for index in range(total):
            node = nodes[(start + index) % total]
            seen += 1
            status = self._profile.filter_with_nominated(state, pod, node)
            if status is not None:
                statuses[node.name] = status
                continue
            feasible.append(node)
            if len(feasible) >= enough:
                break
        self._next_start = start + seen
        return feasible

    def _best(self, state: CycleState, pod: PodInfo, feasible: Sequence[NodeInfo]) -> NodeInfo:
        if len(feasible) == 1:
            return feasible[0]
        scores = self._profile.scores(state, pod, feasible)
        highest = max(scores)
        return random.choice([node for node, score in zip(feasible, scores, strict=True) if score == highest])

    def _no_fit(
        self, state: CycleState, pod: PodInfo, message: str, statuses: dict[str, Status], rejectors: set[str]
    ) -> Unschedulable:
        """See what can be done for a pod that no node took."""
        try:
            done = self._profile.post_filter(state, pod)
        except PluginError as error:
            return Unschedulable(f"{message} {error}", rejectors)
        found = self._preemption.find(state, pod, statuses)
        if isinstance(found, Status):
            text = ", ".join((*done, f"preemption: {found.message}"))
            return Unschedulable(f"{message} {text}", rejectors, None, found.plugin == "none")
        text = (
            f"preemption: found a potential placement for pod on node {found.node}, "
            f"preempting {len(found.victims)} victims"
        )
        return Unschedulable(f"{message} {text}", rejectors, found)


__all__ = ["NO_NODES", "Algorithm", "Chosen", "Unschedulable", "feasible_to_find"]
