"""How fast nodes of a zone are given up (upstream: ``handleDisruption`` and ``RateLimitedTimedQueue`` of nodelifecycle).

One node in ten seconds: when many are lost at once, it is rather the network than the nodes. Where most nodes of a zone
are lost, a small cluster gives up none more; when all nodes of the cluster are lost, nobody is given up at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from k8s_tutor.apimachinery.unstructured import Json

RATE, REDUCED_RATE = 0.1, 0.01
LARGE_CLUSTER = 50
UNHEALTHY = 0.55
ZONE_LABELS = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone")
EXCLUDED = "node.kubernetes.io/exclude-disruption"


class State(StrEnum):
    """How a zone is."""

    INITIAL = "Initial"
    NORMAL = "Normal"
    PARTIAL = "PartialDisruption"
    FULL = "FullDisruption"


def zone_of(node: Json) -> str:
    """Return the name of a node's zone; nodes that do not tell share one."""
    labels = node["metadata"].get("labels") or {}
    return "/".join(labels.get(label, "") for label in ZONE_LABELS)


def state_of(ready: Sequence[bool]) -> State:
    """Return the state of a zone by which of its nodes are ready."""
    lost = len(ready) - sum(ready)
    if ready and lost == len(ready):
        return State.FULL
    if lost > 2 and lost / len(ready) >= UNHEALTHY:
        return State.PARTIAL
    return State.NORMAL


def rate_of(state: State, size: int) -> float:
    """Return how many nodes a second are given up."""
    if state is State.PARTIAL:
        return REDUCED_RATE if size > LARGE_CLUSTER else 0.0
    return RATE


@dataclass(slots=True)
class Zone:
    """The nodes of a zone that wait to be given up, and the limit of their rate (a bucket of one token)."""

    since: float
    state: State = State.INITIAL
    rate: float = RATE
    tokens: float = 1.0
    waiting: dict[str, None] = field(default_factory=dict)

    def limit(self, rate: float, now: float) -> None:
        """Change the rate; only a bucket that was full stays so."""
        if rate == self.rate:
            return
        self._fill(now)
        self.tokens = 1.0 if self.tokens >= 1 and self.rate else 0.0
        self.rate = rate

    def take(self, now: float) -> Iterable[str]:
        """Yield nodes whose turn it is."""
        self._fill(now)
        while self.waiting and self.rate and self.tokens >= 1:
            self.tokens -= 1
            name = next(iter(self.waiting))
            del self.waiting[name]
            yield name

    def pause(self) -> float | None:
        """Return the seconds until the next turn, if somebody waits for one."""
        if not self.waiting or not self.rate:
            return None
        return max(0.0, 1 - self.tokens) / self.rate

    def _fill(self, now: float) -> None:
        self.tokens = min(1.0, self.tokens + (now - self.since) * self.rate)
        if self.tokens > 1 - 1e-9:
            self.tokens = 1.0
        self.since = now


class Zones:
    """All zones."""

    def __init__(self) -> None:
        self.by_name: dict[str, Zone] = {}

    def of(self, node: Json, now: float) -> Zone:
        """Return a node's zone, new if need be."""
        return self.by_name.setdefault(zone_of(node), Zone(now))

    def judge(self, health: Iterable[tuple[Json, bool]], now: float) -> tuple[bool, bool]:
        """Take in which nodes are ready; tells whether all of the cluster has just been lost, or is just back."""
        ready: dict[str, list[bool]] = {}
        for node, is_ready in health:
            if EXCLUDED not in (node["metadata"].get("labels") or {}):
                ready.setdefault(zone_of(node), []).append(is_ready)
        for name in set(self.by_name) - set(ready):
            self.by_name[name].state = State.INITIAL
        states = {name: state_of(nodes) for name, nodes in ready.items()}
        for name in states:
            self.by_name.setdefault(name, Zone(now))
        all_lost = all(state is State.FULL for state in states.values())
        were_lost = all(self.by_name[name].state is State.FULL for name in states)
        if all_lost and were_lost:
            return False, False
        for name, state in states.items():
            zone = self.by_name[name]
            if state is not zone.state or were_lost:
                zone.limit(0.0 if all_lost else rate_of(state, len(ready[name])), now)
            zone.state = state
        return all_lost, were_lost
