"""``secret`` volumes (upstream: ``pkg/volume/secret``)."""

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
    """Return a Secret's files.

    Raises:
        MountError: it, or a key, is missing.
    """
    optional = bool(source.get("optional"))
    found = context.get("secrets", namespace, name)
    if found is None:
        if optional:
            return Projected({}, {}, mode)
        raise MountError(f'secret "{name}" not found')
    data = {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
    return select(data, source.get("items"), mode, "references non-existent secret key", optional=optional)


class SecretVolume(VolumePlugin):
    """Keys as files in memory, updated live."""

    sources = ("secret",)

    def mount(self, pod: Json, volume: Json, context: VolumeContext) -> Mounted:
        source, namespace = volume["secret"], pod["metadata"]["namespace"]
        name = source.get("secretName", "")
        mode = source.get("defaultMode", DEFAULT_MODE)

        def make(_: Json) -> Callable[[], Projected]:
            files = content(source, name, namespace, mode, context)
            return lambda: files

        return projection(pod, context, make, frozenset({("secrets", namespace, name)}))
