"""Where a pod goes when several nodes would do."""

import pytest

from k8s_tutor.sim.scheduler.algorithm import feasible_to_find
from k8s_tutor.sim.scheduler.plugins.balanced_allocation import balance
from k8s_tutor.sim.scheduler.plugins.resources_fit import least_allocated
from tests.scheduler.places import Places


def test_least_allocated() -> None:
    assert least_allocated(250, 1000) == 75
    assert least_allocated(1001, 1000) == 0
    assert least_allocated(1, 0) == 0


def test_balance() -> None:
    assert balance(500, 1000, 50, 100) == 100
    assert balance(1000, 1000, 0, 100) == 50
    assert balance(5, 0, 1, 100) == 100


@pytest.mark.parametrize(("nodes", "enough"), [(5, 5), (99, 99), (100, 100), (1000, 420), (6000, 300), (10000, 500)])
def test_sampling(nodes: int, enough: int) -> None:
    assert feasible_to_find(nodes) == enough


async def test_the_emptier_node(places: Places) -> None:
    places.node("full")
    places.node("empty")
    places.run("full", requests={"cpu": "2", "memory": "4Gi"})
    assert places.decide(places.pod(requests={"cpu": "1", "memory": "2Gi"})) == "empty"


async def test_a_soft_taint_is_avoided(places: Places) -> None:
    places.node("soft", taints=[{"key": "a", "effect": "PreferNoSchedule"}])
    places.node("plain")
    places.run("plain", requests={"cpu": "1"})
    assert places.decide(places.pod()) == "plain"


async def test_preferred_node_affinity(places: Places) -> None:
    preference = {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}
    affinity = {
        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 10, "preference": preference}]}
    }
    places.node("a")
    places.node("b", labels={"disk": "ssd"})
    places.run("b", requests={"cpu": "1"})
    assert places.decide(places.pod(affinity=affinity)) == "b"


async def test_preferred_pod_affinity(places: Places) -> None:
    term = {"labelSelector": {"matchLabels": {"app": "cache"}}, "topologyKey": "kubernetes.io/hostname"}
    affinity = {
        "podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
    }
    places.node("a")
    places.node("b")
    places.run("b", labels={"app": "cache"}, requests={"cpu": "1"})
    assert places.decide(places.pod(affinity=affinity)) == "b"


async def test_images_present_count(places: Places) -> None:
    places.node("a")
    places.node("b")
    node = dict(places.cache.nodes["b"].node or {})
    node["status"] = node["status"] | {"images": [{"names": ["busybox:latest"], "sizeBytes": 900 * 1024 * 1024}]}
    places.cache.set_node(node)
    assert places.decide(places.pod()) == "b"


async def test_pods_that_look_alike_spread_as_one_by_one(places: Places) -> None:
    """The batch's shortcut decides as the ordinary way does: evenly over equal nodes."""
    for index in range(10):
        places.node(f"n{index}")
    for _ in range(50):
        pod = places.pod(labels={"app": "web"}, requests={"cpu": "100m"})
        name = places.decide(pod)
        places.cache.assume(pod, name)
    assert {len(node.pods) for node in places.cache.list()} == {5}
