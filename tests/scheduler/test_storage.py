"""Volumes: how many a node may have, where new ones have room, which disks and claims are for one pod alone."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.framework import PluginError
from tests.scheduler.places import Places

STORAGE = {"apiVersion": "storage.k8s.io/v1"}
DRIVER = "disks.example.com"


def disk(places: Places, name: str, **spec: Any) -> Json:
    """Make a bound claim with a volume of its own; returns the pod's volume."""
    claims = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    source = spec or {"csi": {"driver": DRIVER, "volumeHandle": name}}
    modes = {"accessModes": ["ReadWriteOnce"], "storageClassName": "none"}
    size = {"storage": "1Gi"}
    places.client.create(
        "persistentvolumes",
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {**modes, "capacity": size, **source},
        },
    )
    made = {"pv.kubernetes.io/bind-completed": "yes"}
    places.client.create(
        "persistentvolumeclaims",
        {
            **claims,
            "metadata": {"name": name, "namespace": "default", "annotations": made},
            "spec": {**modes, "resources": {"requests": size}, "volumeName": name},
        },
    )
    return {"name": name, "persistentVolumeClaim": {"claimName": name}}


def limit(places: Places, node: str, **counts: int | None) -> None:
    drivers = [
        {"name": name.replace("_", "."), "nodeID": node, **({"allocatable": {"count": count}} if count else {})}
        for name, count in counts.items()
    ]
    csi_node = {**STORAGE, "kind": "CSINode", "metadata": {"name": node}, "spec": {"drivers": drivers}}
    places.client.create("csinodes.storage.k8s.io", csi_node)


def pod_with(places: Places, volumes: Iterable[Mapping[str, Any]], **more: Any) -> Any:
    pod = places.pod(volumes=list(volumes), **more)
    pod.namespace = "default"
    pod.pod["metadata"]["namespace"] = "default"
    return pod


async def test_a_driver_attaches_only_so_many(places: Places) -> None:
    places.node("n1")
    limit(places, "n1", disks_example_com=2)
    volumes = [disk(places, name) for name in "abc"]
    running = pod_with(places, volumes[:2])
    running.node_name = "n1"
    places.cache.add_pod(running)
    assert places.decide(pod_with(places, volumes[:2])) == "n1"  # the same volumes are attached once
    assert places.decide(pod_with(places, volumes[2:])) == (
        "0/1 nodes are available: 1 node(s) exceed max volume count. "
        "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
    )


async def test_migrated_volumes_count_with_their_driver(places: Places) -> None:
    places.node("n1")
    limit(places, "n1", ebs_csi_aws_com=1)
    inline = [{"name": name, "awsElasticBlockStore": {"volumeID": name}} for name in "ab"]
    assert places.decide(pod_with(places, inline[:1])) == "n1"
    assert "node(s) exceed max volume count" in places.decide(pod_with(places, inline))


async def test_attachments_of_others_count(places: Places) -> None:
    places.node("n1")
    limit(places, "n1", disks_example_com=1)
    volumes = [disk(places, name) for name in "ab"]
    spec = {"attacher": DRIVER, "nodeName": "n1", "source": {"persistentVolumeName": "a"}}
    attachment = {**STORAGE, "kind": "VolumeAttachment", "metadata": {"name": "x"}, "spec": spec}
    places.client.create("volumeattachments.storage.k8s.io", attachment)
    assert "node(s) exceed max volume count" in places.decide(pod_with(places, volumes[1:]))


async def test_a_driver_may_insist_on_being_there(places: Places) -> None:
    places.node("n1")
    spec = {"preventPodSchedulingIfMissing": True}
    driver = {**STORAGE, "kind": "CSIDriver", "metadata": {"name": DRIVER}, "spec": spec}
    places.client.create("csidrivers.storage.k8s.io", driver)
    pod = pod_with(places, [disk(places, "a")])
    assert f"1 {DRIVER} CSI driver is not installed on the node" in places.decide(pod)
    limit(places, "n1", disks_example_com=None)
    assert places.decide(pod) == "n1"


