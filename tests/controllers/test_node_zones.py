"""How fast lost nodes are given up: by zones, in virtual time."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.controllers.nodelifecycle_zones import State, Zone, rate_of, state_of
from k8s_tutor.sim.registry.client import LocalClient
from tests.controllers.test_small_controllers import ready

Make = Callable[..., Awaitable[Cluster]]
ZONE = "topology.kubernetes.io/zone"


@pytest.mark.parametrize(
    ("ready_nodes", "lost", "state"),
    [
        (1, 0, State.NORMAL),
        (0, 1, State.FULL),
        (1, 2, State.NORMAL),
        (1, 3, State.PARTIAL),
        (5, 4, State.NORMAL),
        (4, 5, State.PARTIAL),
        (0, 5, State.FULL),
    ],
)
def test_states(ready_nodes: int, lost: int, state: State) -> None:
    assert state_of([True] * ready_nodes + [False] * lost) is state


def test_rates() -> None:
    assert rate_of(State.NORMAL, 5) == rate_of(State.FULL, 5) == 0.1
    assert rate_of(State.PARTIAL, 50) == 0
    assert rate_of(State.PARTIAL, 51) == 0.01


def test_one_at_once_then_one_in_ten_seconds() -> None:
    zone = Zone(0.0)
    zone.waiting.update(dict.fromkeys("abc"))
    assert list(zone.take(100.0)) == ["a"]
    assert zone.pause() == 10.0
    assert list(zone.take(109.0)) == []
    assert list(zone.take(110.0)) == ["b"]
    zone.limit(0.0, 110.0)
    assert list(zone.take(500.0)) == []
    assert zone.pause() is None


def say(client: LocalClient, name: str, status: str) -> None:
    def change(obj: Json) -> None:
        obj["status"]["conditions"] = [{"type": "Ready", "status": status, "lastHeartbeatTime": "2027-01-15T08:00:00Z"}]

    client.change("nodes", "", name, change, "status")


def make_nodes(client: LocalClient, names: Sequence[str], zone: str = "") -> None:
    for name in names:
        client.create("nodes", {"metadata": {"name": name, "labels": {ZONE: zone} if zone else {}}})
        say(client, name, "True")


def evicting(client: LocalClient) -> list[str]:
    found = []
    for node in client.list("nodes"):
        effects = {taint["effect"] for taint in (node.get("spec") or {}).get("taints") or ()}
        if "NoExecute" in effects:
            found.append(node["metadata"]["name"])
    return sorted(found)


async def test_nodes_of_a_zone_are_given_up_one_by_one(cluster: Make) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    make_nodes(client, ["a1", "a2", "a3", "a4"], "a")
    make_nodes(client, ["b1"], "b")
    await clock.advance(6)
    say(client, "a1", "False")
    say(client, "a2", "Unknown")
    await clock.advance(6)
    assert evicting(client) == ["a1"]
    await clock.advance(10)
    assert evicting(client) == ["a1", "a2"]
    reasons = {
        node["metadata"]["name"]: [taint["key"] for taint in node["spec"]["taints"] if taint["effect"] == "NoExecute"]
        for node in client.list("nodes")
        if node["metadata"]["name"] in {"a1", "a2"}
    }
    assert reasons == {"a1": ["node.kubernetes.io/not-ready"], "a2": ["node.kubernetes.io/unreachable"]}
    say(client, "a1", "True")
    await clock.advance(6)
    assert evicting(client) == ["a2"]


async def test_most_nodes_of_a_small_zone_are_not_given_up(cluster: Make) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    make_nodes(client, ["n1", "n2", "n3", "n4"])
    await clock.advance(6)
    for name in ("n1", "n2", "n3"):
        say(client, name, "False")
    await clock.advance(12)
    assert evicting(client) == []
    say(client, "n3", "True")
    await clock.advance(26)
    assert evicting(client) == ["n1", "n2"]


async def test_when_all_are_lost_nobody_is_given_up(cluster: Make) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    make_nodes(client, ["n1", "n2"])
    await clock.advance(6)
    say(client, "n1", "False")
    await clock.advance(6)
    assert evicting(client) == ["n1"]
    say(client, "n2", "False")
    await clock.advance(30)
    assert evicting(client) == []
    say(client, "n2", "True")
    await clock.advance(12)
    assert evicting(client) == ["n1"]


async def test_a_node_that_told_nothing_yet_is_open(cluster: Make) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    client.create("nodes", {"metadata": {"name": "bare"}})
    await clock.advance(1)
    node = client.get("nodes", "bare")
    assert node is not None
    assert node["spec"] == {}
    assert node["metadata"]["annotations"] == {"node.alpha.kubernetes.io/ttl": "0"}
