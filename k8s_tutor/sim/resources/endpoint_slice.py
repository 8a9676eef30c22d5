"""EndpointSlices (upstream: ``registry/discovery/endpointslice``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.label_checks import check_labels
from k8s_tutor.sim.resources.shared.network.addresses import (
    check_canonical_ip,
    check_endpoint_ip,
    check_ip,
    ip_warnings,
    is_ipv4,
    is_ipv6,
)

HOSTNAME = "kubernetes.io/hostname"
TYPES = ("FQDN", "IPv4", "IPv6")
PROTOCOLS = ("SCTP", "TCP", "UDP")
_LOTS = {"endpoints": 1000, "ports": 20000, "forZones": 8, "forNodes": 8}


class EndpointSliceStrategy(KindStrategy):
    """The kind EndpointSlice."""

    resource = "endpointslices.discovery.k8s.io"
    has_generation = True
    columns = table.table(
        table.NAME,
        table.doc("discovery.v1", "EndpointSlice", "addressType", "AddressType"),
        table.doc("discovery.v1", "EndpointSlice", "ports", "Ports"),
        table.doc("discovery.v1", "EndpointSlice", "endpoints", "Endpoints"),
        table.AGE,
    )

    def default(self, obj: Json) -> None:
        for port in obj.get("ports") or ():
            if port.get("name") is None:
                port["name"] = ""
            if port.get("protocol") is None:
                port["protocol"] = "TCP"

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        _drop_topology(obj, None)

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        _drop_topology(new, old)
        skip = ("metadata", "apiVersion", "kind")
        changed = any(not same(new.get(key), old.get(key)) for key in (new.keys() | old.keys()) - set(skip))
        labels = not same(new["metadata"].get("labels"), old["metadata"].get("labels"))
        if changed or labels:
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1

    def check(self, v: At, old: Json | None) -> None:
        self._check_ports(v)
        if old is not None and same(v.get("endpoints"), old.get("endpoints")):
            return
        endpoints = v.get("endpoints") or ()
        if len(endpoints) > _LOTS["endpoints"]:
            v.too_many("endpoints", len(endpoints), _LOTS["endpoints"])
            return
        for endpoint in v.each("endpoints"):
            self._check_endpoint(endpoint, v.text("addressType"))

    def _check_ports(self, v: At) -> None:
        ports = v.get("ports") or ()
        if len(ports) > _LOTS["ports"]:
            v.too_many("ports", len(ports), _LOTS["ports"])
            return
        seen: set[str] = set()
        for port in v.each("ports"):
            name = port.text("name")
            port.judge_if("name", names.is_dns1123_label)
            if name in seen:
                port.duplicate("name", name)
            seen.add(name)
            if port.get("protocol") is None:
                port.required("protocol")
            else:
                port.one_of("protocol", PROTOCOLS)
            if port.get("appProtocol") is not None:
                port.judge("appProtocol", names.is_qualified_name)

    def _check_endpoint(self, v: At, kind: str) -> None:
        for address in v.each("addresses"):
            if kind == "FQDN":
                _check_domain(address)
            elif kind in ("IPv4", "IPv6"):
                good = check_ip(address) if kind == "IPv4" else check_canonical_ip(address)
                if good:
                    if not (is_ipv4 if kind == "IPv4" else is_ipv6)(address.value):
                        v.invalid("addresses", f"must be an {kind} address", address.value)
                    check_endpoint_ip(address, address.value)
        if v.get("nodeName") is not None:
            v.judge("nodeName", names.is_dns1123_subdomain)
        topology = v.at("deprecatedTopology")
        if len(topology.value or ()) > 16:
            v.too_many("deprecatedTopology", len(topology.value), 16)
        check_labels(topology)
        if v.get("hostname") is not None:
            v.judge("hostname", names.is_dns1123_label)
        if v.get("hints") is not None:
            self._check_hints(v.at("hints"))

    def _check_hints(self, v: At) -> None:
        for field, judge in (("forZones", names.is_label_value), ("forNodes", names.is_dns1123_subdomain)):
            items = v.get(field) or ()
            if len(items) > _LOTS[field]:
                v.too_many(field, len(items), _LOTS[field])
                return
            seen: set[str] = set()
            for item in v.each(field):
                name = item.text("name")
                if name in seen:
                    item.duplicate("name", name)
                seen.add(name)
                item.judge("name", judge)

    def declared(self, v: At, old: Json | None) -> None:
        if v.need("addressType"):
            v.one_of("addressType", TYPES)
            if old is not None:
                v.immutable_declared("addressType", old)
        for endpoint in v.each("endpoints"):
            addresses = endpoint.get("addresses") or ()
            if not addresses:
                endpoint.required("addresses")
            elif len(addresses) > 100:
                endpoint.too_many("addresses", len(addresses), 100)

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        found = []
        if old is None and obj.get("addressType") == "FQDN":
            found.append("spec.addressType: FQDN endpoints are deprecated")
        for number, endpoint in enumerate(obj.get("endpoints") or ()):
            for index, address in enumerate(endpoint.get("addresses") or ()):
                found += ip_warnings(f"endpoints[{number}].addresses[{index}]", address)
        return found

    def row(self, obj: Json, now: float) -> list[Any]:
        ports = [
            str(port["port"]) if port.get("port") is not None else port.get("name") or "*"
            for port in obj.get("ports") or ()
        ]
        addresses = [a for endpoint in obj.get("endpoints") or () for a in endpoint.get("addresses") or ()]
        return [
            obj["metadata"]["name"],
            obj.get("addressType") or "",
            table.shortened(ports, len(ports)),
            table.shortened(addresses, len(addresses)),
            table.created(obj, now),
        ]


def _drop_topology(new: Json, old: Json | None) -> None:
    """Leave out a field of an older version, unless it was there; a node that it named becomes the node's name."""
    if old is not None and same(new.get("endpoints"), old.get("endpoints")):
        return
    known = {
        (endpoint.get("deprecatedTopology") or {}).get(HOSTNAME) for endpoint in (old or {}).get("endpoints") or ()
    }
    for endpoint in new.get("endpoints") or ():
        node = (endpoint.pop("deprecatedTopology", None) or {}).get(HOSTNAME)
        if endpoint.get("nodeName") is None and node in known and node and not names.is_dns1123_subdomain(node):
            endpoint["nodeName"] = node


def _check_domain(v: At) -> None:
    text = v.value or ""
    if not text:
        v.required()
        return
    name = text.removesuffix(".")
    complaints = names.is_dns1123_subdomain(name)
    if complaints:
        v.invalid("", ",".join(complaints), name)
    elif "." not in name:
        v.invalid("", "should be a domain with at least two segments separated by dots", name)
