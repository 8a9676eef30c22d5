"""A pod with devices waits at its kubelet for a driver that no simulated node has."""

from k8s_tutor.apimachinery.unstructured import Json
from tests.kubelet.conftest import Node

CLAIMS = "resourceclaims.resource.k8s.io"


def claim(node: Node, **status: Json) -> None:
    spec = {"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "gpu"}}]}}
    api = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim"}
    node.create(CLAIMS, {**api, "metadata": {"name": "mine"}, "spec": spec})

    def change(obj: Json) -> None:
        obj["status"] = status

    if status:
        node.client.change(CLAIMS, "default", "mine", change, "status")


def messages(node: Node) -> list[str]:
    return [
        f"{event['message']} x{event['count']}"
        for event in node.client.list("events", "default")
        if event["reason"] == "FailedPrepareDynamicResources"
    ]


async def test_a_claim_must_be_reserved_for_the_pod(node: Node) -> None:
    claim(node)
    pod = await node.run(
        {"name": "main", "image": "busybox"}, resourceClaims=[{"name": "c", "resourceClaimName": "mine"}]
    )
    stored = node.client.get(CLAIMS, "mine", "default")
    assert stored is not None
    why = f"pod p ({pod['metadata']['uid']}) is not allowed to use ResourceClaim mine ({stored['metadata']['uid']})"
    assert messages(node) == [f"Failed to prepare dynamic resources: prepare dynamic resources: {why} x1"]
    assert pod["status"]["phase"] == "Pending"


async def test_no_driver_is_registered_and_it_is_tried_again_each_minute(node: Node) -> None:
    result = {"request": "r", "driver": "gpu.example.com", "pool": "p", "device": "d"}
    claim(node, allocation={"devices": {"results": [result]}})
    await node.run({"name": "main", "image": "busybox"}, resourceClaims=[{"name": "c", "resourceClaimName": "mine"}])
    await node.clock.advance(150)
    why = "prepare dynamic resources: DRA driver gpu.example.com is not registered"
    assert any(message.startswith(f"Failed to prepare dynamic resources: {why} x") for message in messages(node))
    assert int(messages(node)[-1].rsplit("x", 1)[1]) in {2, 3}
