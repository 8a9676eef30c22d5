"""Components that stop, nodes that go, events that expire, the trace of a request."""

from k8s_tutor.sim.machinery.recorder import Recorder
from tests.apiserver.api import CONFIGMAPS, call, configmap
from tests.conftest import ClusterFactory, ServerFactory


async def test_a_stopped_controller_manager_does_nothing(cluster: ClusterFactory) -> None:
    made = await cluster()
    client = made.client("admin", "test")
    made.set_component("kube-controller-manager", running=False)
    client.create("namespaces", {"metadata": {"name": "quiet"}})
    await made.clock.advance(10)
    assert client.get("serviceaccounts", "default", "quiet") is None
    made.set_component("kube-controller-manager", running=True)
    await made.clock.settle()
    assert client.get("serviceaccounts", "default", "quiet") is not None


async def test_a_node_that_is_off_becomes_not_ready(cluster: ClusterFactory) -> None:
    made = await cluster(1)
    client = made.client("admin", "test")
    await made.clock.advance(5)
    made.set_node("node1", running=False)
    await made.clock.advance(60)
    node = client.get("nodes", "node1")
    assert node is not None
    ready = next(c for c in node["status"]["conditions"] if c["type"] == "Ready")
    assert ready["status"] == "Unknown"


async def test_events_live_for_an_hour(cluster: ClusterFactory) -> None:
    made = await cluster()
    client = made.client("admin", "test")
    about = client.create("configmaps", {"metadata": {"name": "a", "namespace": "default"}})
    Recorder(made.clock, client, "test").event(about, "Normal", "Seen", "it was seen")
    await made.clock.advance(3500)
    assert len(client.list("events", "default")) == 1
    await made.clock.advance(300)
    assert client.list("events", "default") == []


async def test_the_trace_shows_the_way_of_a_write(server: ServerFactory) -> None:
    served = await server()
    await call(served, "POST", CONFIGMAPS, configmap("a"))
    await served.cluster.clock.settle()
    steps = [item["step"] for item in served.cluster.trace.items() if item["object"] == "create configmaps/default"]
    assert steps == [
        "authentication: admin",
        "authorization: allowed",
        "admission, validation and storage: done",
    ]
    assert any(item["object"] == "configmaps/default/a" for item in served.cluster.trace.items())
