"""What becomes of a Service's addresses and ports when it changes, and their IPAddress objects."""

from collections.abc import Iterable

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.meta import new_uid
from k8s_tutor.sim.registry.strategy import Objects, RequestContext, UserInfo
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.network.addresses import is_ipv6
from k8s_tutor.sim.resources.shared.network.service_addresses import (
    has_cluster_ip,
    is_headless,
    wants_health_check,
    wants_node_ports,
)

ADDRESSES = "ipaddresses.networking.k8s.io"
ALLOCATOR = UserInfo("system:apiserver", ("system:masters", "system:authenticated"))
_ONCE = "may not change once set"


def _node_ports(spec: Json) -> set[int]:
    return {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}


def keep_allotted(spec: Json, old: Json) -> None:
    """Carry over what was allotted where the request leaves it open, and keep ``clusterIP`` and ``clusterIPs`` alike."""
    if has_cluster_ip(old) and has_cluster_ip(spec):
        if not spec.get("clusterIP") and old.get("clusterIP"):
            spec["clusterIP"] = old["clusterIP"]
        if not spec.get("clusterIPs") and old.get("clusterIPs"):
            spec["clusterIPs"] = old["clusterIPs"]
    if wants_node_ports(old) and wants_node_ports(spec):
        used = _node_ports(old) & _node_ports(spec)
        by_name = {port.get("name") or "": port.get("nodePort") or 0 for port in old.get("ports") or ()}
        for port in spec.get("ports") or ():
            before = by_name.get(port.get("name") or "", 0)
            if not port.get("nodePort") and before and before not in used:
                port["nodePort"] = before
    if wants_health_check(old) and wants_health_check(spec) and not spec.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = old.get("healthCheckNodePort")
    _normalize(spec, old)


def _normalize(spec: Json, old: Json) -> None:
    ip, ips = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    was, were = old.get("clusterIP") or "", old.get("clusterIPs") or []
    if were and not ips and was == ip:
        spec["clusterIPs"] = were
    elif was != ip and ips == were:
        if was and not ip:
            spec.pop("clusterIPs", None)
        else:
            spec["clusterIPs"] = [ip]


def _clear(spec: Json, *fields: str) -> None:
    for field in fields:
        spec.pop(field, None)


def _is_external(spec: Json) -> bool:
    kind = spec.get("type")
    return kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def drop_dependent(service: Json, old: Json) -> None:
    """Drop fields that the new type does not have, where the request merely repeats the old values."""
    spec = service["spec"]
    kind, was = spec.get("type"), old.get("type")
    if has_cluster_ip(old) and not has_cluster_ip(spec):
        if spec.get("clusterIP") == old.get("clusterIP") and spec.get("clusterIPs") == old.get("clusterIPs"):
            _clear(spec, "clusterIP", "clusterIPs")
        for field in ("ipFamilies", "ipFamilyPolicy"):
            if spec.get(field) == old.get(field):
                _clear(spec, field)
        _clear(spec, "internalTrafficPolicy")
    node = ("NodePort", "LoadBalancer")
    if was in node and kind not in node and _node_ports(spec) <= _node_ports(old):
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
    if wants_health_check(old) and not wants_health_check(spec):
        if spec.get("healthCheckNodePort") == old.get("healthCheckNodePort"):
            _clear(spec, "healthCheckNodePort")
    if was == "LoadBalancer" and kind != "LoadBalancer":
        for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            if spec.get(field) == old.get(field):
                _clear(spec, field)
    if _is_external(old) and not _is_external(spec):
        if spec.get("externalTrafficPolicy") == old.get("externalTrafficPolicy"):
            _clear(spec, "externalTrafficPolicy")
    if kind != "LoadBalancer":
        service["status"] = {**(service.get("status") or {}), "loadBalancer": {}}


def stays_dual(spec: Json, old: Json) -> bool:
    """Tell whether nothing that touches families changed on a PreferDualStack Service."""
    return (
        spec.get("ipFamilyPolicy") == "PreferDualStack"
        and old.get("ipFamilyPolicy") in (None, "PreferDualStack")
        and has_cluster_ip(spec)
        and all(same(spec.get(field), old.get(field)) for field in ("type", "clusterIPs", "ipFamilies"))
    )


