"""``emptyDir`` volumes: a directory that lives as long as the pod (upstream: ``pkg/volume/emptydir``)."""

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.volumes.base import Mounted, VolumeContext, VolumePlugin, empty_mode, fs_group
from k8s_tutor.sim.runtime.volume import Volume


class EmptyDirVolume(VolumePlugin):
    """On disk it may grow beyond its limit, and the pod is evicted; in memory the limit is the file system's size."""

    sources = ("emptyDir",)

    def mount(self, pod: Json, volume: Json, context: VolumeContext) -> Mounted:
        source = volume["emptyDir"] or {}
        limit = Quantity.parse(source["sizeLimit"]).value() if source.get("sizeLimit") else 0
        memory = source.get("medium") == "Memory"
        gid = fs_group(pod)
        mode = empty_mode(gid, memory=memory)
        tree = Volume(limit if memory and limit else None, memory=memory, mode=mode, gid=gid, now=context.now())
        return Mounted(tree, limit=limit or None, own=True, local=not memory)
