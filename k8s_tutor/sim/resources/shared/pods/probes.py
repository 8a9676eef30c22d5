"""Probes and lifecycle hooks (upstream: ``validateProbe``, ``validateHandler``, ``validateLifecycle``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.check import At

SCHEMES = ("HTTP", "HTTPS")
_ONE = "may not specify more than 1 handler type"


def check_port(v: At, name: str) -> None:
    """Check a port given as number or name."""
    port = v.get(name)
    if isinstance(port, str):
        v.judge(name, names.is_port_name, port)
    else:
        for complaint in names.is_port_num(port or 0):
            v.invalid(name, complaint, port or 0)


def _exec(v: At, _: int | None) -> None:
    v.need("command")


def _http(v: At, _: int | None) -> None:
    v.need("path")
    check_port(v, "port")
    v.one_of("scheme", SCHEMES)
    for header in v.get("httpHeaders") or ():
        v.judge("httpHeaders", names.is_http_header_name, header.get("name") or "")


def _tcp(v: At, _: int | None) -> None:
    check_port(v, "port")


def _sleep(v: At, grace: int | None) -> None:
    seconds = v.number("seconds")
    if grace is not None and not 0 <= seconds <= grace:
        v.invalid("", f"must be non-negative and less than terminationGracePeriodSeconds ({grace})", seconds)


_PROBE = {"exec": _exec, "httpGet": _http, "tcpSocket": _tcp, "grpc": _tcp}
_HOOK = {"exec": _exec, "httpGet": _http, "tcpSocket": _tcp, "sleep": _sleep}


def _check_handler(v: At, kinds: dict[str, Any], grace: int | None) -> None:
    found = False
    for kind, check in kinds.items():
        if v.get(kind) is None:
            continue
        if found:
            v.forbidden(kind, _ONE)
            continue
        found = True
        check(v.at(kind), grace)
    if not found:
        v.required("", "must specify a handler type")


def check_probe(v: At, kind: str, grace: int | None) -> None:
    """Check a container's ``livenessProbe``, ``readinessProbe`` or ``startupProbe``."""
    if v.get(kind) is None:
        return
    probe = v.at(kind)
    _check_handler(probe, _PROBE, grace)
    probe.not_negative("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
    seconds = probe.get("terminationGracePeriodSeconds")
    if seconds is not None and seconds <= 0:
        probe.invalid("terminationGracePeriodSeconds", "must be greater than 0")
    if kind == "readinessProbe":
        if seconds is not None:
            probe.invalid("terminationGracePeriodSeconds", "must not be set for readinessProbes")
    elif probe.number("successThreshold") != 1:
        probe.invalid("successThreshold", "must be 1", probe.number("successThreshold"))


def check_lifecycle(v: At, grace: int | None) -> None:
    """Check a container's lifecycle hooks."""
    for hook in ("postStart", "preStop"):
        if v.get(hook) is not None:
            _check_handler(v.at(hook), _HOOK, grace)


def default_probe(probe: Json) -> None:
    """Fill the defaults of a probe."""
    for name, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        if not probe.get(name):
            probe[name] = value
    default_handler(probe)
    grpc = probe.get("grpc")
    if grpc is not None and grpc.get("service") is None:
        grpc["service"] = ""


def default_handler(handler: Json) -> None:
    """Fill the defaults of a probe's or hook's action."""
    http = handler.get("httpGet")
    if http is not None:
        http["path"] = http.get("path") or "/"
        http["scheme"] = http.get("scheme") or "HTTP"
