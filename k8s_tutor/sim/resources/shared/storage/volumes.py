"""A pod's volumes: one source each, unique names (upstream: ``ValidateVolumes``)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import quantities
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.gotext import quote
from k8s_tutor.sim.resources.shared.storage import projected
from k8s_tutor.sim.resources.shared.storage import volume_sources as sources
from k8s_tutor.sim.resources.shared.storage.claims import check_claim_template
from k8s_tutor.sim.resources.shared.storage.volume_sources import Check

PULL_POLICIES = ("Always", "IfNotPresent", "Never")


def _empty_dir(v: At) -> None:
    limit = v.get("sizeLimit")
    if limit is not None and quantities.parse(limit).nanos < 0:
        v.forbidden("sizeLimit", "SizeLimit field must be a valid resource quantity")
    mode = v.get("mode")
    if mode is not None and not 0 <= mode <= 0o1777:
        v.invalid("mode", "must be a number between 0 and 01777 (octal), both inclusive")


def _csi(v: At) -> None:
    sources.csi_driver_name(v, "driver")
    reference = v.get("nodePublishSecretRef")
    if reference is not None:
        if not reference.get("name"):
            v.at("nodePublishSecretRef").required("name")
        else:
            v.judge("name", names.is_dns1123_subdomain, reference["name"])


def _ephemeral(v: At) -> None:
    if v.get("volumeClaimTemplate") is None:
        v.required("volumeClaimTemplate")
    else:
        check_claim_template(v.at("volumeClaimTemplate"))


def _image(v: At) -> None:
    v.need("reference")
    v.one_of("pullPolicy", PULL_POLICIES, required=True)


def _same(
    field: str, check: Check, shown: str | None = None, refused: str | None = None
) -> tuple[str, str, str, Check]:
    return field, shown or field, refused or shown or field, check


_SOURCES = (
    _same("hostPath", sources.host_path),
    _same("gitRepo", sources.git_repo),
    _same("gcePersistentDisk", sources.disk("pdName"), "persistentDisk", "gcePersistentDisk"),
    _same("awsElasticBlockStore", sources.disk("volumeID")),
    _same("secret", projected.keyed("secretName")),
    _same("nfs", sources.nfs),
    _same("iscsi", sources.pod_iscsi("")),
    _same("glusterfs", sources.required_fields("glusterfs")),
    _same("flocker", sources.flocker),
    _same("persistentVolumeClaim", sources.required_fields("persistentVolumeClaim")),
    _same("rbd", sources.required_fields("rbd")),
    _same("cinder", sources.referenced("volumeID")),
    _same("cephfs", sources.required_fields("cephfs"), refused="cephFS"),
    _same("quobyte", sources.quobyte),
    _same("downwardAPI", projected.downward, refused="downwarAPI"),
    _same("fc", sources.fibre_channel),
    _same("flexVolume", sources.flex),
    _same("configMap", projected.keyed("name")),
    _same("azureFile", sources.required_fields("azureFile")),
    _same("vsphereVolume", sources.required_fields("vsphereVolume")),
    _same("photonPersistentDisk", sources.required_fields("photonPersistentDisk")),
    _same("portworxVolume", sources.required_fields("portworxVolume")),
    _same("azureDisk", sources.azure_disk),
    _same("storageos", sources.storage_os()),
    _same("projected", projected.projected),
    _same("scaleIO", sources.required_fields("scaleIO")),
    _same("csi", _csi),
    _same("ephemeral", _ephemeral),
    _same("image", _image),
)
_TABLE = (_same("emptyDir", _empty_dir), *_SOURCES)


def _check_source(v: At, pod: str) -> None:
    name = v.text("name")
    if v.get("iscsi") is not None:
        table = tuple(_same("iscsi", sources.pod_iscsi(name)) if row[0] == "iscsi" else row for row in _TABLE)
    else:
        table = _TABLE
    sources.one_source(v, table)
    if v.get("ephemeral") is not None and pod and name:
        claim = f"{pod}-{name}"
        for complaint in names.is_dns1123_subdomain(claim):
            v.invalid("name", f"PVC name {quote(claim)}: {complaint}")


def check_volumes(v: At, pod: str) -> dict[str, Json]:
    """Check the list of volumes; returns the good ones by name. ``pod``: its name, "" in a template."""
    good: dict[str, Json] = {}
    created = {f"{pod}-{item.get('name')}" for item in v.value or () if pod and item.get("ephemeral") is not None}
    for item in v.items():
        before = len(item.errors)
        name = item.text("name")
        _check_source(item, pod)
        item.need_judged("name", names.is_dns1123_label)
        if name in good:
            item.duplicate("name")
        if len(item.errors) == before:
            good[name] = item.value
        claim = item.get("persistentVolumeClaim")
        if claim is not None and claim.get("claimName") in created:
            item.at("persistentVolumeClaim").invalid(
                "claimName", "must not reference a PVC that gets created for an ephemeral volume"
            )
    return good
