"""Claims get the devices they ask for, pods the nodes that have them (dynamic resource allocation)."""

from collections.abc import Awaitable, Callable

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.cluster import Cluster
from tests.scheduler.devices import DRIVER, Devices, device, wanted

NOT_HELPFUL = "Preemption is not helpful for scheduling"


@pytest.fixture
async def lab(cluster: Callable[..., Awaitable[Cluster]]) -> Devices:
    devices = Devices(await cluster())
    devices.node("n1", zone="a")
    devices.node("n2", zone="b")
    devices.device_class()
    await devices.cluster.clock.advance(1)
    return devices


async def test_a_pod_goes_where_the_device_is_and_the_claim_is_its_own(lab: Devices) -> None:
    lab.slice("n2", device("d0"))
    lab.claim("mine", wanted())
    assert await lab.pod("p", "mine") == "n2"
    claim = lab.stored("mine")
    assert claim["metadata"]["finalizers"] == ["resource.kubernetes.io/delete-protection"]
    assert lab.results("mine") == [{"request": "r0", "driver": DRIVER, "pool": "n2", "device": "d0"}]
    only = {"key": "metadata.name", "operator": "In", "values": ["n2"]}
    assert claim["status"]["allocation"]["nodeSelector"] == {"nodeSelectorTerms": [{"matchFields": [only]}]}
    assert [(one["resource"], one["name"]) for one in claim["status"]["reservedFor"]] == [("pods", "p")]


async def test_a_device_is_held_until_its_pod_is_gone(lab: Devices) -> None:
    lab.slice("n1", device("d0"))
    lab.template("each", wanted())
    assert await lab.pod("a", template="each") == "n1"
    refused = (
        f"0/2 nodes are available: 2 cannot allocate all claims. preemption: 0/2 nodes are available: 2 {NOT_HELPFUL}."
    )
    assert await lab.pod("b", template="each") == refused
    await lab.delete("a")
    assert lab.fate("b") == "n1"


async def test_a_named_claim_outlives_its_pod_without_devices(lab: Devices) -> None:
    lab.slice("n1", device("d0"))
    lab.claim("mine", wanted())
    await lab.pod("p", "mine")
    await lab.delete("p")
    claim = lab.stored("mine")
    assert not (claim.get("status") or {}).get("allocation")
    assert not claim["metadata"].get("finalizers")


async def test_a_claim_is_shared_and_binds_its_pods_to_its_nodes(lab: Devices) -> None:
    lab.slice("n1", device("d0"))
    lab.claim("mine", wanted())
    assert await lab.pod("a", "mine") == "n1"
    assert await lab.pod("b", "mine") == "n1"
    assert len(lab.stored("mine")["status"]["reservedFor"]) == 2
    refused = await lab.pod("c", "mine", nodeSelector={"zone": "b"})
    assert "1 resourceclaim not available on the node" in refused


async def test_a_pod_is_not_tried_before_its_claim_exists(lab: Devices) -> None:
    lab.slice("n1", device("d0"))
    assert await lab.pod("p", "later") == ""
    lab.claim("later", wanted())
    await lab.cluster.clock.advance(1)
    assert lab.fate("p") == "n1"


async def test_a_missing_class_is_named(lab: Devices) -> None:
    lab.claim("mine", {"firstAvailable": [{"name": "best", **wanted("none")}]})
    why = "request r0/best: device class none does not exist"
    assert await lab.pod("p", "mine") == (
        f"0/2 nodes are available: {why}. preemption: 0/2 nodes are available: 2 {NOT_HELPFUL}."
    )
    lab.slice("n2", device("d0"))
    lab.device_class("none")
    await lab.cluster.clock.advance(2)
    assert lab.fate("p") == "n2"


