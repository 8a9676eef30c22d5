"""``image`` volumes: the files of an image, read-only (upstream: ``kubelet``'s image volume source)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.volumes.base import Mounted, MountError, VolumeContext, VolumePlugin
from k8s_tutor.sim.runtime.contract import CatalogueError
from k8s_tutor.sim.runtime.nodes import Directory
from k8s_tutor.sim.runtime.volume import Volume


class ImageVolume(VolumePlugin):
    """An image's tree, shared with all containers of that image."""

    sources = ("image",)

    def mount(self, pod: Json, volume: Json, context: VolumeContext) -> Mounted:
        reference = volume["image"].get("reference", "")
        try:
            image = context.catalogue().image(reference)
        except CatalogueError as error:
            raise MountError(f'failed to pull image "{reference}": {error}') from error
        tree = Volume(source="overlay", now=context.now())
        tree.root = Directory.over(image.root, tree.quota)
        return Mounted(tree, read_only=True)
