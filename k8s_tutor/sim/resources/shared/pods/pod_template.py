"""Pod templates of workloads: checks and defaults (upstream: ``ValidatePodTemplateSpec``)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.label_checks import check_labels
from k8s_tutor.sim.resources.shared.pods.pod_annotations import check_annotations_match, check_pod_annotations
from k8s_tutor.sim.resources.shared.pods.pod_spec import check_pod_spec

_MAX_ANNOTATIONS = 256 * 1024


def check_annotations(v: At) -> None:
    """Check annotations: keys and total size; the cursor stands at them."""
    if not v.value:
        return
    size = 0
    for key, value in v.value.items():
        for complaint in names.is_qualified_name(key.lower()):
            v.invalid("", complaint, key)
        size += len(key.encode()) + len(value.encode())
    if size > _MAX_ANNOTATIONS:
        v.too_long("", _MAX_ANNOTATIONS)


def check_template(v: At) -> None:
    """Check a pod template."""
    metadata = v.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    check_labels(At(v.errors, f"{v.path}.labels", metadata.get("labels")))
    at = At(v.errors, f"{v.path}.annotations", annotations)
    check_annotations(at)
    check_pod_annotations(at, v.get("spec") or {})
    spec = At(v.errors, f"{v.path}.spec", v.get("spec") or {})
    check_pod_spec(spec)
    check_annotations_match(spec, annotations)
    if spec.get("ephemeralContainers"):
        spec.forbidden("ephemeralContainers", "ephemeral containers not allowed in pod template")


def check_always(v: At, kind: str) -> None:
    """Check what a controller that keeps pods running wants of its template."""
    spec = v.at("spec")
    if spec.text("restartPolicy") != "Always":
        spec.unsupported("restartPolicy", ("Always",))
    if spec.get("activeDeadlineSeconds") is not None:
        spec.forbidden("activeDeadlineSeconds", f"activeDeadlineSeconds in {kind} is not Supported")