async def test_new_volumes_need_room(places: Places) -> None:
    for name in ("n1", "n2"):
        places.node(name)
    create = places.client.create
    mode = {"provisioner": DRIVER, "volumeBindingMode": "WaitForFirstConsumer"}
    create("storageclasses.storage.k8s.io", {**STORAGE, "kind": "StorageClass", "metadata": {"name": "w"}, **mode})
    spec = {"storageCapacity": True}
    create("csidrivers.storage.k8s.io", {**STORAGE, "kind": "CSIDriver", "metadata": {"name": DRIVER}, "spec": spec})
    for node, room in (("n1", "1Gi"), ("n2", "5Gi")):
        capacity = {
            "storageClassName": "w",
            "capacity": room,
            "nodeTopology": {"matchLabels": {"kubernetes.io/hostname": node}},
        }
        meta = {"name": node, "namespace": "default"}
        create(
            "csistoragecapacities.storage.k8s.io",
            {**STORAGE, "kind": "CSIStorageCapacity", "metadata": meta, **capacity},
        )
    for name, size in (("some", "3Gi"), ("much", "9Gi")):
        claim = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "w",
            "resources": {"requests": {"storage": size}},
        }
        meta = {"name": name, "namespace": "default"}
        create(
            "persistentvolumeclaims",
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": claim},
        )
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": name}} for name in ("some", "much")]
    assert places.decide(pod_with(places, volumes[:1])) == "n2"
    assert "2 node(s) did not have enough free storage" in places.decide(pod_with(places, volumes[1:]))


@pytest.mark.parametrize(
    ("source", "shared"),
    [
        ({"gcePersistentDisk": {"pdName": "d"}}, False),
        ({"gcePersistentDisk": {"pdName": "d", "readOnly": True}}, True),
        ({"awsElasticBlockStore": {"volumeID": "d", "readOnly": True}}, False),
        ({"rbd": {"monitors": ["m"], "image": "d"}}, False),
        ({"iscsi": {"iqn": "d", "targetPortal": "t", "lun": 0, "readOnly": True}}, True),
    ],
)
async def test_a_disk_is_for_one_pod_of_a_node(places: Places, source: Json, shared: bool) -> None:
    places.node("n1")
    places.run("n1", volumes=[{"name": "v", **source}])
    decision = places.decide(places.pod(volumes=[{"name": "v", **source}]))
    assert (decision == "n1") is shared
    assert shared or "1 node(s) had no available disk" in decision


async def test_an_ephemeral_claim_must_be_made_and_be_the_pods_own(places: Places) -> None:
    places.node("n1")
    pod = pod_with(places, [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}], name="p")
    assert places.decide(pod) == (
        '0/1 nodes are available: waiting for ephemeral volume controller to create the persistentvolumeclaim "p-v". '
        "not found"
    )
    disk(places, "p-v")
    refused = "0/1 nodes are available: PVC default/p-v was not created for pod default/p (pod is not owner). not found"
    assert places.decide(pod) == refused


async def test_features_that_a_node_must_declare(places: Places) -> None:
    rules = [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}]
    pod = places.pod(container={"restartPolicy": "Never", "restartPolicyRules": rules})
    places.node("n1")
    assert "1 node(s) didn't match Pod's required features" in places.decide(pod)
    node = places.cache.nodes["n1"].node
    assert node is not None
    declared = {"declaredFeatures": ["RestartAllContainersOnContainerExits"]}
    places.cache.set_node({**node, "status": node["status"] | declared})
    assert places.decide(pod) == "n1"


async def test_a_preference_that_is_no_selector_is_an_error_where_it_matters(places: Places) -> None:
    term = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b c"]}]}
    affinity = {
        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": term}]}
    }
    places.node("n1")
    assert places.decide(places.pod(affinity=affinity)) == "n1"
    places.node("n2")
    with pytest.raises(PluginError, match=r'running PreScore plugin "NodeAffinity": \[0\]\.matchExpressions\[0\]'):
        places.decide(places.pod(affinity=affinity))
