"""PersistentVolumeClaims (upstream: ``registry/core/persistentvolumeclaim``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import quantities, table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.differences import difference
from k8s_tutor.sim.resources.shared.pods.pod_defaults import round_milli
from k8s_tutor.sim.resources.shared.pods.pod_warnings import claim_warnings
from k8s_tutor.sim.resources.shared.storage.claims import (
    check_claim_spec,
    default_claim_spec,
    settle_sources,
    short_modes,
)

BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
_FIXED = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
_RESIZE = (
    "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible",
    "NodeResizePending",
)  # fmt: skip


class PersistentVolumeClaimStrategy(KindStrategy):
    """The kind PersistentVolumeClaim."""

    resource = "persistentvolumeclaims"
    has_status = True
    columns = table.table(
        table.NAME,
        table.doc("core.v1", "PersistentVolumeClaimStatus", "phase", "Status"),
        table.doc("core.v1", "PersistentVolumeClaimSpec", "volumeName", "Volume"),
        table.doc("core.v1", "PersistentVolumeClaimStatus", "capacity", "Capacity"),
        table.doc("core.v1", "PersistentVolumeClaimStatus", "accessModes", "Access Modes"),
        table.plain("StorageClass", "StorageClass of the pvc"),
        table.plain("VolumeAttributesClass", "VolumeAttributesClass of the pvc"),
        table.AGE,
        table.doc("core.v1", "PersistentVolumeClaimSpec", "volumeMode", "VolumeMode", wide=True),
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        default_claim_spec(spec)
        for side in ("limits", "requests"):
            round_milli((spec.get("resources") or {}).get(side))
        status = obj.get("status") or {}
        obj["status"] = status
        for field in ("capacity", "allocatedResources"):
            round_milli(status.get(field))
        if not status.get("phase"):
            status["phase"] = "Pending"

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        obj["status"] = {"phase": "Pending"}
        settle_sources(obj["spec"], {})

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        settle_sources(new["spec"], old.get("spec") or {})

    def check(self, v: At, old: Json | None) -> None:
        check_claim_spec(v.at("spec"), (old or {}).get("spec"))

    def check_update(self, v: At, old: Json) -> None:
        self.check(v, old)
        new, before = clone(v.value["spec"]), clone(old["spec"])
        spec = v.at("spec")
        if not before.get("volumeName") and new.get("volumeName"):
            before["volumeName"] = new["volumeName"]
        self._check_class(v, old, new, before)
        bound = (v.get("status") or {}).get("phase") == "Bound"
        requests, was = (new.get("resources") or {}).get("requests"), (before.get("resources") or {}).get("requests")
        size = quantities.parse((requests or {}).get("storage") or "0")
        old_size = quantities.parse((was or {}).get("storage") or "0")
        if bound:
            if requests is not None:
                requests["storage"] = (was or {}).get("storage")
            new["volumeAttributesClassName"] = before.get("volumeAttributesClassName")
        if not same(_without_none(new), _without_none(before)):
            text = difference("core.PersistentVolumeClaimSpec", before, new)
            v.forbidden("spec", f"{_FIXED}\n{text}")
        if size < old_size:
            capacity = ((old.get("status") or {}).get("capacity") or {}).get("storage") or "0"
            if size <= quantities.parse(capacity):
                at = spec.at("resources").at("requests")
                at.forbidden("storage", "field can not be less than status.capacity")
        spec.immutable("volumeMode", old.get("spec"), "volumeMode")
        self._check_attributes(spec, old)

    def _check_class(self, v: At, old: Json, new: Json, before: Json) -> None:
        now = ((v.get("metadata") or {}).get("annotations") or {}).get(BETA_CLASS)
        was = (old["metadata"].get("annotations") or {}).get(BETA_CLASS)
        name, old_name = new.get("storageClassName"), before.get("storageClassName")
        if was is not None and old_name is None and name == was and now in (None, was):
            new.pop("storageClassName", None)
            return
        if (now or "") != (was or ""):
            v.at("metadata").at("annotations").invalid(BETA_CLASS, "field is immutable", now or "")
        if name is not None and old_name is None and was in (None, name):
            new.pop("storageClassName", None)

    def _check_attributes(self, spec: At, old: Json) -> None:
        name = spec.get("volumeAttributesClassName")
        if name == (old.get("spec") or {}).get("volumeAttributesClassName"):
            return
        if (old.get("status") or {}).get("currentVolumeAttributesClassName") is None or name:
            return
        word = "nil" if name is None else "empty string"
        detail = f"update to {word} is forbidden when status.currentVolumeAttributesClassName is not nil"
        spec.forbidden("volumeAttributesClassName", detail)

    def check_status(self, v: At, old: Json) -> None:
        status = v.at("status")
        if not v.at("spec").get("accessModes"):
            At(v.errors, "Spec", None).required("accessModes")
        for name, text in (status.get("capacity") or {}).items():
            _check_amount(status.at("capacity").key(name), text)
        for name, state in (status.get("allocatedResourceStatuses") or {}).items():
            _check_key(status, "allocatedResourceStatuses", name)
            if state not in _RESIZE:
                status.unsupported("allocatedResourceStatuses", sorted(_RESIZE), name)
        for name, text in (status.get("allocatedResources") or {}).items():
            if _check_key(status, "allocatedResources", name):
                _check_amount(status.at("allocatedResources").key(name), text)

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        return claim_warnings("spec", obj.get("spec") or {})

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, status, meta = obj.get("spec") or {}, obj.get("status") or {}, obj["metadata"]
        volume = spec.get("volumeName") or ""
        bound = (status.get("capacity") or {}).get("storage") or "0"
        return [
            meta["name"],
            "Terminating" if meta.get("deletionTimestamp") else status.get("phase") or "",
            volume,
            bound if volume else "",
            short_modes(status.get("accessModes")) if volume else "",
            (meta.get("annotations") or {}).get(BETA_CLASS) or spec.get("storageClassName") or "",
            spec.get("volumeAttributesClassName") or table.UNSET,
            table.created(obj, now),
            spec.get("volumeMode") or table.UNSET,
        ]


def _check_amount(at: At, text: str) -> None:
    amount = quantities.parse(text)
    if amount.nanos < 0:
        at.invalid("", "must be a valid resource quantity", amount.value())


def _check_key(status: At, field: str, name: str) -> bool:
    """Check the name of a resource that a claim is resized in: of Kubernetes' own only storage."""
    if not status.judge(field, names.is_qualified_name, name):
        return False
    if quantities.is_native(name) and name != "storage":
        status.unsupported(field, ["storage"], name)
        return False
    return True


def _without_none(value: Json) -> Json:
    return {key: item for key, item in value.items() if item is not None}
