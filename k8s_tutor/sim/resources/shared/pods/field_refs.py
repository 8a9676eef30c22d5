"""References to a pod's own fields and resources, in environments and volumes (the downward API)."""

from collections.abc import Sequence

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.quantities import COMPUTE, HUGE, parse

_META = ("metadata.name", "metadata.namespace", "metadata.uid")
_STATUS = ("status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs")
ENV_FIELDS = (*_META, "spec.nodeName", "spec.serviceAccountName", *_STATUS)
VOLUME_FIELDS = tuple(sorted((*_META, "metadata.annotations", "metadata.labels")))
_SUBSCRIPTED = ("metadata.annotations", "metadata.labels")
_LABELS = frozenset(
    (*_META, *_SUBSCRIPTED, "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "spec.schedulerName",
     "status.phase", *_STATUS)
)  # fmt: skip
RESOURCES = tuple(f"{side}.{name}" for side in ("limits", "requests") for name in sorted(COMPUTE))
_SIZES = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_DIVISORS = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}


def split_subscript(path: str) -> tuple[str, str] | None:
    """Return path and key of ``metadata.labels['key']``, or None."""
    if not path.endswith("']") or "['" not in path:
        return None
    base, _, key = path.removesuffix("']").partition("['")
    return (base, key) if base else None


def _problem(version: str, path: str) -> str:
    if version != "v1":
        return f"unsupported pod version: {version}"
    split = split_subscript(path)
    if split:
        return "" if split[0] in _SUBSCRIPTED else f"field label does not support subscript: {path}"
    return "" if path in _LABELS or path == "spec.host" else f"field label not supported: {path}"


def check_field_ref(v: At, allowed: Sequence[str]) -> None:
    """Check a reference to one of the pod's fields."""
    if not v.need("apiVersion") or not v.need("fieldPath"):
        return
    path = v.text("fieldPath")
    problem = _problem(v.text("apiVersion"), path)
    if problem:
        v.invalid("fieldPath", f"error converting fieldPath: {problem}")
        return
    split = split_subscript(path)
    if split:
        key = split[1].lower() if split[0] == "metadata.annotations" else split[1]
        v.judge("", names.is_qualified_name, key)
        return
    if path == "spec.host":
        path = "spec.nodeName"
    if path not in allowed:
        v.unsupported("fieldPath", sorted(allowed), path)


def check_resource_ref(v: At, *, volume: bool) -> None:
    """Check a reference to a container's resources."""
    resource = v.text("resource")
    huge = resource.startswith((f"requests.{HUGE}", f"limits.{HUGE}"))
    if volume and not v.text("containerName"):
        v.required("containerName")
    elif not resource:
        v.required("resource")
    elif resource not in RESOURCES and not huge:
        v.unsupported("resource", RESOURCES)
    divisor = parse(v.get("divisor") or "0")
    if divisor:
        _check_divisor(v, resource, divisor, huge=huge)


def _check_divisor(v: At, resource: str, divisor: Quantity, *, huge: bool) -> None:
    name = resource.partition(".")[2]
    if resource in ("limits.cpu", "requests.cpu"):
        if str(divisor) not in ("1m", "1"):
            v.invalid("divisor", "only divisor's values 1m and 1 are supported with the cpu resource", resource)
        return
    shown = "hugepages" if huge else _DIVISORS.get(name) if resource in RESOURCES else None
    if shown and str(divisor) not in _SIZES:
        v.invalid(
            "divisor", f"only divisor's values {', '.join(_SIZES)} are supported with the {shown} resource", resource
        )
