"""Endpoints are meant for zones and nodes: by trafficDistribution, and by the older annotation."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.registry.client import LocalClient
from tests.controllers.test_real_rules import messages
from tests.controllers.test_small_controllers import ready

Make = Callable[..., Awaitable[Cluster]]
ZONE = "topology.kubernetes.io/zone"
SLICES = "endpointslices.discovery.k8s.io"
MODE = "service.kubernetes.io/topology-mode"


async def zoned(cluster: Make, zones: Sequence[str], pods: Sequence[int]) -> tuple[LocalClient, Clock]:
    """Make nodes of these zones, and on each so many ready pods behind the Service ``s``."""
    client, clock, _ = await ready(cluster, nodes=0)
    for number, zone in enumerate(zones):
        labels = {ZONE: zone} if zone else {}
        meta: Json = {"name": f"n{number}", "labels": labels}
        client.create("nodes", {"metadata": meta})

        def node_ready(obj: Json) -> None:
            status: Json = {
                "allocatable": {"cpu": "2", "pods": "99"},
                "conditions": [{"type": "Ready", "status": "True"}],
            }
            obj["status"] = status

        client.change("nodes", "", f"n{number}", node_ready, "status")
        for index in range(pods[number]):
            name = f"p{number}-{index}"
            spec: Json = {"nodeName": f"n{number}", "containers": [{"name": "c", "image": "nginx:1.27"}]}
            client.create("pods", {"metadata": {"name": name, "namespace": "x", "labels": {"app": "a"}}, "spec": spec})

            def pod_ready(obj: Json, ip: str = f"10.0.{number}.{index + 1}") -> None:
                condition: Json = {"type": "Ready", "status": "True", "lastTransitionTime": "2027-01-15T08:00:00Z"}
                obj["status"] |= {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "conditions": [condition]}

            client.change("pods", "x", name, pod_ready, "status")
    behind: Json = {"selector": {"app": "a"}, "ports": [{"port": 80}]}
    client.create("services", {"metadata": {"name": "s", "namespace": "x"}, "spec": behind})
    await clock.advance(2)
    return client, clock


def hints(client: LocalClient) -> list[str]:
    found = []
    for slice_ in client.list(SLICES, "x"):
        for endpoint in slice_["endpoints"]:
            given = endpoint.get("hints") or {}
            names = [item["name"] for key in ("forZones", "forNodes") for item in given.get(key) or ()]
            found.append("+".join(names))
    return sorted(found)


def set_spec(key: str, value: str | None) -> Callable[[Json], None]:
    def change(obj: Json) -> None:
        obj["spec"].pop(key, None)
        if value is not None:
            obj["spec"][key] = value

    return change


def automatic(obj: Json) -> None:
    obj["metadata"]["annotations"] = {MODE: "Auto"}


@pytest.mark.parametrize(
    ("how", "expected"),
    [("PreferClose", ["a", "b"]), ("PreferSameZone", ["a", "b"]), ("PreferSameNode", ["a+n0", "b+n1"])],
)
async def test_traffic_stays_close(cluster: Make, how: str, expected: list[str]) -> None:
    client, clock = await zoned(cluster, ["a", "b"], [1, 1])
    assert hints(client) == ["", ""]
    client.change("services", "x", "s", set_spec("trafficDistribution", how))
    await clock.advance(1)
    assert hints(client) == expected
    (slice_,) = client.list(SLICES, "x")
    assert slice_["metadata"]["generation"] == 2
    client.change("services", "x", "s", set_spec("trafficDistribution", None))
    await clock.advance(1)
    assert hints(client) == ["", ""]


async def test_endpoints_are_shared_out_to_zones(cluster: Make) -> None:
    client, clock = await zoned(cluster, ["a", "b"], [4, 2])
    client.change("services", "x", "s", automatic)
    await clock.advance(1)
    assert hints(client) == ["a", "a", "a", "b", "b", "b"]
    assert messages(client, "TopologyAwareHintsEnabled") == ["Topology Aware Hints has been enabled, addressType: IPv4"]
    client.change("services", "x", "s", lambda obj: obj["metadata"].pop("annotations") and None)
    await clock.advance(1)
    assert hints(client) == [""] * 6
    assert messages(client, "TopologyAwareHintsDisabled") == [
        "Topology Aware Hints has been disabled, addressType: IPv4"
    ]


FEW_NODES = "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
UNEVEN = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"


@pytest.mark.parametrize(
    ("zones", "pods", "why"),
    [
        (["a", ""], [3, 3], FEW_NODES),
        (["a", "a"], [3, 3], FEW_NODES),
        (["a", "b"], [1, 0], "Insufficient number of endpoints (1 endpoints, 2 zones)"),
        (["a", "b", "b"], [2, 0, 0], f"{UNEVEN} (2 endpoints, 2 zones)"),
    ],
)
async def test_hints_that_would_overload_are_not_given(
    cluster: Make, zones: list[str], pods: list[int], why: str
) -> None:
    client, clock = await zoned(cluster, zones, pods)
    client.change("services", "x", "s", automatic)
    await clock.advance(1)
    assert set(hints(client)) == {""}
    assert messages(client, "TopologyAwareHintsDisabled") == [f"{why}, addressType: IPv4"]


async def test_a_zone_more_is_given_its_share(cluster: Make) -> None:
    client, clock = await zoned(cluster, ["a", "b", "c"], [5, 4, 0])

    def turn(status: str) -> Callable[[Json], None]:
        def change(obj: Json) -> None:
            obj["status"]["conditions"] = [{"type": "Ready", "status": status}]

        return change

    client.change("nodes", "", "n2", turn("False"), "status")
    client.change("services", "x", "s", automatic)
    await clock.advance(1)
    assert hints(client) == ["a"] * 5 + ["b"] * 4
    client.change("nodes", "", "n2", turn("True"), "status")
    await clock.advance(1)
    assert hints(client) == ["a"] * 3 + ["b"] * 3 + ["c"] * 3