@pytest.mark.parametrize(
    ("requests", "devices", "found"),
    [
        ([wanted(count=2)], {}, ["d0", "d1"]),
        ([wanted(cel='device.attributes["gpu.example.com"].model == "big"')], {}, ["d1"]),
        ([wanted(cel='"memory" in device.capacity["gpu.example.com"]')], {}, ["d2"]),
        ([wanted(cel='device.capacity["gpu.example.com"].?memory.hasValue()')], {}, ["d2"]),
        ([wanted(allocationMode="All")], {}, ["d0", "d1", "d2"]),
        ([wanted(), wanted()], {"constraints": [{"matchAttribute": f"{DRIVER}/model"}]}, ["d1", "d2"]),
        ([wanted(count=2)], {"constraints": [{"distinctAttribute": f"{DRIVER}/numa"}]}, ["d0", "d2"]),
        ([{"firstAvailable": [{"name": "x", **wanted(count=9)}, {"name": "y", **wanted()}]}], {}, ["d0"]),
    ],
)
async def test_what_a_claim_asks_for(lab: Devices, requests: list[Json], devices: Json, found: list[str]) -> None:
    lab.slice(
        "n1",
        device("d0", model="small", numa=0),
        device("d1", model="big", numa=0),
        device("d2", model="big", numa=1, memory={"value": "40Gi"}),
    )
    lab.claim("mine", *requests, **devices)
    assert await lab.pod("p", "mine") == "n1"
    assert lab.devices_of("mine") == found


async def test_the_alternative_that_is_preferred_decides_the_node(lab: Devices) -> None:
    for node, model in (("n1", "small"), ("n2", "big")):
        lab.slice(node, device("d0", model=model))
    alternatives = [
        {"name": model, **wanted(cel=f'device.attributes["gpu.example.com"].model == "{model}"')}
        for model in ("big", "small")
    ]
    lab.claim("mine", {"firstAvailable": alternatives})
    assert await lab.pod("p", "mine") == "n2"
    assert lab.results("mine")[0]["request"] == "r0/big"


async def test_taints_of_devices_and_of_rules(lab: Devices) -> None:
    bad = {"key": "bad", "effect": "NoSchedule"}
    lab.slice("n1", device("d0", taints=[bad]))
    lab.slice("n2", device("d0"))
    rule = {"deviceSelector": {"driver": DRIVER, "pool": "n2"}, "taint": bad}
    lab.post("devicetaintrules", "DeviceTaintRule", "broken", rule)
    lab.claim("none", wanted())
    assert "2 cannot allocate all claims" in await lab.pod("p", "none")
    lab.claim("brave", wanted(tolerations=[{"key": "bad", "operator": "Exists"}]))
    assert await lab.pod("q", "brave", nodeSelector={"zone": "b"}) == "n2"


async def test_an_administrator_does_not_take_a_device_away(lab: Devices) -> None:
    def allow(obj: Json) -> None:
        obj["metadata"].setdefault("labels", {})["resource.kubernetes.io/admin-access"] = "true"

    lab.client.change("namespaces", "", "default", allow)
    lab.slice("n1", device("d0"))
    lab.claim("work", wanted())
    lab.claim("watch", wanted(adminAccess=True))
    assert await lab.pod("a", "work") == "n1"
    assert await lab.pod("b", "watch") == "n1"
    assert lab.results("watch")[0]["adminAccess"] is True


async def test_shares_of_a_device_are_rounded_up_and_add_up(lab: Devices) -> None:
    policy = {"default": "5Gi", "validRange": {"min": "5Gi", "step": "5Gi", "max": "20Gi"}}
    memory = {"value": "20Gi", "requestPolicy": policy}
    lab.slice("n1", device("d0", memory=memory, allowMultipleAllocations=True))
    for name, amount in (("a", "12Gi"), ("b", "1Gi"), ("c", "1Gi")):
        lab.claim(name, wanted(capacity={"requests": {"memory": amount}}))
    assert [await lab.pod(name, name) for name in ("a", "b")] == ["n1", "n1"]
    assert [lab.results(name)[0]["consumedCapacity"] for name in ("a", "b")] == [{"memory": "15Gi"}, {"memory": "5Gi"}]
    assert "cannot allocate all claims" in await lab.pod("c", "c")


