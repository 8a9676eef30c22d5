"""Endpoints (upstream: ``registry/core/endpoint``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.network.addresses import check_endpoint_ip, check_ip, is_ipv6


class EndpointsStrategy(KindStrategy):
    """The kind Endpoints."""

    resource = "endpoints"
    allow_create_on_update = True
    columns = table.table(table.NAME, table.doc("core.v1", "Endpoints", "subsets", "Endpoints"), table.AGE)

    def default(self, obj: Json) -> None:
        for subset in obj.get("subsets") or ():
            for port in subset.get("ports") or ():
                if not port.get("protocol"):
                    port["protocol"] = "TCP"

    def check(self, v: At, old: Json | None) -> None:
        if old is not None and same(v.get("subsets"), old.get("subsets")):
            return
        for subset in v.each("subsets"):
            if not subset.get("addresses") and not subset.get("notReadyAddresses"):
                subset.required("", "must specify `addresses` or `notReadyAddresses`")
            for field in ("addresses", "notReadyAddresses"):
                for address in subset.each(field):
                    self._check_address(address)
            many = len(subset.get("ports") or ()) > 1
            for port in subset.each("ports"):
                self._check_port(port, many=many)

    def _check_address(self, v: At) -> None:
        check_ip(v, "ip")
        v.judge_if("hostname", names.is_dns1123_label)
        if v.get("nodeName") is not None:
            v.judge("nodeName", names.is_dns1123_subdomain)
        check_endpoint_ip(v.at("ip"), v.text("ip"))

    def _check_port(self, v: At, *, many: bool) -> None:
        if many and not v.text("name"):
            v.required("name")
        v.judge_if("name", names.is_dns1123_label)
        for complaint in names.is_port_num(v.number("port")):
            v.invalid("port", complaint, v.number("port"))
        v.one_of("protocol", ("SCTP", "TCP", "UDP"), required=True)
        if v.get("appProtocol") is not None:
            v.judge("appProtocol", names.is_qualified_name)

    def row(self, obj: Json, now: float) -> list[Any]:
        shown: list[str] = []
        for subset in obj.get("subsets") or ():
            ips = [address.get("ip") or "" for address in subset.get("addresses") or ()]
            ports = subset.get("ports") or ()
            if not ports:
                shown += ips
            for port in ports:
                shown += [f"[{ip}]:{port.get('port')}" if is_ipv6(ip) else f"{ip}:{port.get('port')}" for ip in ips]
        text = table.shortened(shown, len(shown), empty="")
        return [obj["metadata"]["name"], text if obj.get("subsets") else table.NONE, table.created(obj, now)]
