"""A pod whose volumes have yet to come has a node, but is bound at the first look that finds them."""

from collections.abc import Awaitable, Callable

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.cluster import Cluster
from tests.scheduler.devices import Devices


@pytest.fixture
async def lab(cluster: Callable[..., Awaitable[Cluster]]) -> Devices:
    """A node, a class that waits for pods, a claim of it, a pod that uses the claim."""
    lab = Devices(await cluster())
    lab.node("n1")
    mode = {"provisioner": "disks.example.com", "volumeBindingMode": "WaitForFirstConsumer"}
    storage = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass"}
    lab.client.create("storageclasses.storage.k8s.io", {**storage, "metadata": {"name": "later"}, **mode})
    size = {"requests": {"storage": "1Gi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "later", "resources": size}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": spec}
    lab.client.create("persistentvolumeclaims", {**claim, "metadata": {"name": "c", "namespace": "default"}})
    await lab.cluster.clock.advance(1)
    await lab.pod("p", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}])
    return lab


def stored(lab: Devices) -> Json:
    pod = lab.client.get("pods", "p", "default")
    assert pod is not None
    return pod


def provision(lab: Devices) -> None:
    """Do what a provisioner does."""
    claim = lab.client.get("persistentvolumeclaims", "c", "default")
    assert claim is not None
    assert claim["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] == "n1"
    reference = {"kind": "PersistentVolumeClaim", "namespace": "default", "name": "c", "uid": claim["metadata"]["uid"]}
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "1Gi"},
        "claimRef": reference,
        "csi": {"driver": "disks.example.com", "volumeHandle": "v"},
        "storageClassName": "later",
    }
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": spec}
    lab.client.create("persistentvolumes", volume)


async def test_it_is_told_where_it_will_go_and_bound_at_the_next_second(lab: Devices) -> None:
    assert stored(lab)["status"]["nominatedNodeName"] == "n1"
    await lab.cluster.clock.advance(0.5)
    provision(lab)
    await lab.cluster.clock.advance(0.3)
    assert not stored(lab)["spec"].get("nodeName")
    await lab.cluster.clock.advance(0.3)
    assert stored(lab)["spec"]["nodeName"] == "n1"


async def test_after_ten_minutes_it_is_given_up_and_tried_again(lab: Devices) -> None:
    lab.cluster.components.stop("kube-controller-manager")  # the node has no kubelet to say that it is there
    await lab.cluster.clock.advance(598.2)
    lab.cluster.components.start("kube-controller-manager")
    why = 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'
    assert lab.fate("p") == why
    assert not stored(lab)["status"].get("nominatedNodeName")
    await lab.cluster.clock.advance(2)
    provision(lab)
    await lab.cluster.clock.advance(2)
    assert lab.fate("p") == "n1"


async def test_a_node_that_goes_ends_the_wait(lab: Devices) -> None:
    lab.client.delete("nodes", "n1")
    provision(lab)
    await lab.cluster.clock.advance(1)
    words = [
        event["message"] for event in lab.client.list("events", "default") if event["reason"] == "FailedScheduling"
    ]
    assert (
        'running PreBind plugin "VolumeBinding": binding volumes: failed to get node "n1": node "n1" not found' in words
    )


async def test_a_provisioner_that_fails_ends_the_wait(lab: Devices) -> None:
    def fail(obj: Json) -> None:
        del obj["metadata"]["annotations"]["volume.kubernetes.io/selected-node"]

    lab.client.change("persistentvolumeclaims", "default", "c", fail)
    await lab.cluster.clock.advance(1)
    words = [
        event["message"] for event in lab.client.list("events", "default") if event["reason"] == "FailedScheduling"
    ]
    assert 'running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC "c"' in words
