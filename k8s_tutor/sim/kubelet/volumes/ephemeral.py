"""``ephemeral`` volumes: a claim that the ephemeral-volume controller makes for the pod (named POD-VOLUME)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.volumes.base import Mounted, MountError, VolumeContext, VolumePlugin
from k8s_tutor.sim.kubelet.volumes.persistent_volume_claim import UNMOUNTED, mount_claim


class EphemeralVolume(VolumePlugin):
    """A claim that is the pod's own."""

    sources = ("ephemeral",)

    def mount(self, pod: Json, volume: Json, context: VolumeContext) -> Mounted:
        meta = pod["metadata"]
        name = f"{meta['name']}-{volume['name']}"
        claim = context.get("persistentvolumeclaims", meta["namespace"], name)
        if claim is not None and not _owned(claim, meta["uid"]):
            why = f"PVC {meta['namespace']}/{name} was not created for pod {meta['namespace']}/{meta['name']}"
            raise MountError(f"{UNMOUNTED.format(volume['name'])}{why} (pod is not owner)", whole=True)
        return mount_claim(pod, volume["name"], name, context)


def _owned(claim: Json, uid: str) -> bool:
    return any(one.get("uid") == uid for one in claim["metadata"].get("ownerReferences") or ())