async def test_parts_of_a_device_share_its_counters(lab: Devices) -> None:
    lab.slice("n1", count=2, sharedCounters=[{"name": "card", "counters": {"memory": {"value": "40Gi"}}}])
    parts = [
        device(name, consumesCounters=[{"counterSet": "card", "counters": {"memory": {"value": size}}}])
        for name, size in (("half", "20Gi"), ("whole", "40Gi"), ("other", "20Gi"))
    ]
    lab.slice("n1", *parts, count=2)
    lab.claim("both", wanted(count=2))
    assert await lab.pod("p", "both") == "n1"
    assert lab.devices_of("both") == ["half", "other"]


async def test_an_incomplete_pool_gives_nothing_and_stops_those_who_want_all(lab: Devices) -> None:
    lab.slice("n1", device("d0"), count=2)
    lab.claim("one", wanted())
    lab.claim("all", wanted(allocationMode="All"))
    assert "2 cannot allocate all claims" in await lab.pod("p", "one")
    why = "asks for all devices, but resource pool gpu.example.com/n1 is currently being updated"
    assert (
        await lab.pod("q", "all") == f'running "DynamicResources" filter plugin: claim default/all, request r0: {why}'
    )


async def test_a_selector_that_fails_is_an_error_with_a_hint(lab: Devices) -> None:
    lab.slice("n1", device("d0"))
    lab.claim("mine", wanted(cel='device.attributes["gpu.example.com"].model == "big"'))
    words = await lab.pod("p", "mine")
    assert words.startswith(
        'running "DynamicResources" filter plugin: claim default/mine: selector #0 on device '
        "gpu.example.com/n1/d0: CEL runtime error: no such key: model. consider using CEL optional chaining"
    )


async def test_an_extended_resource_that_a_class_stands_for(lab: Devices) -> None:
    lab.device_class("card", extendedResourceName="example.com/card")
    lab.slice("n2", device("d0"))
    amounts = {"example.com/card": "1"}
    assert await lab.pod("p", resources={"requests": amounts, "limits": amounts}) == "n2"
    pod = lab.client.get("pods", "p", "default")
    assert pod is not None
    status = pod["status"]["extendedResourceClaimStatus"]
    mapping = {"containerName": "c", "resourceName": "example.com/card", "requestName": "container-0-request-0"}
    assert status["requestMappings"] == [mapping]
    claim = lab.stored(status["resourceClaimName"])
    assert claim["metadata"]["generateName"] == "p-extended-resources-"
    assert lab.devices_of(status["resourceClaimName"]) == ["d0"]
    assert "cannot allocate all claims" in await lab.pod("q", resources={"requests": amounts, "limits": amounts})


async def test_configuration_of_class_and_claim(lab: Devices) -> None:
    def settings(value: int) -> Json:
        return {"opaque": {"driver": DRIVER, "parameters": {"speed": value}}}

    lab.device_class("tuned", config=[settings(1)])
    lab.slice("n1", device("d0"), device("d1"))
    lab.claim("mine", wanted("tuned"), wanted(), config=[{"requests": ["r1"], **settings(2)}])
    await lab.pod("p", "mine")
    assert lab.stored("mine")["status"]["allocation"]["devices"]["config"] == [
        {"source": "FromClass", "requests": ["r0"], **settings(1)},
        {"source": "FromClaim", "requests": ["r1"], **settings(2)},
    ]


