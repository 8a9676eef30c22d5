"""Service, with its ready endpoints."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.endpoints import ready_endpoints, slices_of
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import labels_line

GROUP = ""


def describe(view: View, body: Json) -> None:
    """Describe a service."""
    metadata, spec, status = body.get("metadata", {}), body.get("spec", {}), body.get("status") or {}
    view.heading(body)
    view.field(0, "Selector", labels_line(spec.get("selector")))
    view.field(0, "Type", spec.get("type", ""))
    if spec.get("ipFamilyPolicy"):
        view.field(0, "IP Family Policy", spec["ipFamilyPolicy"])
    view.field(0, "IP Families", ",".join(spec.get("ipFamilies") or ()) or "<none>")
    view.field(0, "IP", spec.get("clusterIP", ""))
    view.field(0, "IPs", ",".join(spec.get("clusterIPs") or ()) or "<none>")
    if spec.get("externalIPs"):
        view.field(0, "External IPs", ",".join(spec["externalIPs"]))
    if spec.get("loadBalancerIP"):
        view.field(0, "Desired LoadBalancer IP", spec["loadBalancerIP"])
    if spec.get("externalName"):
        view.field(0, "External Name", spec["externalName"])
    ingress = (status.get("loadBalancer") or {}).get("ingress")
    if ingress:
        view.field(0, "LoadBalancer Ingress", ", ".join(_address(one) for one in ingress))
    slices = slices_of(view, metadata.get("namespace", ""), metadata.get("name", ""))
    for port in spec.get("ports") or ():
        _port(view, port, slices)
    _policies(view, spec)
    write_events(view, body)


def _address(one: Json) -> str:
    if one.get("ip"):
        return f"{one['ip']} ({one['ipMode']})" if one.get("ipMode") else str(one["ip"])
    return str(one.get("hostname", ""))


def _port(view: View, port: Json, slices: list[Json]) -> None:
    name, protocol = port.get("name") or "<unset>", port.get("protocol", "TCP")
    view.field(0, "Port", f"{name}\t{port.get('port', 0)}/{protocol}")
    view.field(0, "TargetPort", f"{port.get('targetPort', 0)}/{protocol}")
    if port.get("appProtocol") is not None:
        view.field(0, "AppProtocol", port["appProtocol"])
    if port.get("nodePort"):
        view.field(0, "NodePort", f"{name}\t{port['nodePort']}/{protocol}")
    view.field(0, "Endpoints", ready_endpoints(slices, port.get("name") or ""))


def _policies(view: View, spec: Json) -> None:
    view.field(0, "Session Affinity", spec.get("sessionAffinity", ""))
    for title, key in (
        ("External Traffic Policy", "externalTrafficPolicy"),
        ("Internal Traffic Policy", "internalTrafficPolicy"),
        ("HealthCheck NodePort", "healthCheckNodePort"),
    ):
        if spec.get(key):
            view.field(0, title, spec[key])
    if spec.get("loadBalancerSourceRanges"):
        view.field(0, "LoadBalancer Source Ranges", ",".join(spec["loadBalancerSourceRanges"]))
    if spec.get("trafficDistribution"):
        view.field(0, "Traffic Distribution", spec["trafficDistribution"])
