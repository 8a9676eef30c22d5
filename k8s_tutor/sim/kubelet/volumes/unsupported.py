"""Kinds that a simulated node cannot mount: they fail as on a node without the driver or the helper program."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.volumes.base import Mounted, MountError, VolumeContext, VolumePlugin

HELPER = "mount failed: exit status 32; Mounting command: mount; Output: mount: bad option; for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type> helper program."
OTHERS = (
    "iscsi", "fc", "rbd", "cephfs", "glusterfs", "azureDisk", "azureFile", "gcePersistentDisk", "awsElasticBlockStore",
    "cinder", "vsphereVolume", "portworxVolume", "scaleIO", "storageos", "quobyte", "flocker", "photonPersistentDisk",
    "flexVolume", "gitRepo",
)  # fmt: skip


def refuse(source: Json) -> None:
    """Raise for sources that need a server or a driver outside the node.

    Raises:
        MountError: in the words of a real node.
    """
    if source.get("nfs"):
        raise MountError(HELPER)
    driver = (source.get("csi") or {}).get("driver")
    if driver:
        why = f"driver name {driver} not found in the list of registered CSI drivers"
        raise MountError(f"kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: {why}")
    kind = next((name for name in OTHERS if source.get(name)), None)
    if kind:
        raise MountError(f"no volume plugin matched name: kubernetes.io/{kind.lower()}")


class UnsupportedVolume(VolumePlugin):
    """Everything without a plug-in of its own."""

    sources = ("*",)

    def mount(self, pod: Json, volume: Json, context: VolumeContext) -> Mounted:
        refuse(volume)
        raise MountError("no volume plugin matched")