def check_changes(spec: At, old: Json) -> None:
    """Check what of a Service's addresses may not change (the cursor stands at spec)."""
    new = spec.value
    if has_cluster_ip(new) and has_cluster_ip(old):
        if not (is_headless(old) and is_headless(new)):
            _check_ips(spec, old.get("clusterIPs") or [])
        if not is_headless(old) and not is_headless(new):
            _check_families(spec, old.get("ipFamilies") or [])
    if old.get("type") == new.get("type") == "LoadBalancer":
        if old.get("loadBalancerClass") != new.get("loadBalancerClass"):
            spec.invalid("loadBalancerClass", _ONCE)
    if wants_health_check(old) and wants_health_check(new):
        if old.get("healthCheckNodePort") != new.get("healthCheckNodePort"):
            spec.forbidden("healthCheckNodePort", "field is immutable")


def _check_ips(spec: At, old: list[str]) -> None:
    now = spec.get("clusterIPs") or []
    first = spec.at("clusterIPs")
    if len(old) == len(now):
        for number, ip in enumerate(old):
            if ip != now[number]:
                first.index(number).invalid("", _ONCE, now)
    elif len(old) > len(now):
        if not now:
            first.index(0).invalid("", "primary clusterIP can not be unset", spec.get("clusterIPs"))
        elif now[0] != old[0]:
            first.index(0).invalid("", _ONCE, now)
        if len(now) == 1 and spec.get("ipFamilyPolicy") != "SingleStack":
            spec.invalid("ipFamilyPolicy", "must be set to 'SingleStack' when releasing the secondary clusterIP")
    elif old and now[0] != old[0]:
        first.index(0).invalid("", _ONCE, now)


def _check_families(spec: At, old: list[str]) -> None:
    now = spec.get("ipFamilies") or []
    first = spec.at("ipFamilies").index(0)
    if len(old) == len(now):
        if old != now:
            first.invalid("", _ONCE, now)
    elif len(old) > len(now):
        if now and now[0] != old[0]:
            first.invalid("", _ONCE, spec.get("clusterIPs"))
        if len(now) == 1 and spec.get("ipFamilyPolicy") != "SingleStack":
            spec.invalid("ipFamilyPolicy", "must be set to 'SingleStack' when releasing the secondary ipFamily")
    elif old and now and now[0] != old[0]:
        first.invalid("", _ONCE, spec.get("clusterIPs"))


# -- IPAddress objects: one for each address in use


def write_addresses(objects: Objects, service: Json) -> None:
    """Make the IPAddress objects of a Service, and remove those of addresses it gave back."""
    spec, meta = service["spec"], service["metadata"]
    ips = [ip for ip in spec.get("clusterIPs") or () if ip and ip != "None"] if has_cluster_ip(spec) else []
    for ip in ips:
        if objects.store.get(ADDRESSES, "", ip) is None:
            address = {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "IPAddress",
                "metadata": {
                    "name": ip,
                    "uid": new_uid(),
                    "creationTimestamp": rfc3339(objects.store.clock.now()),
                    "labels": {
                        "ipaddress.kubernetes.io/ip-family": "IPv6" if is_ipv6(ip) else "IPv4",
                        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
                    },
                },
                "spec": {
                    "parentRef": {"resource": "services", "namespace": meta["namespace"], "name": meta["name"]},
                },
            }
            objects.place(RequestContext(ALLOCATOR, "kube-apiserver"), ADDRESSES, address)
    drop_addresses(objects, service, ips)


def drop_addresses(objects: Objects, service: Json, but: Iterable[str]) -> None:
    """Remove the IPAddress objects of a Service but for some."""
    meta = service["metadata"]
    owner = {"resource": "services", "namespace": meta["namespace"], "name": meta["name"]}
    for entry in list(objects.store.entries(ADDRESSES)):
        obj = entry.obj
        if obj["metadata"]["name"] not in but and (obj.get("spec") or {}).get("parentRef") == owner:
            objects.store.remove(ADDRESSES, ("", obj["metadata"]["name"]), obj)
