"""What an autoscaler makes of its metrics, and how fast it may go."""

import pytest

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.autoscaling_metrics import MetricError, propose
from k8s_tutor.sim.controllers.autoscaling_rate import History, decide

NOW = parse_time("2027-01-15T09:00:00Z")
CPU = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}


def pod(name: str, phase: str = "Running") -> Json:
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2027-01-15T08:00:00Z"}
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "100m", "memory": "1Mi"}}}]},
        "status": {"phase": phase, "startTime": "2027-01-15T08:00:00Z", "conditions": [ready]},
    }


def replicas(use: dict[str, int], current: int, pods: list[Json] | None = None) -> int:
    pods = pods if pods is not None else [pod(name) for name in use]
    return propose(CPU, lambda _: {name: {"c": value} for name, value in use.items()}, pods, current, NOW).replicas


@pytest.mark.parametrize(("use", "wanted"), [(100, 4), (52, 2), (45, 2), (54, 2), (60, 3), (10, 1)])
def test_by_the_ratio_outside_a_tolerance_of_a_tenth(use: int, wanted: int) -> None:
    assert replicas({"a": use, "b": use}, 2) == wanted


def test_missing_pods_dampen() -> None:
    pods = [pod("a"), pod("b"), pod("c")]
    assert replicas({"a": 10, "b": 10}, 3, pods) == 3  # the missing one is taken to use all it asked for
    assert replicas({"a": 100, "b": 100}, 3, pods) == 4  # and here nothing


def test_pods_that_are_not_up_yet_count_as_idle_when_growing() -> None:
    assert replicas({"a": 100}, 2, [pod("a"), pod("b", "Pending")]) == 2


def test_without_requests_or_metrics() -> None:
    bare = pod("a")
    bare["spec"]["containers"][0]["resources"] = {}
    with pytest.raises(MetricError, match="missing request for cpu in container c of Pod a"):
        replicas({"a": 1}, 1, [bare])
    with pytest.raises(MetricError) as refused:
        propose(CPU, lambda _: None, [pod("a")], 1, NOW)
    assert str(refused.value) == (
        "failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource "
        "metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"
    )


def test_status_of_a_metric() -> None:
    proposal = propose(CPU, lambda _: {"a": {"c": 30}}, [pod("a")], 1, NOW)
    assert proposal.status == {"averageUtilization": 30, "averageValue": "30m"}
    assert proposal.name == "cpu resource utilization (percentage of request)"


def test_average_value() -> None:
    memory = {"name": "memory", "target": {"type": "AverageValue", "averageValue": "100"}}
    found = propose(memory, lambda _: {"a": {"c": 300}}, [pod("a")], 1, NOW)
    assert (found.replicas, found.name) == (3, "memory resource")


def test_up_to_twice_or_four_and_the_maximum() -> None:
    assert decide(History(), None, 1, 9, (1, 20), NOW).replicas == 4
    assert decide(History(), None, 1, 9, (1, 20), NOW).limited[0] == "ScaleUpLimit"
    assert decide(History(), None, 5, 30, (1, 8), NOW).limited[0] == "TooManyReplicas"
    assert decide(History(), None, 3, 0, (2, 8), NOW).limited[0] == "TooFewReplicas"


def test_down_only_when_five_minutes_agree() -> None:
    history = History([(NOW - 100, 5)])
    decision = decide(history, None, 5, 2, (1, 10), NOW)
    assert (decision.replicas, decision.able[0]) == (5, "ScaleDownStabilized")
    assert decide(history, None, 5, 2, (1, 10), NOW + 250).replicas == 2


def test_policies() -> None:
    behavior = {
        "scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]},
        "scaleDown": {
            "stabilizationWindowSeconds": 0,
            "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}],
        },
    }
    history = History()
    assert decide(history, behavior, 3, 9, (1, 20), NOW).replicas == 5
    history.scaled(NOW, 3, 5)
    assert decide(history, behavior, 5, 9, (1, 20), NOW + 30).replicas == 5
    assert decide(history, behavior, 5, 9, (1, 20), NOW + 61).replicas == 7
    down = decide(History(), behavior, 8, 1, (1, 20), NOW + 61)
    assert (down.replicas, down.limited[0]) == (4, "ScaleDownLimit")
    disabled = {"scaleDown": {"selectPolicy": "Disabled", "stabilizationWindowSeconds": 0}}
    assert decide(History(), disabled, 8, 1, (1, 20), NOW).replicas == 8
