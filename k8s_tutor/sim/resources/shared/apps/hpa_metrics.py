"""Metrics of HorizontalPodAutoscalers: checks, and how kubectl shows them."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import quantities, table
from k8s_tutor.sim.resources.shared.check import NEGATIVE, At

TYPES = ("ContainerResource", "External", "Object", "Pods", "Resource")
_FIELDS = {
    "Object": "object", "External": "external", "Pods": "pods", "Resource": "resource",
    "ContainerResource": "containerResource",
}  # fmt: skip
_POPULATE = "must populate information for the given metric source"
UNKNOWN = "<unknown>"


def not_negative(v: At, name: str) -> None:
    """Refuse a negative quantity."""
    amount = quantities.parse(v.get(name))
    if amount.nanos < 0:
        v.invalid(name, NEGATIVE, str(amount))


def check_target_reference(v: At, *, any_group: bool = True) -> None:
    """Check a reference to what is scaled or measured."""
    for field in ("kind", "name"):
        v.need_judged(field, names.is_path_segment)
    version = v.text("apiVersion")
    if version.count("/") > 1:
        v.invalid("apiVersion", f"unexpected GroupVersion string: {version}")
    elif not any_group and "/" not in version:
        v.invalid_text("apiVersion", "apiVersion must specify API group")


def check_metrics(spec: At) -> None:
    """Check ``metrics`` (the cursor stands at spec)."""
    kinds = set()
    for metric in spec.each("metrics"):
        _check_metric(metric)
        kinds.add(metric.get("type"))
    if spec.get("minReplicas") == 0 and not kinds & {"Object", "External"}:
        spec.forbidden(
            "metrics", "must specify at least one Object or External metric to support scaling to zero replicas"
        )


def _check_metric(v: At) -> None:
    kind = v.text("type")
    if not kind:
        v.required("type", "must specify a metric source type")
    if kind not in TYPES:
        v.unsupported("type", TYPES)
    given = [field for field in _FIELDS.values() if v.get(field) is not None]
    if given:
        _SOURCES[given[0]](v.at(given[0]))
    expected = _FIELDS.get(kind)
    if expected is None:
        v.unsupported("type", TYPES)
    elif v.get(expected) is None:
        v.required(expected, _POPULATE)
    if len(given) != 1:
        for field in given:
            if field != expected:
                v.forbidden(field, "must populate the given metric source only")


def _check_target(v: At) -> At:
    target = v.at("target")
    if not target.text("type"):
        target.required("type", "must specify a metric target type")
    if target.text("type") not in ("Utilization", "Value", "AverageValue"):
        target.invalid_text("type", "must be either Utilization, Value, or AverageValue")
    for field in ("value", "averageValue"):
        if target.get(field) is not None and quantities.parse(target.get(field)).nanos <= 0:
            target.invalid(field, "must be positive", str(quantities.parse(target.get(field))))
    percent = target.get("averageUtilization")
    if percent is not None and percent < 1:
        target.invalid("averageUtilization", "must be greater than 0")
    return target


def _check_identifier(v: At) -> None:
    if v.at("metric").need("name", "must specify a metric name"):
        v.at("metric").judge("name", names.is_path_segment)


def _object(v: At) -> None:
    check_target_reference(v.at("describedObject"))
    _check_identifier(v)
    target = _check_target(v)
    if target.get("value") is None and target.get("averageValue") is None:
        target.required("averageValue", "must set either a target value or averageValue")


def _external(v: At) -> None:
    _check_identifier(v)
    target = _check_target(v)
    value, average = target.get("value"), target.get("averageValue")
    if value is None and average is None:
        target.required("averageValue", "must set either a target value for metric or a per-pod target")
    if value is not None and average is not None:
        target.forbidden("value", "may not set both a target value for metric and a per-pod target")


def _pods(v: At) -> None:
    _check_identifier(v)
    target = _check_target(v)
    if target.get("averageValue") is None:
        target.required("averageValue", "must specify a positive target averageValue")


def _utilization(v: At) -> None:
    target = _check_target(v)
    percent, average = target.get("averageUtilization"), target.get("averageValue")
    if percent is None and average is None:
        target.required("averageUtilization", "must set either a target raw value or a target utilization")
    if percent is not None and average is not None:
        target.forbidden("averageValue", "may not set both a target raw value and a target utilization")


def _resource(v: At) -> None:
    v.need("name", "must specify a resource name")
    _utilization(v)


def _container(v: At) -> None:
    if v.need("name", "must specify a resource name"):
        quantities.check_container_name(v.at("name"), v.text("name"))
    if v.need("container", "must specify a container"):
        v.judge("container", names.is_dns1123_label)
    _utilization(v)


_SOURCES = {
    "object": _object, "external": _external, "pods": _pods, "resource": _resource, "containerResource": _container,
}  # fmt: skip


# -- showing


def _one(spec: Json, status: Json) -> str:
    field = _FIELDS.get(spec.get("type") or "")
    if field is None:
        return "<unknown type>"
    source = spec.get(field) or {}
    target, current = source.get("target") or {}, (status.get(field) or {}).get("current") or {}
    average = target.get("averageValue")
    if field in ("resource", "containerResource"):
        name = source.get("name") or ""
        if average is not None:
            return f"{name}: {current.get('averageValue') or UNKNOWN}/{average}"
        percent, now = target.get("averageUtilization"), current.get("averageUtilization")
        shown = UNKNOWN if now is None else f"{now}%"
        return f"{name}: {shown}/{'<auto>' if percent is None else f'{percent}%'}"
    if field == "pods":
        return f"{current.get('averageValue') or UNKNOWN}/{average or '0'}"
    if average is not None:
        return f"{current.get('averageValue') or UNKNOWN}/{average} (avg)"
    return f"{current.get('value') or UNKNOWN}/{target.get('value') or '0'}"


def text(specs: list[Json], statuses: list[Json]) -> str:
    """Return the TARGETS cell."""
    if not specs:
        return table.NONE
    shown = [_one(spec, statuses[n] if n < len(statuses) else {}) for n, spec in enumerate(specs)]
    joined = ", ".join(shown[:2])
    return f"{joined} + {len(shown) - 2} more..." if len(shown) > 2 else joined
