"""Orphans find an owner at once, and what lost its owner finds it again, in virtual time."""

from collections.abc import Awaitable, Callable

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.machinery.meta import controller_of
from tests.controllers.test_small_controllers import ready

Make = Callable[..., Awaitable[Cluster]]
LABELS = {"app": "a"}
CONTAINERS = [{"name": "c", "image": "busybox:1.36", "command": ["sleep", "9999"]}]
TEMPLATE: Json = {"metadata": {"labels": LABELS}, "spec": {"containers": CONTAINERS}}
SELECTED: Json = {"selector": {"matchLabels": LABELS}, "template": TEMPLATE}
ONCE: Json = {"metadata": {"labels": LABELS}, "spec": {"containers": CONTAINERS, "restartPolicy": "Never"}}
SPECS: dict[str, Json] = {
    "jobs.batch": {"manualSelector": True, "selector": {"matchLabels": LABELS}, "template": ONCE},
    "replicasets.apps": SELECTED,
    "replicationcontrollers": {"selector": LABELS, "template": TEMPLATE},
    "statefulsets.apps": SELECTED | {"serviceName": "s"},
    "daemonsets.apps": SELECTED,
}


def lose_owner(pod: Json) -> None:
    del pod["metadata"]["ownerReferences"]


def lose_labels(pod: Json) -> None:
    pod["metadata"]["labels"] = {"app": "b"}


@pytest.mark.parametrize("resource", SPECS)
async def test_a_pod_comes_back_and_goes(cluster: Make, resource: str) -> None:
    client, clock, _ = await ready(cluster, nodes=1)
    client.create(resource, {"metadata": {"name": "w", "namespace": "x"}, "spec": SPECS[resource]})
    await clock.advance(5)
    (pod,) = client.list("pods", "x")
    name = pod["metadata"]["name"]
    client.change("pods", "x", name, lose_owner)
    await clock.advance(2)
    assert [controller_of(found) for found in client.list("pods", "x")] == [controller_of(pod)]
    adopted = client.get("pods", name, "x")
    assert adopted is not None
    assert adopted["metadata"].get("finalizers") == pod["metadata"].get("finalizers")
    client.change("pods", "x", name, lose_labels)
    await clock.advance(2)
    released = client.get("pods", name, "x")
    assert released is not None
    assert controller_of(released) is None
    assert "finalizers" not in released["metadata"]
