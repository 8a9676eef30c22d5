"""How fast an autoscaler may go: stabilisation windows and scaling policies (upstream: ``podautoscaler/horizontal.go``)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from k8s_tutor.apimachinery.unstructured import Json

DOWN_WINDOW = 300
UP_LIMIT_FACTOR = 2.0
UP_LIMIT_LEAST = 4.0
TOO_MANY = ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
TOO_FEW = ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
UP_LIMIT = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
DOWN_LIMIT = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
WITHIN = ("DesiredWithinRange", "the desired count is within the acceptable range")
DOWN_STABLE = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
)
UP_STABLE = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
)
READY = ("ReadyForNewScale", "recommended size matches current size")


@dataclass(slots=True)
class History:
    """What was recommended when, and by how much the target was scaled when."""

    recommended: list[tuple[float, int]] = field(default_factory=list)
    up: list[tuple[float, int]] = field(default_factory=list)
    down: list[tuple[float, int]] = field(default_factory=list)

    def scaled(self, now: float, before: int, after: int) -> None:
        """Remember a change of size."""
        (self.up if after > before else self.down).append((now, abs(after - before)))

    def recommend(self, now: float, count: int, keep: float) -> None:
        """Remember a recommendation; those older than ``keep`` seconds are forgotten."""
        self.recommended = [item for item in self.recommended if item[0] > now - keep]
        self.recommended.append((now, count))


@dataclass(frozen=True, slots=True)
class Decision:
    """The size to go to, with the reasons and texts of AbleToScale and ScalingLimited."""

    replicas: int
    able: tuple[str, str]
    limited: tuple[str, str]


def decide(
    history: History, behavior: Json | None, current: int, wanted: int, bounds: tuple[int, int], now: float
) -> Decision:
    """Bring a wanted size within windows, rates and bounds (least, most)."""
    if behavior is None:
        return _by_default(history, current, wanted, bounds, now)
    up, down = behavior.get("scaleUp") or {}, behavior.get("scaleDown") or {}
    stable, able = _stabilize(history, up, down, current, wanted, now)
    limited = _limit(history, (up, down), current, stable, bounds, now)
    return Decision(limited[0], able, limited[1])


def _by_default(history: History, current: int, wanted: int, bounds: tuple[int, int], now: float) -> Decision:
    recent = [count for time, count in history.recommended if time > now - DOWN_WINDOW]
    stable = max([wanted, *recent])
    history.recommend(now, wanted, DOWN_WINDOW)
    able = READY if stable == wanted else DOWN_STABLE
    least, most = bounds
    fastest = int(max(UP_LIMIT_FACTOR * current, UP_LIMIT_LEAST))
    if stable < least:
        return Decision(least, able, TOO_FEW)
    if stable > min(most, fastest):
        return Decision(min(most, fastest), able, UP_LIMIT if most > fastest else TOO_MANY)
    return Decision(stable, able, WITHIN)


def _stabilize(
    history: History, up: Json, down: Json, current: int, wanted: int, now: float
) -> tuple[int, tuple[str, str]]:
    up_window = up.get("stabilizationWindowSeconds") or 0
    down_window = down.get("stabilizationWindowSeconds")
    down_window = DOWN_WINDOW if down_window is None else down_window
    lowest = min([wanted, *(count for time, count in history.recommended if time > now - up_window)])
    highest = max([wanted, *(count for time, count in history.recommended if time > now - down_window)])
    stable = min(max(current, lowest), highest)
    history.recommend(now, wanted, max(up_window, down_window))
    if stable == wanted:
        return stable, READY
    return stable, UP_STABLE if wanted >= current else DOWN_STABLE


def _limit(
    history: History, rules: tuple[Json, Json], current: int, wanted: int, bounds: tuple[int, int], now: float
) -> tuple[int, tuple[str, str]]:
    least, most = bounds
    if wanted > current:
        fastest = max(current, _rate(history, rules[0], current, now, up=True))
        if wanted > min(most, fastest):
            return min(most, fastest), UP_LIMIT if most > fastest else TOO_MANY
    elif wanted < current:
        slowest = min(current, _rate(history, rules[1], current, now, up=False))
        if wanted < max(least, slowest):
            return max(least, slowest), DOWN_LIMIT if least < slowest else TOO_FEW
    return wanted, WITHIN


def _changed(events: Sequence[tuple[float, int]], seconds: int, now: float) -> int:
    return sum(change for time, change in events if time > now - seconds)


def _rate(history: History, rules: Json, current: int, now: float, *, up: bool) -> int:
    """Return the farthest size that the policies allow now."""
    select = rules.get("selectPolicy", "Max")
    if select == "Disabled":
        return current
    proposals: list[int] = []
    for policy in rules.get("policies") or ():
        period, value = policy["periodSeconds"], policy["value"]
        start = current - _changed(history.up, period, now) + _changed(history.down, period, now)
        if policy["type"] == "Pods":
            proposals.append(start + value if up else start - value)
        else:
            proposals.append(math.ceil(start * (1 + value / 100)) if up else int(start * (1 - value / 100)))
    if not proposals:
        return current
    return max(proposals) if (select == "Max") == up else min(proposals)
