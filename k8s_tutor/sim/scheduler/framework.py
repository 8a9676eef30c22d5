"""How plug-ins take part in a scheduling cycle (upstream: ``pkg/scheduler/framework``).

For one pod: every plug-in's ``pre_filter`` (which may narrow the nodes, refuse the pod, or say that the plug-in has
nothing to do), then ``filter`` node by node until the first refusal, then ``pre_score``, ``score`` and ``normalize``
over the nodes that are left. ``filter`` is run with the pods counted in for which room is being made (nominated).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient
from k8s_tutor.sim.scheduler.cache import Cache, NodeInfo
from k8s_tutor.sim.scheduler.podinfo import PodInfo

UNSCHEDULABLE = "Unschedulable"
UNRESOLVABLE = "UnschedulableAndUnresolvable"  # no preemption would help
MAX_SCORE = 100


@dataclass(frozen=True, slots=True)
class Status:
    """A refusal; success is None."""

    code: str
    reasons: tuple[str, ...]
    plugin: str = ""

    @property
    def message(self) -> str:
        """All reasons."""
        return ", ".join(self.reasons)


class Skip(Exception):  # noqa: N818 - not an error: the plug-in has nothing to do for this pod
    """Raised by ``pre_filter``: leave the plug-in out of this cycle's filters."""


class Refused(Exception):  # noqa: N818 - a decision, not an error
    """Raised by ``pre_filter``: the pod fits nowhere; carries the status."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status


class PluginError(Exception):
    """A plug-in failed, rather than refused: the pod is tried again after a back-off, whatever happens."""


@dataclass(slots=True)
class CycleState:
    """What plug-ins remember during one cycle, by plug-in; ``skip`` are those left out."""

    data: dict[str, Any] = field(default_factory=dict)
    skip: set[str] = field(default_factory=set)

    def clone(self) -> "CycleState":
        """Copy, so that the removal of victims can be tried out."""
        data = {name: value.clone() if hasattr(value, "clone") else value for name, value in self.data.items()}
        return CycleState(data, set(self.skip))


@dataclass(frozen=True, slots=True)
class ClusterEvent:
    """Something happened that may make a refused pod schedulable; ``name`` such as ``AssignedPod/Delete``."""

    name: str
    old: Json | None
    new: Json | None


class Handle(Protocol):
    """What plug-ins see of the scheduler."""

    cache: Cache
    client: LocalClient

    def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """Return the labels of a namespace."""

    def nominated(self, node_name: str) -> Sequence[PodInfo]:
        """Return the pods for which room is being made on a node."""

    def any_nominated(self) -> bool:
        """Tell whether room is being made for any pod."""

    def now(self) -> str:
        """Return the cluster's time, as objects write it."""


