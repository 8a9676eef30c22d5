"""Volume sources with a few required fields each, shared by pods and PersistentVolumes.

``REQUIRED`` is the table of upstream's many ``validate…VolumeSource`` functions whose only rule is that fields are not
empty; those with rules of their own follow as functions (upstream: ``core/validation``).
"""

import re
from collections.abc import Callable

from k8s_tutor.apimachinery import names
from k8s_tutor.sim.resources.shared import paths
from k8s_tutor.sim.resources.shared.check import At

Check = Callable[[At], None]

_ONE_TYPE = "may not specify more than 1 volume type"
REQUIRED: dict[str, tuple[str, ...]] = {
    "persistentVolumeClaim": ("claimName",),
    "rbd": ("monitors", "image"),
    "cephfs": ("monitors",),
    "glusterfs": ("endpoints", "path"),
    "azureFile": ("secretName", "shareName"),
    "vsphereVolume": ("volumePath",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "scaleIO": ("gateway", "system", "volumeName"),
}
HOST_PATH_TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
_IQN = re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$")
_EUI = re.compile(r"^eui.[A-Za-z0-9]{16}$")
_NAA = re.compile(r"^naa.[A-Za-z0-9]{32}$")
_LONG_ISCSI = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."
_QUOBYTE = "must be a host:port pair or multiple pairs separated by commas"
_HOST_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*):[^:\[\]]*")
_MANAGED_URI = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
_BLOB_URI = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"


def required_fields(kind: str) -> Check:
    """Return the check that wants the fields of the table."""

    def check(v: At) -> None:
        for name in REQUIRED[kind]:
            v.need(name)

    return check


def one_source(v: At, table: tuple[tuple[str, str, str, Check], ...], never_refused: str = "") -> int:
    """Check the sources of a volume in upstream's order; all but the first are refused. Returns how many there were.

    The table's rows: field, the name its own errors show, the name a refusal shows, its check. One field upstream
    forgets to refuse.
    """
    found = 0
    present = {field for field, value in (v.value or {}).items() if value is not None}
    for field, shown, refused, check in table:
        if field not in present:
            continue
        if found and field != never_refused:
            v.forbidden(refused, _ONE_TYPE)
            continue
        found = 1
        check(v.at(field, shown))
    if not found:
        v.required("", "must specify a volume type")
    return found


def host_path(v: At) -> None:
    """Check a hostPath source."""
    if not v.need("path"):
        return
    paths.no_backsteps(v, "path")
    v.one_of_if("type", HOST_PATH_TYPES)


def git_repo(v: At) -> None:
    """Check a gitRepo source."""
    v.need("repository")
    paths.descending(v.at("directory"), v.text("directory"))


def disk(id_field: str) -> Check:
    """Return the check of a cloud disk: an id and a partition."""

    def check(v: At) -> None:
        v.need(id_field)
        if not 0 <= v.number("partition") <= 255:
            v.invalid("partition", names.inclusive_range_error(1, 255))

    return check


def nfs(v: At) -> None:
    """Check an nfs source."""
    v.need("server")
    v.need("path")
    if not v.text("path").startswith("/"):
        v.invalid_text("path", "must be an absolute path")


def _iqn_problem(text: str) -> bool:
    patterns = {"iqn": _IQN, "eui": _EUI, "naa": _NAA}
    pattern = patterns.get(text[:3])
    return pattern is not None and not pattern.search(text)


def _iscsi(v: At, prefix_problem: str) -> None:
    for name, path in (("iqn", "iqn"), ("initiatorName", "initiatorname")):
        if name == "initiatorName":
            if not 0 <= v.number("lun") <= 255:
                v.invalid("lun", names.inclusive_range_error(0, 255), v.number("lun"))
            if (v.get("chapAuthDiscovery") or v.get("chapAuthSession")) and v.get("secretRef") is None:
                v.required("secretRef")
            if v.get(name) is None:
                return
        elif not v.need(name):
            continue
        text = v.text(name)
        if not text.startswith(("iqn", "eui", "naa")):
            v.invalid(path, prefix_problem, text)
        elif _iqn_problem(text):
            v.invalid(path, "must be valid format", text)


