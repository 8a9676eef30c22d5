"""The specification of a PersistentVolumeClaim: its own, of a StatefulSet's template, of an ephemeral volume."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import quantities
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.gotext import Struct
from k8s_tutor.sim.resources.shared.label_checks import check_labels, check_selector

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_SOURCES = ("dataSource", "dataSourceRef")
VOLUME_MODES = ("Block", "Filesystem")
_SHORT = (("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP"))
_OTHER_KIND = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"


def short_modes(modes: list[str] | None) -> str:
    """Return access modes as kubectl shows them."""
    return ",".join(short for mode, short in _SHORT if mode in (modes or ()))


def default_claim_spec(spec: Json) -> None:
    """Fill the defaults of a claim's specification."""
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"


def settle_sources(spec: Json, old: Json) -> None:
    """Drop what no claim may start from, and keep the two ways to name a data source alike (KEP 1495).

    A source of another kind than claim or snapshot is dropped as long as nobody uses ``dataSourceRef``; so is a source
    in another namespace, which stands behind a gate that is off.
    """
    if (spec.get("dataSourceRef") or {}).get("namespace") and old.get("dataSourceRef") is None:
        del spec["dataSourceRef"]
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    in_use = old.get("dataSource") is not None or old.get("dataSourceRef") is not None
    if not in_use and reference is None and source is not None and not _is_classic(source):
        del spec["dataSource"]
        return
    if source is not None and reference is None:
        spec["dataSourceRef"] = dict(source)
    elif reference is not None and source is None and not reference.get("namespace"):
        spec["dataSource"] = {key: value for key, value in reference.items() if key != "namespace"}


def _is_classic(source: Json) -> bool:
    named = (source.get("apiGroup") or "", source.get("kind"))
    return named in {("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot")}


def check_access_modes(v: At) -> None:
    """Check the list of access modes."""
    modes = v.get("accessModes") or []
    for mode in modes:
        if mode not in ACCESS_MODES:
            v.unsupported("accessModes", ACCESS_MODES, mode)
    if "ReadWriteOncePod" in modes and any(mode in ACCESS_MODES and mode != "ReadWriteOncePod" for mode in modes):
        v.forbidden("accessModes", "may not use ReadWriteOncePod with other access modes")


def check_claim_spec(v: At, old: Json | None = None) -> None:
    """Check a claim's specification; groups of data sources stay unjudged where the ``old`` one has any."""
    lenient = any(((old or {}).get(field) or {}).get("apiGroup") is not None for field in _SOURCES)
    if not v.get("accessModes"):
        v.required("accessModes", "at least 1 access mode is required")
    check_selector(v.at("selector"))
    check_access_modes(v)
    requests = (v.get("resources") or {}).get("requests") or {}
    storage = v.at("resources").key("storage")
    if "storage" not in requests:
        storage.required()
    else:
        amount = quantities.parse(requests["storage"])
        if amount.nanos <= 0:
            storage.invalid("", "must be greater than zero", str(amount))
    v.judge_if("storageClassName", names.is_dns1123_subdomain)
    v.one_of_if("volumeMode", VOLUME_MODES)
    for field in _SOURCES:
        if v.get(field) is not None:
            _check_source(v.at(field), lenient=lenient)
    _check_both_sources(v)
    v.judge_if("volumeAttributesClassName", names.is_dns1123_subdomain)


def _check_source(v: At, *, lenient: bool) -> None:
    v.need("name")
    v.need("kind")
    group = v.text("apiGroup")
    if not group and v.text("kind") != "PersistentVolumeClaim":
        v.invalid("", _OTHER_KIND, v.text("kind"))
    if group and not lenient:
        v.judge("apiGroup", names.is_dns1123_subdomain)
    v.judge_if("namespace", names.is_dns1123_label)


def _check_both_sources(v: At) -> None:
    source, reference = v.get("dataSource"), v.get("dataSourceRef")
    if source is None or reference is None:
        return
    if reference.get("namespace"):
        v.invalid("", "may not be specified when dataSourceRef.namespace is specified", Struct())
    elif any(source.get(key) != reference.get(key) for key in ("apiGroup", "kind", "name")):
        v.invalid("", "must match dataSourceRef", Struct())


_TEMPLATE_META = (
    "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences", "finalizers", "managedFields",
)  # fmt: skip


def check_template_metadata(metadata: At) -> None:
    """Check the metadata of a template, of which only labels and annotations may be set."""
    for key in metadata.get("annotations") or {}:
        metadata.judge("annotations", names.is_qualified_name, key.lower())
    check_labels(metadata.at("labels"))
    for field in _TEMPLATE_META:
        if metadata.get(field):
            metadata.forbidden(field, "cannot be set")


def check_claim_template(v: At) -> None:
    """Check the claim template of an ephemeral volume."""
    check_template_metadata(v.at("metadata"))
    check_claim_spec(v.at("spec"))
