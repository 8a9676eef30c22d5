"""Status of load balancers, of Services and Ingresses (upstream: ``ValidateLoadBalancerStatus``)."""

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.network.addresses import check_ip, parse_sloppy


def _ingress(obj: Json) -> list[Json]:
    return ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []


def _check_hostname(item: At) -> None:
    if not item.text("hostname"):
        return
    item.judge("hostname", names.is_dns1123_subdomain)
    if parse_sloppy(item.text("hostname")) is not None:
        item.invalid("hostname", "must be a DNS name, not an IP address")


def check_service_status(v: At, old: Json) -> None:
    """Check the status of a Service."""
    at = v.at("status").at("loadBalancer")
    if (v.get("spec") or {}).get("type") != "LoadBalancer" and at.get("ingress"):
        at.forbidden("ingress", "may only be used when `spec.type` is 'LoadBalancer'")
        return
    known = [item["ip"] for item in _ingress(old) if item.get("ip")]
    for item in at.each("ingress"):
        ip, mode = item.text("ip"), item.get("ipMode")
        if ip:
            check_ip(item, "ip", known)
        if mode is None:
            if ip:
                item.required("ipMode", "must be specified when `ip` is set")
        elif not ip:
            item.forbidden("ipMode", "may not be specified when `ip` is not set")
        else:
            item.one_of("ipMode", ("Proxy", "VIP"))
        _check_hostname(item)


def check_ingress_status(v: At, old: Json) -> None:
    """Check the status of an Ingress."""
    known = [item["ip"] for item in _ingress(old) if item.get("ip")]
    for item in v.at("status").at("loadBalancer").each("ingress"):
        if item.text("ip"):
            check_ip(item, "ip", known)
        _check_hostname(item)