class Plugin:
    """Base of all plug-ins.

    Class attributes:
        name: upstream's.
        weight: of its score; 0 has none.
        events: names of the cluster events that may end a refusal by it.
        filters: whether it filters.
    """

    name: ClassVar[str] = ""
    weight: ClassVar[int] = 0
    filters: ClassVar[bool] = False
    events: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def pre_enqueue(self, pod: PodInfo) -> bool:
        """Tell whether it makes sense to try the pod at all."""
        return True

    def alike(self, pod: PodInfo) -> bool:
        """Tell whether pods that look like this one are treated like it (upstream's SignPod)."""
        return True

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        """Prepare; returns the names of the only nodes to look at, or None for all. May raise Skip or Refused."""
        return None

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        """Return a refusal, or None."""
        return None

    def add_pod(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo) -> None:
        """Update the prepared state: ``other`` is on the node after all."""

    def remove_pod(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo) -> None:
        """Update the prepared state: ``other`` is taken away from the node."""

    def post_filter(self, state: CycleState, pod: PodInfo) -> str:
        """Do something that may help a pod which no node took; returns what was done, or ""."""
        return ""

    def pre_score(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> bool:
        """Prepare scoring; False leaves the plug-in out."""
        return True

    def score(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> int:
        """Return a score, 0 to 100 unless ``normalize`` makes it so."""
        return 0

    def normalize(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo], scores: list[int]) -> list[int]:
        """Bring all nodes' scores into 0 to 100."""
        return scores

    def pre_bind(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> None:
        """Write what has to be written before the pod is bound to the node."""

    def ready(self, state: CycleState, pod: PodInfo) -> bool:
        """Tell whether what ``pre_bind`` asked for has come true, so that the pod can be bound; may raise PluginError."""
        return True

    def unreserve(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> None:
        """Undo ``pre_bind``: the pod could not be bound."""

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        """Tell whether an event of ``events`` may make this refused pod schedulable (upstream's QueueingHint)."""
        return True

    def refuse(self, *reasons: str, code: str = UNSCHEDULABLE) -> Status:
        """Return a refusal."""
        return Status(code, reasons, self.name)


def default_normalize(scores: list[int], *, reverse: bool) -> list[int]:
    """Scale to the highest being 100; ``reverse`` turns the order around."""
    highest = max(scores, default=0)
    if highest == 0:
        return [MAX_SCORE] * len(scores) if reverse else scores
    scaled = [score * MAX_SCORE // highest for score in scores]
    return [MAX_SCORE - score for score in scaled] if reverse else scaled


class Profile:
    """The plug-ins of a profile, run in order."""

    def __init__(self, plugins: Iterable[Plugin], handle: Handle) -> None:
        self.plugins = tuple(plugins)
        self.by_name = {plugin.name: plugin for plugin in self.plugins}
        self._filters = tuple(plugin for plugin in self.plugins if plugin.filters)
        self._scores = tuple(plugin for plugin in self.plugins if plugin.weight)
        self._gates = self._that("pre_enqueue")
        self._likeness = self._that("alike")
        self._helpers = self._that("post_filter")
        self._binders = self._that("pre_bind")
        self._waiting = self._that("ready")
        self._undoing = self._that("unreserve")[::-1]
        self._handle = handle

    def _that(self, hook: str) -> tuple[Plugin, ...]:
        """Return the plug-ins that do something at a point where most do nothing."""
        return tuple(plugin for plugin in self.plugins if getattr(type(plugin), hook) is not getattr(Plugin, hook))

    def pre_filter(
        self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]
    ) -> tuple[set[str] | None, set[str]]:
        """Run all; returns the nodes to look at (None: all) and the plug-ins that narrowed them. May raise Refused."""
        names: set[str] | None = None
        narrowed: set[str] = set()
        for plugin in self._filters:
            try:
                only = plugin.pre_filter(state, pod, nodes)
            except Skip:
                state.skip.add(plugin.name)
                continue
            except PluginError as error:
                raise PluginError(f'running PreFilter plugin "{plugin.name}": {error}') from None
            if only is not None:
                narrowed.add(plugin.name)
                names = only if names is None else names & only
                if not names:
                    listed = " ".join(sorted(narrowed))
                    why = f"node(s) didn't satisfy plugin(s) [{listed}] simultaneously"
                    why = why if len(narrowed) > 1 else f"node(s) didn't satisfy plugin {listed}"
                    raise Refused(Status(UNRESOLVABLE, (why,), plugin.name))
        return names, narrowed

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        """Return the first refusal of the node as it is."""
        skip = state.skip
        for plugin in self._filters:
            if plugin.name not in skip:
                try:
                    status = plugin.filter(state, pod, node)
                except PluginError as error:
                    raise PluginError(f'running "{plugin.name}" filter plugin: {error}') from None
                if status is not None:
                    return status
        return None

    def filter_with_nominated(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        """Filter with the more important nominated pods counted in, and then without them: both must fit."""
        nominated = [
            other
            for other in self._handle.nominated(node.name)
            if other.priority >= pod.priority and other.uid != pod.uid
        ]
        if nominated:
            with_them, copy = state.clone(), node.copy()
            for other in nominated:
                copy.add(other)
                self.add_pod(with_them, pod, other, copy)
            status = self.filter(with_them, pod, copy)
            if status is not None:
                return status
        return self.filter(state, pod, node)

    def add_pod(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo) -> None:
        """Tell all prepared plug-ins."""
        for plugin in self._filters:
            if plugin.name not in state.skip:
                plugin.add_pod(state, pod, other, node)

    def remove_pod(self, state: CycleState, pod: PodInfo, other: PodInfo, node: NodeInfo) -> None:
        """Tell all prepared plug-ins."""
        for plugin in self._filters:
            if plugin.name not in state.skip:
                plugin.remove_pod(state, pod, other, node)

    def pre_enqueue(self, pod: PodInfo) -> str:
        """Return the first plug-in that sees no sense in trying the pod, or ""."""
        return next((plugin.name for plugin in self._gates if not plugin.pre_enqueue(pod)), "")

    def alike(self, pod: PodInfo) -> bool:
        """Tell whether all plug-ins treat pods alike that look like this one."""
        return all(plugin.alike(pod) for plugin in self._likeness)

    def post_filter(self, state: CycleState, pod: PodInfo) -> list[str]:
        """Return what plug-ins did to help a pod which no node took."""
        return [done for plugin in self._helpers if (done := plugin.post_filter(state, pod))]

    def pre_bind(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> None:
        """Run all; raises PluginError, in upstream's words."""
        for plugin in self._binders:
            try:
                plugin.pre_bind(state, pod, node)
            except (ApiError, PluginError) as error:
                why = error.message if isinstance(error, ApiError) else error
                raise PluginError(f'running PreBind plugin "{plugin.name}": {why}') from None

    def ready(self, state: CycleState, pod: PodInfo) -> bool:
        """Tell whether no plug-in has to wait before the pod is bound; raises PluginError if waiting is in vain."""
        for plugin in self._waiting:
            try:
                if not plugin.ready(state, pod):
                    return False
            except PluginError as error:
                raise PluginError(f'running PreBind plugin "{plugin.name}": {error}') from None
        return True

    def unreserve(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> None:
        """Undo what was written for a pod that could not be bound."""
        for plugin in self._undoing:
            plugin.unreserve(state, pod, node)

    def scores(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> list[int]:
        """Return each node's weighted sum of scores."""
        totals = [0] * len(nodes)
        for plugin in self._scores:
            try:
                if not plugin.pre_score(state, pod, nodes):
                    continue
            except PluginError as error:
                raise PluginError(f'running PreScore plugin "{plugin.name}": {error}') from None
            scores = plugin.normalize(state, pod, nodes, [plugin.score(state, pod, node) for node in nodes])
            weight = plugin.weight
            totals = [total + weight * score for total, score in zip(totals, scores, strict=True)]
        return totals
