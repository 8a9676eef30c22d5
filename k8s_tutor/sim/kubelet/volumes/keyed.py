"""Volumes whose files are the keys of one object: what ``configMap`` and ``secret`` share.

Upstream has it twice, in ``pkg/volume/configmap`` and ``pkg/volume/secret``; they differ in where the name stands, in
where the bytes stand, and in the words for what is missing.
"""

import abc
from collections.abc import Callable
from typing import ClassVar

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


class KeyedVolume(VolumePlugin):
    """Keys as files, updated live."""

    resource: ClassVar[str]
    name_field: ClassVar[str]
    singular: ClassVar[str]
    no_such_key: ClassVar[str]
    on_disk: ClassVar[bool] = False

    @staticmethod
    @abc.abstractmethod
    def bytes_of(obj: Json) -> dict[str, bytes]:
        """Return the object's keys with what their files hold."""

    @classmethod
    def content(cls, source: Json, name: str, namespace: str, mode: int, context: VolumeContext) -> Projected:
        """Return the object's files.

        Raises:
            MountError: it, or a key, is missing.
        """
        optional = bool(source.get("optional"))
        found = context.get(cls.resource, namespace, name)
        if found is None:
            if optional:
                return Projected({}, {}, mode)
            raise MountError(f'{cls.singular} "{name}" not found')
        return select(cls.bytes_of(found), source.get("items"), mode, cls.no_such_key, optional=optional)

    def mount(self, pod: Json, volume: Json, context: VolumeContext) -> Mounted:
        source, namespace = volume[self.sources[0]], pod["metadata"]["namespace"]
        name = source.get(self.name_field, "")
        mode = source.get("defaultMode", DEFAULT_MODE)

        def make(_: Json) -> Callable[[], Projected]:
            files = self.content(source, name, namespace, mode, context)
            return lambda: files

        watched = frozenset({(self.resource, namespace, name)})
        return projection(pod, context, make, watched, on_disk=self.on_disk)
