"""Which pods go first, and the short names of templates."""

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.pods import deletion_rank, is_available, next_available
from k8s_tutor.sim.controllers.templatehash import template_hash
from k8s_tutor.sim.machinery.meta import ALPHABET

NOW = parse_time("2027-01-15T09:00:00Z")


def pod(
    name: str,
    *,
    node: str = "n",
    phase: str = "Running",
    ready: str | None = "08:00:00",
    restarts: int = 0,
    cost: str = "0",
) -> Json:
    conditions = []
    if ready is not None:
        conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": f"2027-01-15T{ready}Z"}]
    return {
        "metadata": {
            "name": name,
            "uid": name,
            "creationTimestamp": "2027-01-15T07:00:00Z",
            "annotations": {"controller.kubernetes.io/pod-deletion-cost": cost},
        },
        "spec": {"nodeName": node},
        "status": {
            "phase": phase,
            "conditions": conditions,
            "containerStatuses": [{"name": "c", "restartCount": restarts}],
        },
    }


def test_deletion_order() -> None:
    """Unbound, pending, not ready, cheap, crowded, newly ready, often restarted; then the rest."""
    expected = [
        (pod("unbound", node="", phase="Pending", ready=None), 0),
        (pod("pending", phase="Pending", ready=None), 0),
        (pod("not-ready", ready=None), 0),
        (pod("cheap", cost="-5"), 0),
        (pod("crowded"), 3),
        (pod("new", ready="08:59:58"), 0),
        (pod("flaky", restarts=4), 0),
        (pod("good"), 0),
    ]
    shuffled = sorted(expected, key=lambda item: str(item[0]["metadata"]["name"]))
    ranked = sorted(shuffled, key=lambda item: deletion_rank(item[0], item[1], NOW))
    assert [found["metadata"]["name"] for found, _ in ranked] == [found["metadata"]["name"] for found, _ in expected]


def test_availability_comes_after_a_time_of_readiness() -> None:
    found = pod("p", ready="08:59:55")
    assert is_available(found, 0, NOW)
    assert not is_available(found, 10, NOW)
    assert next_available([found], 10, NOW) == 5
    assert next_available([found], 0, NOW) is None


def test_hash() -> None:
    one = template_hash({"spec": {"nodeName": "a", "hostname": "b"}})
    assert one == template_hash({"spec": {"hostname": "b", "nodeName": "a"}})
    assert one != template_hash({"spec": {"nodeName": "a", "hostname": "b"}}, 1)
    assert set(one) <= set(ALPHABET)
    assert 8 <= len(one) <= 10
