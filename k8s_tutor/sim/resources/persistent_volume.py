"""PersistentVolumes (upstream: ``registry/core/persistentvolume``)."""

from typing import Any

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.persistent_volume_claim import BETA_CLASS
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.differences import difference
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.node_labels import term_warnings
from k8s_tutor.sim.resources.shared.pods.pod_defaults import default_volume_source, round_milli
from k8s_tutor.sim.resources.shared.storage import persistent_volumes as volumes
from k8s_tutor.sim.resources.shared.storage.claims import short_modes

_ANNOTATIONS = {
    BETA_CLASS: 'deprecated since v1.8; use "storageClassName" attribute instead',
    "volume.beta.kubernetes.io/mount-options": 'deprecated since v1.31; use "mountOptions" attribute instead',
}
_FIXED = "spec.persistentvolumesource is immutable after creation"


class PersistentVolumeStrategy(KindStrategy):
    """The kind PersistentVolume."""

    resource = "persistentvolumes"
    has_status = True
    columns = table.table(
        table.NAME,
        table.doc("core.v1", "PersistentVolumeSpec", "capacity", "Capacity"),
        table.doc("core.v1", "PersistentVolumeSpec", "accessModes", "Access Modes"),
        table.doc("core.v1", "PersistentVolumeSpec", "persistentVolumeReclaimPolicy", "Reclaim Policy"),
        table.doc("core.v1", "PersistentVolumeStatus", "phase", "Status"),
        table.doc("core.v1", "PersistentVolumeSpec", "claimRef", "Claim"),
        table.plain("StorageClass", "StorageClass of the pv"),
        table.plain("VolumeAttributesClass", "VolumeAttributesClass of the pv"),
        table.doc("core.v1", "PersistentVolumeStatus", "reason", "Reason"),
        table.AGE,
        table.doc("core.v1", "PersistentVolumeSpec", "volumeMode", "VolumeMode", wide=True),
    )

    def default(self, obj: Json) -> None:
        status = obj.get("status") or {}
        obj["status"] = status
        if not status.get("phase"):
            status["phase"] = "Pending"
        spec = obj.setdefault("spec", {})
        round_milli(spec.get("capacity"))
        if not spec.get("persistentVolumeReclaimPolicy"):
            spec["persistentVolumeReclaimPolicy"] = "Retain"
        if spec.get("volumeMode") is None:
            spec["volumeMode"] = "Filesystem"
        for kind in volumes.SOURCES:
            if spec.get(kind) is not None:
                default_volume_source(kind, spec[kind])

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": self._now()}

    def prepare_status_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        status, before = new.setdefault("status", {}), old.get("status") or {}
        changed = status.get("phase") != before.get("phase")
        if changed and status.get("lastPhaseTransitionTime") in (None, before.get("lastPhaseTransitionTime")):
            status["lastPhaseTransitionTime"] = self._now()

    def _now(self) -> str:
        return rfc3339(self.store.clock.now())

    def check(self, v: At, old: Json | None) -> None:
        volumes.check_volume_spec(v.at("spec"), (v.get("metadata") or {}).get("name") or "")

    def check_update(self, v: At, old: Json) -> None:
        self.check(v, old)
        spec, before = v.at("spec"), old.get("spec") or {}
        now, was = volumes.source_of(spec.value), volumes.source_of(before)
        new_csi, old_csi = now.get("csi"), was.get("csi")
        if new_csi and old_csi and not old_csi.get("controllerExpandSecretRef"):
            now["csi"] = {key: value for key, value in new_csi.items() if key != "controllerExpandSecretRef"}
        if not same(now, was):
            text = difference("core.PersistentVolumeSource", was, now)
            spec.forbidden("persistentvolumesource", f"{_FIXED}\n{text}")
        spec.immutable("volumeMode", before, "volumeMode")
        if before.get("nodeAffinity") is not None and not same(spec.get("nodeAffinity"), before["nodeAffinity"]):
            detail = "field is immutable, except for updating from beta label to GA"
            v.invalid("nodeAffinity", detail, internal("core.VolumeNodeAffinity", spec.get("nodeAffinity")))
        if before.get("volumeAttributesClassName") is not None and spec.get("volumeAttributesClassName") is None:
            spec.forbidden("volumeAttributesClassName", "update from non-nil value to nil is forbidden")

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        spec = obj.get("spec") or {}
        return [*_warnings(obj, spec)]

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, status, meta = obj.get("spec") or {}, obj.get("status") or {}, obj["metadata"]
        claim = spec.get("claimRef")
        return [
            meta["name"],
            (spec.get("capacity") or {}).get("storage") or "0",
            short_modes(spec.get("accessModes")),
            spec.get("persistentVolumeReclaimPolicy") or "",
            "Terminating" if meta.get("deletionTimestamp") else status.get("phase") or "",
            f"{claim.get('namespace') or ''}/{claim.get('name') or ''}" if claim else "",
            (meta.get("annotations") or {}).get(BETA_CLASS) or spec.get("storageClassName") or "",
            spec.get("volumeAttributesClassName") or table.UNSET,
            status.get("reason") or "",
            table.created(obj, now),
            spec.get("volumeMode") or table.UNSET,
        ]


_DEPRECATED = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}


def _warnings(obj: Json, spec: Json) -> list[str]:
    found = []
    annotations = obj["metadata"].get("annotations") or {}
    for key, advice in _ANNOTATIONS.items():
        if key in annotations:
            found.append(f"metadata.annotations[{key}]: {advice}")
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        text = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."
        found.append(f"spec.persistentVolumeReclaimPolicy: {text}")
    required = (spec.get("nodeAffinity") or {}).get("required") or {}
    for number, term in enumerate(required.get("nodeSelectorTerms") or ()):
        path = f"spec.nodeAffinity.required.nodeSelectorTerms[{number}]"
        found += term_warnings(path, term, check_values=False)
    for field, text in _DEPRECATED.items():
        if spec.get(field) is not None:
            found.append(f"spec.{'storageOS' if field == 'storageos' else field}: {text}")
    return found
