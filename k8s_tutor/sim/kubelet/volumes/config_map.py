"""``configMap`` volumes (upstream: ``pkg/volume/configmap``)."""

import base64
from collections.abc import Callable

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.volumes.base import (
    DEFAULT_MODE,
    Mounted,
    MountError,
    Projected,
    VolumeContext,
    VolumePlugin,
    projection,
    select,
)


def content(source: Json, name: str, namespace: str, mode: int, context: VolumeContext) -> Projected:
    """Return a ConfigMap's files.

    Raises:
        MountError: it, or a key, is missing.
    """
    optional = bool(source.get("optional"))
    found = context.get("configmaps", namespace, name)
    if found is None:
        if optional:
            return Projected({}, {}, mode)
        raise MountError(f'configmap "{name}" not found')
    data = {key: value.encode() for key, value in (found.get("data") or {}).items()}
    data |= {key: base64.b64decode(value) for key, value in (found.get("binaryData") or {}).items()}
    return select(data, source.get("items"), mode, "configmap references non-existent config key", optional=optional)


class ConfigMapVolume(VolumePlugin):
    """Keys as files, updated live."""

    sources = ("configMap",)

    def mount(self, pod: Json, volume: Json, context: VolumeContext) -> Mounted:
        source, namespace = volume["configMap"], pod["metadata"]["namespace"]
        name = source.get("name", "")
        mode = source.get("defaultMode", DEFAULT_MODE)

        def make(_: Json) -> Callable[[], Projected]:
            files = content(source, name, namespace, mode, context)
            return lambda: files

        return projection(pod, context, make, frozenset({("configmaps", namespace, name)}))
