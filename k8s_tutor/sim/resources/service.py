"""Services (upstream: ``registry/core/service``, ``core/validation``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.gotext import quote
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.label_checks import check_labels
from k8s_tutor.sim.resources.shared.network import service_addresses as alloc
from k8s_tutor.sim.resources.shared.network import service_changes as changes
from k8s_tutor.sim.resources.shared.network.addresses import (
    check_cidr,
    check_endpoint_ip,
    check_ip,
    cidr_warnings,
    ip_warnings,
)
from k8s_tutor.sim.resources.shared.network.load_balancers import check_service_status
from k8s_tutor.sim.resources.shared.pods.probes import check_port

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
PROTOCOLS = ("SCTP", "TCP", "UDP")
TRAFFIC = ("Cluster", "Local")
DISTRIBUTION = ("PreferClose", "PreferSameZone", "PreferSameNode")
_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_HINTS, _MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
_ONLY_LB = "may only be used when `type` is 'LoadBalancer'"


def is_external(spec: Json) -> bool:
    """Tell whether a Service can be reached from outside of the cluster."""
    kind = spec.get("type")
    return kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


class ServiceStrategy(KindStrategy):
    """The kind Service."""

    resource = "services"
    has_status = True
    allow_create_on_update = True
    name_rule = staticmethod(names.is_dns1123_label)
    fields = ("spec.clusterIP", "spec.type")
    columns = table.table(
        table.NAME,
        table.doc("core.v1", "ServiceSpec", "type", "Type"),
        table.doc("core.v1", "ServiceSpec", "clusterIP", "Cluster-IP"),
        table.doc("core.v1", "ServiceSpec", "externalIPs", "External-IP"),
        table.doc("core.v1", "ServiceSpec", "ports", "Port(s)"),
        table.AGE,
        table.doc("core.v1", "ServiceSpec", "selector", "Selector", wide=True),
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        affinity = spec.get("sessionAffinity") or "None"
        spec["sessionAffinity"] = affinity
        if affinity == "None":
            spec.pop("sessionAffinityConfig", None)
        elif affinity == "ClientIP":
            client = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
            if client.get("timeoutSeconds") is None:
                spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 10800}}
        kind = spec["type"] = spec.get("type") or "ClusterIP"
        for port in spec.get("ports") or ():
            port["protocol"] = port.get("protocol") or "TCP"
            if not port.get("targetPort"):
                port["targetPort"] = port.get("port") or 0
        if is_external(spec) and not spec.get("externalTrafficPolicy"):
            spec["externalTrafficPolicy"] = "Cluster"
        if spec.get("internalTrafficPolicy") is None and kind in ("ClusterIP", "LoadBalancer", "NodePort"):
            spec["internalTrafficPolicy"] = "Cluster"
        if kind == "LoadBalancer":
            if spec.get("allocateLoadBalancerNodePorts") is None:
                spec["allocateLoadBalancerNodePorts"] = True
            for ingress in ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
                if ingress.get("ip") and ingress.get("ipMode") is None:
                    ingress["ipMode"] = "VIP"

    # -- addresses and ports

    def _taken(self, but: str | None) -> alloc.Taken:
        services = [] if self.objects is None else [entry.obj for entry in self.store.entries("services")]
        return alloc.Taken(services, but)

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        obj["status"] = {"loadBalancer": {}}
        spec = obj["spec"]
        if spec.get("clusterIP") and not spec.get("clusterIPs"):
            spec["clusterIPs"] = [spec["clusterIP"]]
        allotment = alloc.Allotment(obj, self._taken(None), dry_run=ctx.dry_run)
        allotment.families(None)
        allotment.addresses(())
        allotment.node_ports(())

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        spec, before = new["spec"], old["spec"]
        changes.keep_allotted(spec, before)
        changes.drop_dependent(new, before)
        allotment = alloc.Allotment(new, self._taken(old["metadata"].get("uid")), dry_run=ctx.dry_run)
        if not changes.stays_dual(spec, before):
            allotment.families(before)
        if not alloc.is_headless(before):
            allotment.addresses(before.get("clusterIPs") or ())
        kept = [port["nodePort"] for port in before.get("ports") or () if port.get("nodePort")]
        allotment.node_ports([*kept, before.get("healthCheckNodePort") or 0])

    def after_write(self, obj: Json) -> None:
        if self.objects is not None:
            changes.write_addresses(self.objects, obj)

    def after_delete(self, obj: Json) -> None:
        if self.objects is not None:
            changes.drop_addresses(self.objects, obj, ())

    # -- validation

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        annotations = (v.get("metadata") or {}).get("annotations") or {}
        if _HINTS in annotations and _MODE in annotations and annotations[_HINTS] != annotations[_MODE]:
            at = v.at("metadata").at("annotations").key(_MODE)
            at.invalid("", f"must match annotations[{_HINTS}] when both are specified", annotations[_MODE])
        kind, headless = spec.text("type"), alloc.is_headless(spec.value)
        if not spec.get("ports") and not headless and kind != "ExternalName":
            spec.required("ports")
        self._check_type(spec, kind, headless=headless)
        self._check_ports(spec)
        check_labels(spec.at("selector"))
        self._check_affinity(spec)
        before = (old or {}).get("spec") or {}
        alloc.check_cluster_ips(spec, before)
        for ip in spec.each("externalIPs"):
            if check_ip(ip, old=before.get("externalIPs") or ()):
                check_endpoint_ip(ip, ip.value)
        spec.one_of("type", TYPES, required=True)
        self._check_node_ports(spec, kind)
        self._check_ranges(v, spec, kind, old)
        if spec.get("allocateLoadBalancerNodePorts") is not None and kind != "LoadBalancer":
            spec.forbidden("allocateLoadBalancerNodePorts", _ONLY_LB)
        self._check_class(spec, kind)
        self._check_traffic(spec, kind)

    def _check_type(self, spec: At, kind: str, *, headless: bool) -> None:
        if kind in ("LoadBalancer", "NodePort"):
            if headless:
                at = spec.at("clusterIPs").index(0)
                at.invalid("", f"may not be set to 'None' for {kind} services", "None")
        elif kind == "ExternalName":
            for field in ("clusterIPs", "ipFamilies"):
                if spec.get(field):
                    spec.forbidden(field, "may not be set for ExternalName services")
            if spec.get("ipFamilyPolicy") is not None:
                spec.forbidden("ipFamilyPolicy", "may not be set for ExternalName services")
            target = spec.text("externalName").removesuffix(".")
            if target:
                spec.judge("externalName", names.is_dns1123_subdomain, target)
            else:
                spec.required("externalName")

    def _check_ports(self, spec: At) -> None:
        many = len(spec.get("ports") or ()) > 1
        seen: set[str] = set()
        for port in spec.each("ports"):
            name = port.text("name")
            if many and not name:
                port.required("name")
            elif name:
                port.judge("name", names.is_dns1123_label)
                if name in seen:
                    port.duplicate("name")
                seen.add(name)
            for complaint in names.is_port_num(port.number("port")):
                port.invalid("port", complaint, port.number("port"))
            port.one_of("protocol", PROTOCOLS, required=True)
            check_port(port, "targetPort")
            if port.get("appProtocol") is not None:
                port.judge("appProtocol", names.is_qualified_name)

    def _check_affinity(self, spec: At) -> None:
        spec.one_of("sessionAffinity", ("ClientIP", "None"), required=True)
        affinity, config = spec.text("sessionAffinity"), spec.at("sessionAffinityConfig")
        if affinity == "None" and config.value is not None:
            config.forbidden("", "must not be set when session affinity is None")
        if affinity != "ClientIP":
            return
        for at in (config, config.at("clientIP"), config.at("clientIP").at("timeoutSeconds")):
            if at.value is None:
                at.required("", "when session affinity type is ClientIP")
                return
        seconds = config.at("clientIP").get("timeoutSeconds")
        if not 0 < seconds <= 86400:
            config.at("clientIP").invalid("timeoutSeconds", "must be greater than 0 and less than 86400")

    def _check_node_ports(self, spec: At, kind: str) -> None:
        node_ports: set[tuple[Any, Any]] = set()
        ports: set[tuple[Any, Any]] = set()
        items = list(spec.each("ports"))
        for port in items:
            if kind == "ClusterIP" and port.number("nodePort"):
                port.forbidden("nodePort", "may not be used when `type` is 'ClusterIP'")
        for port in items:
            key = (port.get("protocol"), port.get("nodePort"))
            if port.number("nodePort") and key in node_ports:
                port.duplicate("nodePort")
            node_ports.add(key)
        for port in items:
            key = (port.get("protocol"), port.number("port"))
            if key in ports:
                shown = internal("core.ServicePort", {"protocol": key[0], "port": key[1]})
                port.duplicate("", shown)
            ports.add(key)

    def _check_ranges(self, v: At, spec: At, kind: str, old: Json | None) -> None:
        ranges = spec.get("loadBalancerSourceRanges")
        annotations = (v.get("metadata") or {}).get("annotations") or {}
        if ranges:
            at = spec.at("loadBalancerSourceRanges", "LoadBalancerSourceRanges")
            if kind != "LoadBalancer":
                at.forbidden("", _ONLY_LB)
            before = ((old or {}).get("spec") or {}).get("loadBalancerSourceRanges") or ()
            for item in at.items():
                check_cidr(item, old=[text.strip() for text in before], value=item.value.strip())
        elif _RANGES in annotations:
            at = v.at("metadata").at("annotations").key(_RANGES)
            if kind != "LoadBalancer":
                at.forbidden("", _ONLY_LB)
            text = annotations[_RANGES]
            was = (((old or {}).get("metadata") or {}).get("annotations") or {}).get(_RANGES)
            if text.strip() and was != text:
                for item in text.strip().split(","):
                    check_cidr(at, value=item.strip())

    def _check_class(self, spec: At, kind: str) -> None:
        if spec.get("loadBalancerClass") is None:
            return
        if kind == "LoadBalancer":
            spec.judge("loadBalancerClass", names.is_qualified_name)
        else:
            spec.forbidden("loadBalancerClass", _ONLY_LB)

    def _check_traffic(self, spec: At, kind: str) -> None:
        if not is_external(spec.value):
            if spec.text("externalTrafficPolicy"):
                spec.invalid("externalTrafficPolicy", "may only be set for externally-accessible services")
        else:
            spec.one_of("externalTrafficPolicy", TRAFFIC, required=True)
        port = spec.number("healthCheckNodePort")
        if not alloc.wants_health_check(spec.value):
            if port:
                detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
                spec.invalid("healthCheckNodePort", detail)
        elif not port:
            spec.required("healthCheckNodePort")
        else:
            for complaint in names.is_port_num(port):
                spec.invalid("healthCheckNodePort", complaint)
        if spec.get("internalTrafficPolicy") is None:
            if kind in ("NodePort", "LoadBalancer", "ClusterIP"):
                spec.required("internalTrafficPolicy")
        else:
            spec.one_of("internalTrafficPolicy", TRAFFIC)
        spec.one_of_if("trafficDistribution", DISTRIBUTION)

    def check_update(self, v: At, old: Json) -> None:
        changes.check_changes(v.at("spec"), old["spec"])
        self.check(v, old)

    def check_status(self, v: At, old: Json) -> None:
        check_service_status(v, old)

    # -- showing

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        spec = obj["spec"]
        found = []
        if _HINTS in (obj["metadata"].get("annotations") or {}):
            found.append(f"annotation {_HINTS} is deprecated, please use {_MODE} instead")
        kind, ip = spec.get("type"), spec.get("clusterIP") or ""
        headless = kind == "ClusterIP" and ip == "None"
        if ip and ip != "None":
            for number, address in enumerate(spec.get("clusterIPs") or ()):
                found += ip_warnings(f"spec.clusterIPs[{number}]", address)
        external = spec.get("externalIPs") or []
        if headless:
            if spec.get("loadBalancerIP"):
                found.append("spec.loadBalancerIP is ignored for headless services")
            if external:
                found.append("spec.externalIPs is ignored for headless services")
            if spec.get("sessionAffinity") != "None":
                found.append("spec.SessionAffinity is ignored for headless services")
        for number, address in enumerate(external):
            found += ip_warnings(f"spec.externalIPs[{number}]", address)
        if external and not headless and kind != "ExternalName":
            found.append("spec.externalIPs is deprecated and may no longer be implemented in some clusters")
        if spec.get("loadBalancerIP"):
            found += ip_warnings("spec.loadBalancerIP", spec["loadBalancerIP"])
        for number, text in enumerate(spec.get("loadBalancerSourceRanges") or ()):
            found += cidr_warnings(f"spec.loadBalancerSourceRanges[{number}]", text)
        if kind == "ExternalName" and external:
            found.append('spec.externalIPs is ignored when spec.type is "ExternalName"')
        if kind != "ExternalName" and spec.get("externalName"):
            found.append('spec.externalName is ignored when spec.type is not "ExternalName"')
        if spec.get("trafficDistribution") == "PreferClose":
            old_name, new_name = quote("PreferClose"), quote("PreferSameZone")
            found.append(f"spec.trafficDistribution: {old_name} is deprecated; use {new_name}")
        return found

    def row(self, obj: Json, now: float) -> list[Any]:
        spec = obj["spec"]
        ports = ",".join(_port_text(port) for port in spec.get("ports") or ())
        return [
            obj["metadata"]["name"],
            spec.get("type") or "",
            (spec.get("clusterIPs") or [table.NONE])[0],
            _external_text(spec, obj.get("status")),
            ports or table.NONE,
            table.created(obj, now),
            table.labels_text(spec.get("selector")),
        ]


def _port_text(port: Json) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port') or 0}{node}/{port.get('protocol') or ''}"


def _external_text(spec: Json, status: Json | None) -> str:
    kind, external = spec.get("type"), spec.get("externalIPs") or []
    if kind in ("ClusterIP", "NodePort"):
        return ",".join(external) or table.NONE
    if kind == "LoadBalancer":
        own = table.addresses_text(status)
        return ",".join([*([own] if own else []), *external]) or "<pending>"
    return spec.get("externalName") or "" if kind == "ExternalName" else "<unknown>"
