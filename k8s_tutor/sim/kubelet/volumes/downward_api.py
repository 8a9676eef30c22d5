"""``downwardAPI`` volumes: the pod's fields as files (upstream: ``pkg/volume/downwardapi``)."""

from collections.abc import Callable

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.downward import FieldError, field_value, resource_value
from k8s_tutor.sim.kubelet.volumes.base import (
    DEFAULT_MODE,
    Mounted,
    MountError,
    Projected,
    VolumeContext,
    VolumePlugin,
    projection,
)


def content(pod: Json, source: Json, mode: int, context: VolumeContext) -> Projected:
    """Return the files.

    Raises:
        MountError: a field that the downward API does not have.
    """
    files, modes = {}, {}
    for item in source.get("items") or ():
        try:
            if item.get("fieldRef"):
                text = field_value(pod, item["fieldRef"]["fieldPath"], context.addresses(pod))
            else:
                text = resource_value(pod, {}, item["resourceFieldRef"], context.allocatable())
        except FieldError as error:
            raise MountError(str(error)) from error
        files[item["path"]] = text.encode()
        if item.get("mode") is not None:
            modes[item["path"]] = item["mode"]
    return Projected(files, modes, mode)


class DownwardApiVolume(VolumePlugin):
    """Labels, annotations and resources as files; they follow the pod's changes."""

    sources = ("downwardAPI",)

    def mount(self, pod: Json, volume: Json, context: VolumeContext) -> Mounted:
        source = volume["downwardAPI"]
        mode = source.get("defaultMode", DEFAULT_MODE)

        def make(present: Json) -> Callable[[], Projected]:
            files = content(present, source, mode, context)
            return lambda: files

        meta = pod["metadata"]
        return projection(pod, context, make, frozenset({("pods", meta["namespace"], meta["name"])}))
