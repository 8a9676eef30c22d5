"""Ingress, with the endpoints behind its backends."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.describing.endpoints import ready_endpoints, slices_of
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View

GROUP = "networking.k8s.io"


def describe(view: View, body: Json) -> None:
    """Describe an ingress."""
    metadata, spec, status = body.get("metadata", {}), body.get("spec", {}), body.get("status") or {}
    namespace = metadata.get("namespace", "")
    view.field(0, "Name", metadata.get("name", ""))
    view.labels("Labels", metadata.get("labels"))
    view.field(0, "Namespace", namespace)
    ingress = (status.get("loadBalancer") or {}).get("ingress") or ()
    view.field(0, "Address", ",".join(sorted({one.get("ip") or one.get("hostname", "") for one in ingress})))
    view.field(0, "Ingress Class", spec.get("ingressClassName") or "<none>")
    default = _backend(view, namespace, spec["defaultBackend"]) if spec.get("defaultBackend") else "<default>"
    view.field(0, "Default backend", default)
    if spec.get("tls"):
        view.line(0, "TLS:")
    for one in spec.get("tls") or ():
        hosts = ",".join(one.get("hosts") or ())
        view.line(1, f"{one['secretName']} terminates {hosts}" if one.get("secretName") else f"SNI routes {hosts}")
    view.line(0, "Rules:\n  Host\tPath\tBackends")
    view.line(1, "----\t----\t--------")
    rules = [rule for rule in spec.get("rules") or () if rule.get("http") is not None]
    for rule in rules:
        view.line(1, f"{rule.get('host') or '*'}\t")
        for path in rule["http"].get("paths") or ():
            view.line(2, f"\t{path.get('path', '')} \t{_backend(view, namespace, path.get('backend') or {})}")
    if not rules:
        view.line(1, f"*\t*\t{default}")
    view.annotations("Annotations", metadata.get("annotations"))
    write_events(view, body)


def _backend(view: View, namespace: str, backend: Json) -> str:
    reference = backend.get("service")
    if reference:
        port = reference.get("port") or {}
        shown = f"{reference.get('name', '')}:{port.get('number') or port.get('name', '')}"
        slices = slices_of(view, namespace, reference.get("name", ""))
        try:
            service = view.call.client.get(f"/api/v1/namespaces/{namespace}/services/{reference.get('name', '')}")
        except ApiError as error:
            return f"{shown} (<error: {error}>)"
        return f"{shown} ({ready_endpoints(slices, _port_name(service, port))})"
    resource = backend.get("resource")
    if resource:
        group = resource.get("apiGroup") or "<none>"
        return f"APIGroup: {group}, Kind: {resource.get('kind', '')}, Name: {resource.get('name', '')}"
    return ""


def _port_name(service: Json, port: Json) -> str:
    name = ""
    for one in service.get("spec", {}).get("ports") or ():
        if port.get("number") and port["number"] == one.get("port"):
            name = one.get("name") or ""
        elif port.get("name") and port["name"] == one.get("name"):
            name = one["name"]
    return name
