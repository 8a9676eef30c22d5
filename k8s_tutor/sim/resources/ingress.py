"""Ingresses (upstream: ``registry/networking/ingress``, ``apis/networking``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import WithStatus
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.network.addresses import parse_sloppy
from k8s_tutor.sim.resources.shared.network.load_balancers import check_ingress_status
from k8s_tutor.sim.resources.shared.references import check_reference

_CLASS = "kubernetes.io/ingress.class"
PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
_ABSOLUTE = "must be an absolute path"


class IngressStrategy(WithStatus):
    """The kind Ingress."""

    resource = "ingresses.networking.k8s.io"
    columns = table.table(
        table.NAME,
        table.plain("Class", "The name of the IngressClass resource that should be used for additional configuration"),
        table.plain("Hosts", "Hosts that incoming requests are matched against before the ingress rule"),
        table.plain("Address", "Address is a list containing ingress points for the load-balancer"),
        table.plain("Ports", "Ports of TLS configurations that open"),
        table.AGE,
    )

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        obj["status"] = {"loadBalancer": {}}

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        if not spec.get("rules") and spec.get("defaultBackend") is None:
            spec.invalid("", "either `defaultBackend` or `rules` must be specified", spec.get("rules"))
        if spec.get("defaultBackend") is not None:
            _check_backend(spec.at("defaultBackend"))
        for rule in spec.each("rules"):
            _check_rule(rule)
        for item in spec.each("tls"):
            for host in item.each("hosts"):
                wild = "*" in host.value
                host.judge("", names.is_wildcard_dns1123_subdomain if wild else names.is_dns1123_subdomain)
            item.judge_if("secretName", names.is_dns1123_subdomain)
        if spec.get("ingressClassName") is not None:
            spec.judge("ingressClassName", names.is_dns1123_subdomain)
        value = ((v.get("metadata") or {}).get("annotations") or {}).get(_CLASS)
        name = spec.get("ingressClassName")
        if old is None and value is not None and name is not None and value != name:
            at = At(v.errors, f"annotations.{_CLASS}", value)
            at.invalid("", "must match `ingressClassName` when both are specified")

    def check_status(self, v: At, old: Json) -> None:
        check_ingress_status(v, old)

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        if old is not None or _CLASS not in (obj["metadata"].get("annotations") or {}):
            return []
        return [f"annotation \"{_CLASS}\" is deprecated, please use 'spec.ingressClassName' instead"]

    def row(self, obj: Json, now: float) -> list[Any]:
        spec = obj.get("spec") or {}
        return [
            obj["metadata"]["name"],
            spec.get("ingressClassName") or table.NONE,
            _hosts(spec.get("rules") or ()),
            table.addresses_text(obj.get("status")),
            "80, 443" if spec.get("tls") else "80",
            table.created(obj, now),
        ]


def _check_rule(rule: At) -> None:
    host = rule.text("host")
    if host:
        if parse_sloppy(host) is not None:
            rule.invalid("host", "must be a DNS name, not an IP address")
        rule.judge("host", names.is_wildcard_dns1123_subdomain if "*" in host else names.is_dns1123_subdomain)
    if rule.get("http") is None:
        return
    http = rule.at("http")
    http.need("paths")
    for path in http.each("paths"):
        _check_path(path)


def _check_path(v: At) -> None:
    kind, path = v.get("pathType"), v.text("path")
    if kind is None:
        v.required("pathType", "pathType must be specified")
        return
    if kind in ("Exact", "Prefix"):
        if not path.startswith("/"):
            v.invalid_text("path", _ABSOLUTE)
        for sequence in _SEQUENCES if path else ():
            if sequence in path:
                v.invalid("path", f"must not contain '{sequence}'")
        for suffix in ("/..", "/.") if path else ():
            if path.endswith(suffix):
                v.invalid("path", f"cannot end with '{suffix}'")
    elif kind == "ImplementationSpecific":
        if path and not path.startswith("/"):
            v.invalid("path", _ABSOLUTE)
    else:
        v.unsupported("pathType", PATH_TYPES)
    _check_backend(v.at("backend"))


def _check_backend(v: At) -> None:
    service, resource = v.get("service"), v.get("resource")
    if service is not None and resource is not None:
        v.invalid("", "cannot set both resource and service backends", "")
    elif resource is not None:
        check_reference(v.at("resource"))
    elif service is None:
        v.invalid("", "resource or service backend is required", "")
    else:
        at = v.at("service")
        at.need_judged("name", names.is_dns1123_label)
        port = at.at("port")
        name, number = port.text("name"), port.number("number")
        if name and number:
            v.invalid("", "cannot set both port name & port number", "")
        elif name:
            port.judge("name", names.is_port_name)
        elif number:
            for complaint in names.is_port_num(number):
                port.invalid("number", complaint)
        else:
            v.required("", "port name or number is required")


def _hosts(rules: Any) -> str:
    hosts: list[str] = []
    more = False
    for rule in rules:
        more = more or len(hosts) == 3
        if not more and rule.get("host"):
            hosts.append(rule["host"])
    text = ",".join(hosts) or "*"
    return f"{text} + {len(rules) - 3} more..." if more else text
