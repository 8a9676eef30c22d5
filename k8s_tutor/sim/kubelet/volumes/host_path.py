"""``hostPath`` volumes: a place of the node's own files (upstream: ``pkg/volume/hostpath``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.volumes.base import Mounted, MountError, VolumeContext, VolumePlugin


def mount_path(path: str, type_: str, context: VolumeContext) -> Mounted:
    """Return a path of the node.

    Raises:
        MountError: it is not of the type that is asked for.
    """
    problem = context.node_files.check(path, type_)
    if problem:
        raise MountError(f"hostPath type check failed: {problem}")
    return Mounted(context.node_files.root, prefix=path)


class HostPathVolume(VolumePlugin):
    """A file or directory of the simulated node."""

    sources = ("hostPath",)

    def mount(self, pod: Json, volume: Json, context: VolumeContext) -> Mounted:
        source = volume["hostPath"]
        return mount_path(source["path"], source.get("type") or "", context)
