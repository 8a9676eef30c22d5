"""NodeVolumeLimits: a driver attaches only so many volumes to a node, as the node's CSINode says.

Volumes of the old in-tree kinds count with the driver that they were migrated to.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.framework import ClusterEvent, CycleState, Plugin, Skip, Status
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.scheduler.volumes import claim_names, class_of

EXCEEDED = "node(s) exceed max volume count"
_DRIVERS = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
}
# In-tree sources: the provisioner that they belong to, and the field that tells their volumes apart.
_SOURCES = {
    "awsElasticBlockStore": ("kubernetes.io/aws-ebs", "volumeID"),
    "gcePersistentDisk": ("kubernetes.io/gce-pd", "pdName"),
    "azureDisk": ("kubernetes.io/azure-disk", "diskURI"),
    "cinder": ("kubernetes.io/cinder", "volumeID"),
    "portworxVolume": ("kubernetes.io/portworx-volume", "volumeID"),
}
# Migrated too, but without a limit that counts.
_UNCOUNTED = frozenset({"kubernetes.io/azure-file", "kubernetes.io/vsphere-volume"})
_UNCOUNTED_SOURCES = ("azureFile", "vsphereVolume")


class Attached(NamedTuple):
    """A volume that a driver attaches, told apart from the driver's others by its handle."""

    driver: str
    handle: str


def _in_tree(source: Json) -> Attached | None:
    """Return the volume of an in-tree source, in a pod or in a PersistentVolume."""
    for name, (provisioner, key) in _SOURCES.items():
        if source.get(name):
            return Attached(_DRIVERS[provisioner], str(source[name].get(key)))
    return None


def _concerned(pod: PodInfo) -> bool:
    return any(
        volume.get("persistentVolumeClaim")
        or volume.get("ephemeral")
        or _in_tree(volume)
        or any(volume.get(name) for name in _UNCOUNTED_SOURCES)
        for volume in pod.spec.get("volumes") or ()
    )


class NodeVolumeLimits(Plugin):
    """Filters by the number of volumes."""

    name = "NodeVolumeLimits"
    filters = True
    events = frozenset(
        {
            "AssignedPod/Delete",
            "CSINode/Add",
            "CSINode/Update",
            "PersistentVolumeClaim/Add",
            "VolumeAttachment/Delete",
        }
    )

    def alike(self, pod: PodInfo) -> bool:
        return not _concerned(pod)

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        if not _concerned(pod):
            raise Skip
        return None

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        csi_node = self.handle.client.get("csinodes.storage.k8s.io", node.name)
        new = set(self._volumes(pod, csi_node))
        for driver in sorted({volume.driver for volume in new}):
            if not self._installed(driver, csi_node):
                return self.refuse(f"{driver} CSI driver is not installed on the node")
        limits = _limits(csi_node)
        if not new or not limits:
            return None
        attached = {volume for other in node.pods.values() for volume in self._volumes(other, csi_node)}
        held = attached | set(self._attachments(node.name))
        for driver, most in limits.items():
            more = _of(driver, new - attached)
            if more and _of(driver, held) + more > most:
                return self.refuse(EXCEEDED)
        return None

    def _installed(self, driver: str, csi_node: Json | None) -> bool:
        """Tell whether pods may go to the node, as far as the driver minds being absent."""
        known = self.handle.client.get("csidrivers.storage.k8s.io", driver)
        if known is None or not known["spec"].get("preventPodSchedulingIfMissing"):
            return True
        return any(item["name"] == driver for item in (csi_node or {"spec": {}})["spec"].get("drivers") or ())

    def _volumes(self, pod: PodInfo, csi_node: Json | None) -> Iterator[Attached]:
        """Yield what has to be attached for a pod; without a CSINode nothing counts as migrated."""
        for name, _ in claim_names(pod.pod):
            claim = self.handle.client.get("persistentvolumeclaims", name, pod.namespace)
            volume = self._of_claim(claim, csi_node) if claim is not None else None
            if volume is not None:
                yield volume
        if csi_node is not None:
            for source in pod.spec.get("volumes") or ():
                inline = _in_tree(source)
                if inline is not None:
                    yield inline

    def _of_claim(self, claim: Json, csi_node: Json | None) -> Attached | None:
        name = claim["spec"].get("volumeName")
        volume = self.handle.client.get("persistentvolumes", name) if name else None
        if volume is None:
            return self._to_be_made(claim, csi_node)
        csi = volume["spec"].get("csi")
        if csi:
            return Attached(csi["driver"], csi["volumeHandle"])
        return _in_tree(volume["spec"]) if csi_node is not None else None

    def _to_be_made(self, claim: Json, csi_node: Json | None) -> Attached | None:
        """Return the volume that a claim's class will make."""
        name = class_of(claim)
        storage_class = self.handle.client.get("storageclasses.storage.k8s.io", name) if name else None
        provisioner = str(storage_class["provisioner"]) if storage_class is not None else ""
        migrated = provisioner in _DRIVERS and csi_node is not None
        if not provisioner or provisioner in _UNCOUNTED or (provisioner in _DRIVERS and not migrated):
            return None
        handle = f"new {claim['metadata']['namespace']}/{claim['metadata']['name']}"
        return Attached(_DRIVERS.get(provisioner, provisioner), handle)

    def _attachments(self, node: str) -> Iterator[Attached]:
        for attachment in self.handle.client.list("volumeattachments.storage.k8s.io"):
            spec = attachment["spec"]
            name = (spec.get("source") or {}).get("persistentVolumeName")
            volume = self.handle.client.get("persistentvolumes", name) if spec["nodeName"] == node and name else None
            if volume is not None and volume["spec"].get("csi"):
                yield Attached(spec["attacher"], volume["spec"]["csi"]["volumeHandle"])

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        if event.name == "AssignedPod/Delete" and event.old is not None:
            return _concerned(PodInfo(event.old))
        if event.name == "CSINode/Update":
            before, after = _limits(event.old), _limits(event.new)
            return any(count > before.get(driver, 0) for driver, count in after.items())
        mine = {name for name, _ in claim_names(pod.pod)}
        if event.name == "PersistentVolumeClaim/Add" and event.new is not None:
            meta = event.new["metadata"]
            return meta["namespace"] == pod.namespace and meta["name"] in mine
        if event.name == "VolumeAttachment/Delete" and event.old is not None:
            inline = (_in_tree(volume) for volume in pod.spec.get("volumes") or ())
            claimed = any(volume.get("persistentVolumeClaim") for volume in pod.spec.get("volumes") or ())
            return claimed or any(one and one.driver == event.old["spec"]["attacher"] for one in inline)
        return True


def _of(driver: str, volumes: Iterable[Attached]) -> int:
    return sum(volume.driver == driver for volume in volumes)


def _limits(csi_node: Json | None) -> dict[str, int]:
    drivers = (csi_node or {"spec": {}})["spec"].get("drivers") or ()
    counts = ((item["name"], (item.get("allocatable") or {}).get("count")) for item in drivers)
    return {name: count for name, count in counts if count is not None}
