"""Claims: the PersistentVolume behind a PersistentVolumeClaim (upstream: ``volumemanager``'s populator, ``local``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.volumes.base import Mounted, MountError, VolumeContext, VolumePlugin, fs_group, give_to_group
from k8s_tutor.sim.kubelet.volumes.host_path import mount_path
from k8s_tutor.sim.kubelet.volumes.unsupported import refuse

UNMOUNTED = "Unable to attach or mount volumes: unmounted volumes=[{0}], unattached volumes=[], failed to process volumes=[{0}]: "


def mount_claim(pod: Json, name: str, claim_name: str, context: VolumeContext) -> Mounted:
    """Return the volume that a claim is bound to.

    Raises:
        MountError: the claim is missing, not bound, or of a kind that is not mounted here.
    """
    namespace = pod["metadata"]["namespace"]
    head = UNMOUNTED.format(name) + f"error processing PVC {namespace}/{claim_name}: "
    claim = context.get("persistentvolumeclaims", namespace, claim_name)
    if claim is None:
        why = f'failed to fetch PVC from API server: persistentvolumeclaims "{claim_name}" not found'
        raise MountError(head + why, whole=True)
    if (claim.get("status") or {}).get("phase") != "Bound" or not claim["spec"].get("volumeName"):
        raise MountError(head + "PVC is not bound", whole=True)
    volume = context.get("persistentvolumes", "", claim["spec"]["volumeName"])
    if volume is None:
        why = f"failed to fetch PV {claim['spec']['volumeName']} from API server"
        raise MountError(UNMOUNTED.format(name) + why, whole=True)
    mounted = mount_persistent(volume, context)
    modes = volume["spec"].get("accessModes") or []
    mounted.read_only = modes == ["ReadOnlyMany"]
    return mounted


def mount_persistent(volume: Json, context: VolumeContext) -> Mounted:
    """Return what a PersistentVolume holds: a path of the node, or a tree of its own."""
    spec = volume["spec"]
    if spec.get("hostPath"):
        return mount_path(spec["hostPath"]["path"], spec["hostPath"].get("type") or "", context)
    if spec.get("local"):
        return mount_path(spec["local"]["path"], "Directory", context)
    refuse(spec)
    return Mounted(context.node_files.persistent(volume))


class PersistentVolumeClaimVolume(VolumePlugin):
    """A claim by name."""

    sources = ("persistentVolumeClaim",)

    def mount(self, pod: Json, volume: Json, context: VolumeContext) -> Mounted:
        source = volume["persistentVolumeClaim"]
        mounted = mount_claim(pod, volume["name"], source["claimName"], context)
        mounted.read_only = mounted.read_only or bool(source.get("readOnly"))
        if fs_group(pod) and not mounted.prefix and not mounted.read_only:
            give_to_group(mounted.volume.root, fs_group(pod))
        return mounted
