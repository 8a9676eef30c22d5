"""Claims of devices: requests, constraints and configuration (upstream: ``pkg/apis/resource/validation``)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.storage.volume_sources import csi_driver_name

MODES = ("All", "ExactCount")
_MAX_REQUESTS, _MAX_ALTERNATIVES, _MAX_SELECTORS, MAX_CONFIG = 32, 8, 32, 32
_MAX_EXPRESSION = 10 * 1024
_ONE = "exactly one of `exactly` or `firstAvailable` is required"
_REFERENCE = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
_EFFECTS = ("NoExecute", "NoSchedule", "None")


def default_claim(spec: Json | None) -> None:
    """Fill in how many devices each request wants."""
    for request in ((spec or {}).get("devices") or {}).get("requests") or ():
        for item in (request.get("exactly"), *(request.get("firstAvailable") or ())):
            if item is None:
                continue
            if not item.get("allocationMode"):
                item["allocationMode"] = "ExactCount"
            if item["allocationMode"] == "ExactCount" and not item.get("count"):
                item["count"] = 1


def check_claim(spec: At) -> None:
    """Check the specification of a claim."""
    devices = spec.at("devices")
    known: dict[str, set[str]] = {}
    for request in devices.get("requests") or ():
        known[request.get("name") or ""] = {item.get("name") or "" for item in request.get("firstAvailable") or ()}
    _check_size(devices, "requests", _MAX_REQUESTS)
    seen: set[str] = set()
    for request in devices.each("requests"):
        _check_request(request)
        if request.text("name") in seen:
            request.duplicate("", request.text("name"))
        seen.add(request.text("name"))
    _check_size(devices, "constraints", _MAX_REQUESTS)
    for constraint in devices.each("constraints"):
        _check_references(constraint, known)
        if constraint.get("matchAttribute") is None and constraint.get("distinctAttribute") is None:
            constraint.required(
                "", 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
            )
    _check_size(devices, "config", MAX_CONFIG)
    for config in devices.each("config"):
        _check_references(config, known)
        check_configuration(config)


def _check_size(v: At, name: str, most: int) -> None:
    count = len(v.get(name) or ())
    if count > most:
        v.too_many(name, count, most)


def _check_request(v: At) -> None:
    v.need_judged("name", names.is_dns1123_label)
    exactly, first = v.get("exactly"), v.get("firstAvailable")
    if exactly is None and not first:
        v.required("", _ONE)
    elif exactly is not None and first:
        v.invalid("", f"{_ONE}, but multiple fields are set", None)
    elif exactly is not None:
        _check_devices(v.at("exactly"))
    else:
        _check_size(v, "firstAvailable", _MAX_ALTERNATIVES)
        for item in v.each("firstAvailable"):
            item.need_judged("name", names.is_dns1123_label)
            _check_devices(item)


def _check_devices(v: At) -> None:
    v.need_judged("deviceClassName", names.is_dns1123_subdomain)
    check_selectors(v)
    mode, count = v.text("allocationMode"), v.number("count")
    if mode == "All":
        if count:
            v.invalid("count", "must not be specified when allocationMode is 'All'")
    elif mode == "ExactCount":
        if count <= 0:
            v.invalid("count", "must be greater than zero", count)
    else:
        v.unsupported("allocationMode", MODES)
    for toleration in v.each("tolerations"):
        _check_toleration(toleration)


def check_selectors(v: At) -> None:
    """Check the CEL expressions that select devices."""
    _check_size(v, "selectors", _MAX_SELECTORS)
    for selector in v.each("selectors"):
        from k8s_tutor.apimachinery import cel  # costs 50 ms, and few clusters have devices

        if selector.get("cel") is None:
            selector.required("cel")
            continue
        expression = selector.at("cel").text("expression")
        if len(expression.encode()) > _MAX_EXPRESSION:
            selector.at("cel").too_long("expression", _MAX_EXPRESSION)
            continue
        try:
            kind = cel.compile(expression, cel.untyped("device", bindings=True)).type
        except cel.CompileError as error:
            selector.at("cel").invalid_text("expression", f"compilation failed: {error}")
            continue
        if kind not in ("bool", "dyn"):
            selector.at("cel").invalid_text("expression", "must evaluate to bool or the unknown type")


def _check_toleration(v: At) -> None:
    v.judge_if("key", names.is_qualified_name)
    operator = v.text("operator")
    if operator == "Exists":
        if v.text("value"):
            v.invalid("value", "must be empty for operator `Exists`")
    elif operator == "Equal":
        v.judge("value", names.is_label_value)
    elif not operator:
        v.required("operator")
    else:
        v.unsupported("operator", ("Equal", "Exists"))
    if v.text("effect"):
        v.one_of("effect", _EFFECTS)


def _check_references(v: At, known: dict[str, set[str]]) -> None:
    _check_size(v, "requests", _MAX_REQUESTS)
    seen: set[str] = set()
    for reference in v.each("requests"):
        head, slash, tail = reference.value.partition("/")
        if "/" in tail:
            reference.invalid("", _REFERENCE)
            continue
        for part in reference.value.split("/"):
            reference.judge("", names.is_dns1123_label, part)
        if head not in known or (slash and tail not in known[head]):
            reference.invalid("", _REFERENCE)
        if reference.value in seen:
            reference.duplicate()
        seen.add(reference.value)


def check_configuration(v: At) -> None:
    """Check a driver's own configuration."""
    if v.get("opaque") is None:
        v.required("opaque")
        return
    opaque = v.at("opaque")
    csi_driver_name(opaque, "driver")
    parameters = opaque.get("parameters")
    if parameters is None:
        opaque.required("parameters")
    elif not isinstance(parameters, dict):
        opaque.invalid("parameters", "must be a valid JSON object", "<value omitted>")


def check_taint(v: At) -> None:
    """Check the taint of a device."""
    v.need_judged("key", names.is_qualified_name)
    v.judge_if("value", names.is_label_value)
    if not v.text("effect"):
        v.required("effect")
    elif v.text("effect") not in _EFFECTS:
        v.unsupported("effect", _EFFECTS)