async def test_a_claim_that_nobody_can_reach_loses_its_devices(lab: Devices) -> None:
    lab.slice("n1", device("d0"))
    lab.claim("mine", wanted())

    def allocate(obj: Json) -> None:
        name = {"key": "metadata.name", "operator": "In", "values": ["n1"]}
        result = {"request": "r0", "driver": DRIVER, "pool": "n1", "device": "d0"}
        selector = {"nodeSelectorTerms": [{"matchFields": [name]}]}
        obj["status"] = {"allocation": {"devices": {"results": [result]}, "nodeSelector": selector}}

    lab.client.change("resourceclaims.resource.k8s.io", "default", "mine", allocate, "status")
    await lab.pod("p", "mine", nodeSelector={"zone": "b"})
    words = [
        event["message"] for event in lab.client.list("events", "default") if event["reason"] == "FailedScheduling"
    ]
    assert "available on the node. deallocation of ResourceClaim completed, preemption: 0/2 nodes" in words[0]
    assert "1 cannot allocate all claims" in lab.fate("p")
    assert lab.devices_of("mine") == []


async def test_a_pod_that_was_bound_by_hand_is_entered_as_a_user(lab: Devices) -> None:
    lab.slice("n1", device("d0"))
    lab.claim("mine", wanted())
    await lab.pod("a", "mine")
    await lab.pod("b", "mine", nodeName="n1")
    assert {one["name"] for one in lab.stored("mine")["status"]["reservedFor"]} == {"a", "b"}


async def test_a_device_that_is_tainted_drives_its_pod_off(lab: Devices) -> None:
    lab.slice("n1", device("d0"))
    lab.slice("n2", device("d0"))
    lab.claim("mine", wanted())
    patience = {"key": "bad", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}
    lab.claim("patient", wanted(tolerations=[patience]))
    nodes = {await lab.pod("p", "mine"), await lab.pod("q", "patient")}
    assert nodes == {"n1", "n2"}
    rule = {"deviceSelector": {"driver": DRIVER}, "taint": {"key": "bad", "effect": "NoExecute"}}
    lab.post("devicetaintrules", "DeviceTaintRule", "broken", rule)
    await lab.cluster.clock.advance(2)
    assert lab.is_ending("p")
    assert not lab.is_ending("q")
    messages = [
        one["message"] for one in lab.client.list("events", "default") if one["reason"].startswith("DeviceTaint")
    ]
    assert messages == ["Marking for deletion"]
    await lab.cluster.clock.advance(60)
    assert lab.is_ending("q")


async def test_a_claim_used_twice_by_one_pod_is_allocated_once_and_refused_then(lab: Devices) -> None:
    lab.slice("n1", device("d0"), device("d1"))
    lab.claim("mine", wanted())
    await lab.pod("p", "mine", "mine")
    words = [
        event["message"] for event in lab.client.list("events", "default") if event["reason"] == "FailedScheduling"
    ]
    why = "claim default/mine got allocated elsewhere in the meantime"
    assert f'running PreBind plugin "DynamicResources": {why}' in words


async def test_a_device_may_have_to_be_waited_for(lab: Devices) -> None:
    conditions = {"bindingConditions": ["attached"], "bindingFailureConditions": ["broken"], "bindsToNode": True}
    lab.slice("n1", device("d0", **conditions))
    lab.claim("mine", wanted())

    def report(condition: str) -> None:
        def change(obj: Json) -> None:
            times = {"lastTransitionTime": "2026-01-01T00:00:00Z"}
            found = {"type": condition, "status": "True", "reason": "Driver", "message": "", **times}
            about = {"driver": DRIVER, "pool": "n1", "device": "d0"}
            obj["status"]["devices"] = [{**about, "conditions": [found]}]

        lab.client.change("resourceclaims.resource.k8s.io", "default", "mine", change, "status")

    await lab.pod("p", "mine")
    assert not (lab.client.get("pods", "p", "default") or {})["spec"].get("nodeName")
    report("broken")
    await lab.cluster.clock.advance(1)
    words = [
        event["message"] for event in lab.client.list("events", "default") if event["reason"] == "FailedScheduling"
    ]
    assert any('device binding failed: claim=mine, reason=Driver, message=""' in one for one in words)
    report("attached")
    await lab.cluster.clock.advance(20)
    assert lab.fate("p") == "n1"