def pod_iscsi(name: str) -> Check:
    """Return the check of a pod's iscsi source; ``name``: the volume's."""

    def check(v: At) -> None:
        v.need("targetPortal")
        _iscsi(v, "must be valid format starting with iqn, eui, or naa")
        if v.get("initiatorName") is not None and len(f"{name}:{v.text('targetPortal')}".encode()) > 64:
            At(v.errors, v.path.rpartition(".")[0], None).invalid("name", _LONG_ISCSI, name)

    return check


def volume_iscsi(name: str) -> Check:
    """Return the check of a PersistentVolume's iscsi source."""

    def check(v: At) -> None:
        v.need("targetPortal")
        if v.get("initiatorName") is not None and len(f"{name}:{v.text('targetPortal')}".encode()) > 64:
            v.invalid("targetportal", _LONG_ISCSI, v.text("targetPortal"))
        _iscsi(v, "must be valid format")
        if v.get("secretRef") is not None:
            v.at("secretRef").need("name")

    return check


def fibre_channel(v: At) -> None:
    """Check an fc source."""
    names_given, ids = v.get("targetWWNs"), v.get("wwids")
    if not names_given and not ids:
        v.required("targetWWNs", "must specify either targetWWNs or wwids, but not both")
    if names_given and ids:
        v.invalid("targetWWNs", "targetWWNs and wwids can not be specified simultaneously")
    if names_given:
        if v.get("lun") is None:
            v.required("lun", "lun is required if targetWWNs is specified")
        elif not 0 <= v.get("lun") <= 255:
            v.invalid("lun", names.inclusive_range_error(0, 255))


def quobyte(v: At) -> None:
    """Check a quobyte source."""
    registry = v.text("registry")
    if not registry:
        v.required("registry", _QUOBYTE)
    elif len(v.text("tenant")) >= 65:
        v.required("tenant", "must be a UUID and may not exceed a length of 64 characters")
    else:
        for pair in registry.split(","):
            if not _HOST_PORT.fullmatch(pair):
                v.invalid("registry", _QUOBYTE)
    v.need("volume")


def flocker(v: At) -> None:
    """Check a flocker source."""
    name, uuid = v.text("datasetName"), v.text("datasetUUID")
    if not name and not uuid:
        v.required("", "one of datasetName and datasetUUID is required")
    if name and uuid:
        v.invalid("", "datasetName and datasetUUID can not be specified simultaneously", "resource")
    if "/" in name:
        v.invalid("datasetName", "must not contain '/'")


def referenced(field: str, *more: str) -> Check:
    """Return the check that wants ``field`` and, where a secretRef is given, its name (and more of it)."""

    def check(v: At) -> None:
        v.need(field)
        if v.get("secretRef") is not None:
            for name in ("name", *more):
                v.at("secretRef").need(name)

    return check


def storage_os(*more: str) -> Check:
    """Return the check of a storageos source."""

    def check(v: At) -> None:
        v.need_judged("volumeName", names.is_dns1123_label)
        v.judge_if("volumeNamespace", names.is_dns1123_label)
        if v.get("secretRef") is not None:
            for name in ("name", *more):
                v.at("secretRef").need(name)

    return check


def flex(v: At) -> None:
    """Check a flexVolume source."""
    v.need("driver")
    for key in v.get("options") or {}:
        if f".{key.split('/', 1)[0].lower()}".endswith((".kubernetes.io", ".k8s.io")):
            v.at("options").key(key).invalid("", "kubernetes.io and k8s.io namespaces are reserved", key)


def azure_disk(v: At) -> None:
    """Check an azureDisk source."""
    v.need("diskName")
    v.need("diskURI")
    v.one_of_if("cachingMode", ("None", "ReadOnly", "ReadWrite"))
    v.one_of_if("kind", ("Dedicated", "Managed", "Shared"))
    kind, uri = v.get("kind"), v.text("diskURI")
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        v.unsupported("diskURI", (_MANAGED_URI,))
    if kind is not None and kind != "Managed" and not uri.startswith("https://"):
        v.unsupported("diskURI", (_BLOB_URI,))


def csi_driver_name(v: At, name: str) -> None:
    """Check the name of a CSI driver."""
    if not v.need(name):
        return
    text = v.text(name)
    if len(text.encode()) > 63:
        v.too_long(name, 63)
    for complaint in names.is_dns1123_subdomain(text.lower()):
        v.invalid(name, complaint)
