"""How many replicas the metrics of a HorizontalPodAutoscaler ask for (upstream: ``replica_calculator.go``)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.pods import condition, is_terminating, phase
from k8s_tutor.sim.scheduler.requests import amount

Usage = Mapping[str, Mapping[str, int]]  # pod's name to container's name to amount
TOLERANCE = 0.1
CPU_INITIALIZATION = 300.0
INITIAL_READINESS = 30.0
WINDOW = 15.0


class MetricError(Exception):
    """A metric gives no number; the message is upstream's."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one metric asks for, and what it is at present."""

    replicas: int
    name: str
    status: Json


@dataclass(slots=True)
class _Groups:
    ready: int
    unready: set[str]
    missing: set[str]
    ignored: set[str]


def _is_unready(pod: Json, now: float) -> bool:
    """A pod that has just started uses more CPU than it will: it does not count until it has settled."""
    ready, started = condition(pod, "Ready"), (pod.get("status") or {}).get("startTime")
    if ready is None or not started:
        return True
    start, since = parse_time(started), parse_time(ready["lastTransitionTime"])
    if start + CPU_INITIALIZATION > now:
        return ready["status"] == "False" or now - WINDOW < since
    return ready["status"] == "False" and start + INITIAL_READINESS > since


def _group(pods: Sequence[Json], metrics: Mapping[str, int], resource: str, now: float) -> _Groups:
    groups = _Groups(0, set(), set(), set())
    for pod in pods:
        name = pod["metadata"]["name"]
        if is_terminating(pod) or phase(pod) == "Failed":
            groups.ignored.add(name)
        elif phase(pod) == "Pending":
            groups.unready.add(name)
        elif name not in metrics:
            groups.missing.add(name)
        elif resource == "cpu" and _is_unready(pod, now):
            groups.unready.add(name)
        else:
            groups.ready += 1
    return groups


def _requests(pods: Sequence[Json], resource: str, container: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for pod in pods:
        total = 0
        spec = pod["spec"]
        sidecars = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
        for item in (*spec["containers"], *sidecars):
            if container and item["name"] != container:
                continue
            wanted = ((item.get("resources") or {}).get("requests") or {}).get(resource)
            if wanted is None:
                name = pod["metadata"]["name"]
                raise MetricError(f"missing request for {resource} in container {item['name']} of Pod {name}")
            total += amount(resource, wanted)
        found[pod["metadata"]["name"]] = total
    return found


def _replicas(
    groups: _Groups,
    metrics: dict[str, int],
    current: int,
    ratio_of: Callable[[Mapping[str, int]], float],
    fallback: Callable[[str], int],
) -> int:
    """Return the number of replicas; pods without a number are assumed to dampen the change."""

    def within(value: float) -> bool:
        return 1 - TOLERANCE <= value <= 1 + TOLERANCE

    ratio = ratio_of(metrics)
    grows_with_unready = bool(groups.unready) and ratio > 1
    if not grows_with_unready and not groups.missing:
        return current if within(ratio) else math.ceil(ratio * groups.ready)
    for name in groups.missing:
        if ratio != 1:
            metrics[name] = fallback(name) if ratio < 1 else 0
    if grows_with_unready:
        metrics |= dict.fromkeys(groups.unready, 0)
    new = ratio_of(metrics)
    if within(new) or (ratio < 1 < new) or (new < 1 < ratio):
        return current
    wanted = math.ceil(new * len(metrics))
    if (new < 1 and wanted > current) or (new > 1 and wanted < current):
        return current
    return wanted


def propose(
    spec: Json, usage: Callable[[str], Usage | None], pods: Sequence[Json], current: int, now: float
) -> Proposal:
    """Return what one resource metric asks for.

    Args:
        spec: ``resource`` or ``containerResource`` of a MetricSpec.
        usage: of cpu (millicores) or memory (bytes) by pod and container; None if there is no metrics API.
        pods: those the target's selector matches.
        current: replicas at present.
        now: cluster time.
    """
    resource, container, goal = spec["name"], spec.get("container", ""), spec["target"]
    kind = "utilization" if goal.get("averageUtilization") is not None else "usage"
    try:
        found = usage(resource)
        if found is None:
            api = "the server could not find the requested resource (get pods.metrics.k8s.io)"
            why = f"unable to get metrics for resource {resource}: unable to fetch metrics from resource metrics API: {api}"
            raise MetricError(why)
        names = {pod["metadata"]["name"] for pod in pods}
        metrics = {
            name: sum(value for key, value in of_pod.items() if not container or key == container)
            for name, of_pod in found.items()
            if name in names
        }
        if not metrics:
            why = "no metrics returned from resource metrics API"
            raise MetricError(f"unable to get metrics for resource {resource}: {why}")
        return _judge(resource, container, goal, pods, metrics, current, now)
    except MetricError as error:
        raise MetricError(f"failed to get {resource} {kind}: {error}") from None


def _judge(
    resource: str,
    container: str,
    goal: Json,
    pods: Sequence[Json],
    metrics: dict[str, int],
    current: int,
    now: float,
) -> Proposal:
    groups = _group(pods, metrics, resource, now)
    for name in groups.ignored | groups.unready:
        metrics.pop(name, None)
    if not metrics:
        raise MetricError("did not receive metrics for targeted pods (pods might be unready)")
    average = sum(metrics.values()) // len(metrics)
    status: Json = {"averageValue": _quantity(resource, average)}
    if goal.get("averageUtilization") is None:
        target = amount(resource, goal["averageValue"])
        replicas = _replicas(groups, metrics, current, lambda m: sum(m.values()) / len(m) / target, lambda _: target)
        return Proposal(replicas, f"{resource} resource", status)
    percent = int(goal["averageUtilization"])
    requests = _requests(pods, resource, container)

    def utilization(of: Mapping[str, int]) -> float:
        total = sum(requests.get(name, 0) for name in of)
        if not total:
            raise MetricError("no metrics returned matched known pods")
        return sum(of.values()) * 100 // total

    status["averageUtilization"] = int(utilization(metrics))
    replicas = _replicas(
        groups,
        metrics,
        current,
        lambda m: utilization(m) / percent,
        lambda name: requests[name] * max(100, percent) // 100,
    )
    what = "container resource" if container else "resource"
    return Proposal(replicas, f"{resource} {what} utilization (percentage of request)", status)


def _quantity(resource: str, value: int) -> str:
    return str(Quantity.parse(f"{value}m")) if resource == "cpu" else str(Quantity.parse(value))
