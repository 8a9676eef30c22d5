"""The specification of a PersistentVolume, also inline in VolumeAttachments (upstream: ``ValidatePersistentVolumeSpec``)."""

import posixpath

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import paths, quantities
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.gotext import Plain
from k8s_tutor.sim.resources.shared.pods.scheduling_terms import check_node_selector
from k8s_tutor.sim.resources.shared.storage import volume_sources as sources
from k8s_tutor.sim.resources.shared.storage.claims import VOLUME_MODES, check_access_modes
from k8s_tutor.sim.resources.shared.storage.volume_sources import Check

RECLAIM = ("Delete", "Recycle", "Retain")
_INLINE = "in the context of inline volumes"
NULL = Plain("null")
_SECRETS = ("controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef")


def _glusterfs(v: At) -> None:
    sources.required_fields("glusterfs")(v)
    namespace = v.get("endpointsNamespace")
    if namespace == "":
        v.invalid("endpointsNamespace", "if the endpointnamespace is set, it must be a valid namespace name")
    elif namespace is not None:
        v.judge("endpointsNamespace", names.is_dns1123_label)


def _azure_file(v: At) -> None:
    sources.required_fields("azureFile")(v)
    if v.get("secretNamespace") == "":
        v.required("secretNamespace")


def _local(v: At) -> None:
    if v.need("path"):
        paths.no_backsteps(v, "path")


def _csi(v: At) -> None:
    sources.csi_driver_name(v, "driver")
    v.need("volumeHandle")
    for field in _SECRETS:
        if v.get(field) is not None:
            v.at(field).need_judged("name", names.is_dns1123_subdomain)
            v.at(field).need_judged("namespace", names.is_dns1123_label)


def _row(field: str, check: Check, shown: str | None = None, refused: str | None = None) -> tuple[str, str, str, Check]:
    return field, shown or field, refused or shown or field, check


_TABLE = (
    _row("hostPath", sources.host_path),
    _row("gcePersistentDisk", sources.disk("pdName"), "persistentDisk", "gcePersistentDisk"),
    _row("awsElasticBlockStore", sources.disk("volumeID")),
    _row("glusterfs", _glusterfs),
    _row("flocker", sources.flocker),
    _row("nfs", sources.nfs),
    _row("rbd", sources.required_fields("rbd")),
    _row("quobyte", sources.quobyte),
    _row("cephfs", sources.required_fields("cephfs"), refused="cephFS"),
    _row("iscsi", sources.volume_iscsi("")),
    _row("cinder", sources.referenced("volumeID", "namespace")),
    _row("fc", sources.fibre_channel),
    _row("flexVolume", sources.flex),
    _row("azureFile", _azure_file),
    _row("vsphereVolume", sources.required_fields("vsphereVolume")),
    _row("photonPersistentDisk", sources.required_fields("photonPersistentDisk")),
    _row("portworxVolume", sources.required_fields("portworxVolume")),
    _row("azureDisk", sources.azure_disk),
    _row("scaleIO", sources.required_fields("scaleIO")),
    _row("local", _local),
    _row("storageos", sources.storage_os("namespace")),
    _row("csi", _csi),
)
SOURCES = tuple(row[0] for row in _TABLE)


def source_of(spec: Json) -> Json:
    """Return the volume source within a spec."""
    return {field: spec[field] for field in SOURCES if spec.get(field) is not None}


def check_volume_spec(v: At, name: str, *, inline: bool = False) -> None:
    """Check a PersistentVolume's spec; ``inline``: within a VolumeAttachment."""
    if inline:
        for field in ("claimRef", "capacity"):
            if v.get(field):
                v.forbidden(field, f"may not be specified {_INLINE}")
        if v.get("csi") is None:
            v.required("csi", f"has to be specified {_INLINE}")
    v.need("accessModes")
    check_access_modes(v)
    if not inline:
        _check_capacity(v)
    _check_policy(v, inline=inline)
    affinity = v.at("nodeAffinity")
    if affinity.value is not None:
        if inline:
            affinity.forbidden("", f"may not be specified {_INLINE}")
        elif affinity.get("required") is not None:
            check_node_selector(affinity.at("required"))
        else:
            affinity.required("required", "must specify required node constraints")
    rows: tuple[tuple[str, str, str, Check], ...] = _TABLE
    if v.get("iscsi") is not None:
        rows = tuple(_row("iscsi", sources.volume_iscsi(name)) if row[0] == "iscsi" else row for row in _TABLE)
    _check_sources(v, rows, affinity=affinity.value is not None and not inline)
    path = (v.get("hostPath") or {}).get("path") or "."
    if v.get("hostPath") is not None and posixpath.normpath(path) == "/" and _policy(v) == "Recycle":
        v.forbidden("persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'")
    _check_classes(v, inline=inline)


def _policy(v: At) -> str:
    return v.text("persistentVolumeReclaimPolicy")


def _check_sources(v: At, rows: tuple[tuple[str, str, str, Check], ...], *, affinity: bool) -> None:
    before = len(v.errors)
    sources.one_source(v, rows, never_refused="flexVolume")
    refused = any(e.field == f"{v.path}.local" and e.reason == "FieldValueForbidden" for e in v.errors[before:])
    if v.get("local") is not None and not affinity and not refused:
        v.required("nodeAffinity", "Local volume requires node affinity")


def _check_capacity(v: At) -> None:
    capacity = v.get("capacity") or {}
    if not capacity:
        v.required("capacity")
    if "storage" not in capacity or len(capacity) > 1:
        v.unsupported("capacity", ("storage",), v.get("capacity") if v.get("capacity") is not None else NULL)
    for name, text in capacity.items():
        amount = quantities.parse(text)
        at = v.at("capacity").key(name)
        if amount.nanos < 0:
            at.invalid("", "must be a valid resource quantity", amount.value())
        if amount.nanos <= 0:
            at.invalid("", "must be greater than zero", str(amount))


def _check_policy(v: At, *, inline: bool) -> None:
    policy = _policy(v)
    if not policy:
        return
    if inline:
        if policy != "Retain":
            v.forbidden("persistentVolumeReclaimPolicy", f"may only be Retain {_INLINE}")
    else:
        v.one_of("persistentVolumeReclaimPolicy", RECLAIM)


def _check_classes(v: At, *, inline: bool) -> None:
    if v.text("storageClassName"):
        if inline:
            v.forbidden("storageClassName", f"may not be specified {_INLINE}")
        else:
            v.judge("storageClassName", names.is_dns1123_subdomain)
    mode = v.get("volumeMode")
    if mode is not None:
        if not inline:
            v.one_of("volumeMode", VOLUME_MODES)
        elif mode != "Filesystem":
            v.forbidden("volumeMode", f"may not specify volumeMode other than Filesystem {_INLINE}")
    attributes = v.get("volumeAttributesClassName")
    if attributes is not None:
        if not attributes:
            v.required("volumeAttributesClassName", "an empty string is disallowed")
        else:
            v.judge("volumeAttributesClassName", names.is_dns1123_subdomain)
        if v.get("csi") is None:
            v.required("csi", "has to be specified when using volumeAttributesClassName")
