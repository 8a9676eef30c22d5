"""Files that a pod makes of ConfigMaps, Secrets, its own fields and tokens: volume sources and their projections."""

from k8s_tutor.apimachinery import names
from k8s_tutor.sim.resources.shared import paths
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.label_checks import check_selector
from k8s_tutor.sim.resources.shared.pods import field_refs
from k8s_tutor.sim.resources.shared.signers import check_signer_name, is_kubernetes_signer
from k8s_tutor.sim.resources.shared.storage.volume_sources import Check

KEY_TYPES = ("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519")
_TEN_MINUTES = 600
_PEAK = 1 << 32


def token_seconds(v: At, seconds: int) -> None:
    """Check how long a service account token may live; the cursor stands at the field."""
    if seconds < _TEN_MINUTES:
        v.invalid("", "may not specify a duration less than 10 minutes", seconds)
    if seconds > _PEAK:
        v.invalid("", "may not specify a duration larger than 2^32 seconds", seconds)


def key_to_path(v: At) -> None:
    """Check one item of a ConfigMap or Secret source."""
    v.need("key")
    v.need("path")
    paths.not_reserved(v.at("path"), v.text("path"))
    paths.mode(v, "mode")
    paths.user(v, "user")


def keyed(name_field: str) -> Check:
    """Return the check of a configMap or secret source whose object's name stands in ``name_field``."""

    def check(v: At) -> None:
        v.need(name_field)
        paths.mode(v, "defaultMode")
        paths.user(v, "defaultUser")
        for item in v.each("items"):
            key_to_path(item)

    return check


def downward_file(v: At, item: At) -> None:
    """Check one file of the downward API; ``v``: where upstream's errors point (the source itself)."""
    file = At(v.errors, v.path, item.value)
    file.need("path")
    paths.not_reserved(file.at("path"), file.text("path"))
    if file.get("fieldRef") is not None:
        field_refs.check_field_ref(file.at("fieldRef"), field_refs.VOLUME_FIELDS)
        if file.get("resourceFieldRef") is not None:
            file.invalid("", "fieldRef and resourceFieldRef can not be specified simultaneously", "resource")
    elif file.get("resourceFieldRef") is not None:
        field_refs.check_resource_ref(file.at("resourceFieldRef"), volume=True)
    else:
        file.required("", "one of fieldRef and resourceFieldRef is required")
    paths.mode(file, "mode")
    paths.user(file, "user")


def downward(v: At) -> None:
    """Check a downwardAPI source."""
    paths.mode(v, "defaultMode")
    paths.user(v, "defaultUser")
    for item in v.each("items"):
        downward_file(v, item)


class _Paths:
    """The paths a projected volume has given away."""

    def __init__(self, v: At) -> None:
        self.v = v
        self.used: set[str] = set()

    def take(self, path: str, shown: str) -> None:
        if path in self.used:
            self.v.invalid("", "conflicting duplicate paths", shown)
        self.used.add(path)


def projected(v: At) -> None:
    """Check a projected source."""
    paths.mode(v, "defaultMode")
    paths.user(v, "defaultUser")
    taken = _Paths(v)
    for source in v.each("sources"):
        for kind, check in _PROJECTIONS.items():
            if source.get(kind) is not None:
                check(v, source.at(kind), taken)
        if sum(source.get(kind) is not None for kind in _PROJECTIONS) > 1:
            source.forbidden("", "may not specify more than 1 volume type per source")


def _keys(_: At, v: At, taken: _Paths) -> None:
    v.need("name")
    for item in v.each("items"):
        key_to_path(item)
        if item.text("path"):
            taken.take(item.text("path"), v.text("name"))


def _downward(_: At, v: At, taken: _Paths) -> None:
    for item in v.each("items"):
        downward_file(v, item)
        if item.text("path"):
            taken.take(item.text("path"), item.text("path"))


def _token(volume: At, v: At, _: _Paths) -> None:
    seconds = v.get("expirationSeconds")
    if seconds is None:
        v.required("expirationSeconds")
    else:
        token_seconds(v.at("expirationSeconds"), seconds)
    if not v.text("path"):
        volume.required("path")
    else:
        paths.not_reserved(volume.at("path"), v.text("path"))
    paths.user(v, "user")


def _bundle(_: At, v: At, taken: _Paths) -> None:
    name, signer = v.get("name"), v.get("signerName")
    if name is not None and signer is not None:
        v.invalid(
            "", "only one of name and signerName may be used", internal("core.ClusterTrustBundleProjection", v.value)
        )
    elif name is not None:
        if not name:
            v.required("name", "must be a valid object name")
        for complaint in bundle_name_complaints(name):
            v.invalid("name", f"not a valid clustertrustbundlename: {complaint}")
        if v.get("labelSelector") is not None:
            v.invalid("labelSelector", "labelSelector must be unset if name is specified")
    elif signer is not None:
        if not signer:
            v.required("signerName", "must be a valid signer name")
        check_signer_name(v, "signerName")
        check_selector(v.at("labelSelector"))
    else:
        v.required("", "either name or signerName must be specified")
    v.need("path")
    paths.user(v, "user")
    paths.not_reserved(v.at("path"), v.text("path"))
    taken.take(v.text("path"), v.text("path"))


def bundle_name_complaints(name: str) -> list[str]:
    """Judge the name of a ClusterTrustBundle: ``signer:example.com:name`` or a plain one."""
    *_, last = name.rpartition(":")
    return names.is_dns1123_subdomain(last)


def _certificate(_: At, v: At, taken: _Paths) -> None:
    check_signer_name(v, "signerName")
    for key in v.get("userAnnotations") or {}:
        v.judge("userAnnotations", names.is_prefixed_label_key, key.lower())
    paths.user(v, "user")
    v.one_of("keyType", KEY_TYPES)
    seconds = v.get("maxExpirationSeconds")
    if seconds is not None:
        limit = 24 * 3600 if is_kubernetes_signer(v.text("signerName")) else 91 * 24 * 3600
        if seconds < 3600:
            v.invalid("maxExpirationSeconds", "if provided, maxExpirationSeconds must be >= 3600")
        if seconds > limit:
            v.invalid("maxExpirationSeconds", f"if provided, maxExpirationSeconds must be <= {limit}")
    files = [name for name in ("credentialBundlePath", "keyPath", "certificateChainPath") if v.text(name)]
    for name in files:
        paths.not_reserved(v.at(name), v.text(name))
        taken.take(v.text(name), v.text(name))
    if not files:
        v.required("", "specify at least one of credentialBundlePath, keyPath, and certificateChainPath")


_PROJECTIONS = {
    "secret": _keys,
    "configMap": _keys,
    "downwardAPI": _downward,
    "serviceAccountToken": _token,
    "clusterTrustBundle": _bundle,
    "podCertificate": _certificate,
}
