"""The arithmetic of rollouts."""

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers import deployment_scaling as scaling
from k8s_tutor.sim.controllers.scaled import fenceposts, scaled


def deployment(replicas: int, surge: int | str = "25%", unavailable: int | str = "25%") -> Json:
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {
        "metadata": {"name": "web"},
        "spec": {"replicas": replicas, "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}},
    }


def replica_set(name: str, replicas: int, maximum: int, created: int = 0) -> Json:
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": f"2027-01-01T00:00:{created:02}Z",
            "annotations": {scaling.MAXIMUM: str(maximum)},
        },
        "spec": {"replicas": replicas},
    }


@pytest.mark.parametrize(
    ("value", "total", "up", "down"),
    [("25%", 10, 3, 2), ("25%", 4, 1, 1), ("10%", 1, 1, 0), ("100%", 7, 7, 7), (3, 10, 3, 3), (None, 10, 0, 0)],
)
def test_scaled(value: int | str | None, total: int, up: int, down: int) -> None:
    assert scaled(value, total, round_up=True) == up
    assert scaled(value, total, round_up=False) == down


def test_one_pod_may_always_be_unavailable_if_there_is_no_surge() -> None:
    assert fenceposts(0, "10%", 3) == (0, 1)
    assert fenceposts("25%", "25%", 1) == (1, 0)


@pytest.mark.parametrize(
    ("replicas", "total", "current", "wanted"),
    [(10, 10, 0, 3), (10, 13, 3, 3), (10, 11, 3, 5), (4, 3, 3, 4), (10, 20, 2, 2)],
)
def test_growth_of_the_new_replica_set(replicas: int, total: int, current: int, wanted: int) -> None:
    assert scaling.new_size(deployment(replicas), total, current) == wanted


def test_recreate_grows_at_once() -> None:
    recreate = deployment(5)
    recreate["spec"]["strategy"] = {"type": "Recreate"}
    assert scaling.new_size(recreate, 5, 0) == 5
    assert scaling.max_surge(recreate) == 0


def sizes(found: list[tuple[Json, int]]) -> dict[str, int]:
    return {rs["metadata"]["name"]: size for rs, size in found}


def test_proportional_growth() -> None:
    """10 replicas, surge 3, rolled 8 old and 5 new, are scaled to 15: 18 in all, by share."""
    old, new = replica_set("old", 8, 13), replica_set("new", 5, 13, created=1)
    assert sizes(scaling.proportional(deployment(15, surge=3, unavailable=2), [old, new])) == {"old": 11, "new": 7}


def test_proportional_shrinking_and_to_nothing() -> None:
    old, new = replica_set("old", 8, 13), replica_set("new", 5, 13, created=1)
    assert sizes(scaling.proportional(deployment(5, surge=3, unavailable=2), [old, new])) == {"old": 5, "new": 3}
    assert sizes(scaling.proportional(deployment(0), [old, new])) == {"old": 0, "new": 0}


def test_revisions_are_remembered() -> None:
    found = replica_set("rs", 1, 1)
    web = deployment(1) | {"metadata": {"name": "web", "annotations": {"team": "x", scaling.REVISION: "2"}}}
    assert scaling.sync_annotations(web, found, 1, exists=False)
    assert found["metadata"]["annotations"] == {
        "team": "x",
        scaling.REVISION: "1",
        scaling.DESIRED: "1",
        scaling.MAXIMUM: "2",
    }
    assert scaling.sync_annotations(web, found, 3, exists=True)
    assert found["metadata"]["annotations"][scaling.REVISION_HISTORY] == "1"
    assert scaling.sync_annotations(web, found, 5, exists=True)
    assert found["metadata"]["annotations"][scaling.REVISION_HISTORY] == "1,3"
    assert not scaling.sync_annotations(web, found, 4, exists=True)


def test_templates_are_compared_without_their_hash() -> None:
    one = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}
    other = {"metadata": {"labels": {"app": "web", scaling.HASH_LABEL: "x"}}, "spec": {"containers": []}}
    assert scaling.same_template(one, other)
    assert not scaling.same_template(one, other | {"spec": {"containers": [{}]}})
