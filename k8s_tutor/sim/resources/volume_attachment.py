"""VolumeAttachments (upstream: ``registry/storage/volumeattachment``)."""

from dataclasses import replace
from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.storage.persistent_volumes import check_volume_spec
from k8s_tutor.sim.resources.shared.storage.volume_sources import csi_driver_name

_ONE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
_MAX_METADATA, _MAX_MESSAGE = 256 * 1024, 1024


class VolumeAttachmentStrategy(KindStrategy):
    """The kind VolumeAttachment."""

    resource = "volumeattachments.storage.k8s.io"
    allow_unconditional_update = False
    has_status = True
    columns = table.table(
        table.NAME,
        replace(table.doc("storage.v1", "VolumeAttachmentSpec", "attacher", "Attacher"), format="name"),
        table.doc("storage.v1", "VolumeAttachmentSource", "persistentVolumeName", "PV"),
        table.doc("storage.v1", "VolumeAttachmentSpec", "nodeName", "Node"),
        table.doc("storage.v1", "VolumeAttachmentStatus", "attached", "Attached", "boolean"),
        table.AGE,
    )

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        csi_driver_name(spec, "attacher")
        self._check_source(spec.at("source"))
        spec.judge("nodeName", names.is_dns1123_subdomain)
        self.check_status(v, old or {})
        volume = spec.at("source").get("persistentVolumeName")
        if volume is not None:
            spec.at("source").judge("persistentVolumeName", names.is_dns1123_subdomain)

    def _check_source(self, v: At) -> None:
        name, inline = v.get("persistentVolumeName"), v.get("inlineVolumeSpec")
        if name is None and inline is None:
            v.required("", _ONE)
        elif name is not None and inline is not None:
            v.forbidden("", _ONE)
        elif name is not None:
            v.need("persistentVolumeName", "must specify non empty persistentVolumeName")
        else:
            check_volume_spec(v.at("inlineVolumeSpec"), "", inline=True)

    def check_update(self, v: At, old: Json) -> None:
        self.check(v, old)
        v.immutable_declared("spec", old)

    def check_status(self, v: At, old: Json) -> None:
        status = v.at("status")
        metadata = status.get("attachmentMetadata") or {}
        if sum(len(key.encode()) + len(value.encode()) for key, value in metadata.items()) > _MAX_METADATA:
            status.too_long("attachmentMetadata", _MAX_METADATA)
        for name in ("attachError", "detachError"):
            error = status.at(name)
            if len(error.text("message").encode()) > _MAX_MESSAGE:
                error.too_long("message", _MAX_MESSAGE)
            if error.number("errorCode") < 0:
                error.invalid("errorCode", f"must be between 0 and {2**31 - 1}, inclusive")

    def row(self, obj: Json, now: float) -> list[Any]:
        spec = obj.get("spec") or {}
        return [
            obj["metadata"]["name"],
            spec.get("attacher") or "",
            (spec.get("source") or {}).get("persistentVolumeName") or "",
            spec.get("nodeName") or "",
            bool((obj.get("status") or {}).get("attached")),
            table.created(obj, now),
        ]
