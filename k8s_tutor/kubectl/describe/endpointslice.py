"""EndpointSlice."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import go_value

GROUP = "discovery.k8s.io"


def describe(view: View, body: Json) -> None:
    """Describe an endpoint slice."""
    view.heading(body)
    view.field(0, "AddressType", body.get("addressType", ""))
    ports = body.get("ports")
    view.line(0, "Ports:" if ports else "Ports: <unset>")
    if ports:
        view.line(1, "Name\tPort\tProtocol")
        view.line(1, "----\t----\t--------")
    for port in ports or ():
        number = port["port"] if port.get("port") is not None else "<unset>"
        view.line(1, f"{port.get('name') or '<unset>'}\t{number}\t{port.get('protocol', '')}")
    endpoints = body.get("endpoints")
    view.line(0, "Endpoints:" if endpoints else "Endpoints: <none>")
    for endpoint in endpoints or ():
        view.line(1, f"- Addresses:\t{', '.join(endpoint.get('addresses') or ()) or '<none>'}")
        ready = (endpoint.get("conditions") or {}).get("ready")
        view.line(2, "Conditions:")
        view.field(3, "Ready", "<unset>" if ready is None else go_value(ready))
        view.field(2, "Hostname", _or_unset(endpoint.get("hostname")))
        target = endpoint.get("targetRef")
        if target:
            view.field(2, "TargetRef", f"{target.get('kind', '')}/{target.get('name', '')}")
        view.field(2, "NodeName", _or_unset(endpoint.get("nodeName")))
        view.field(2, "Zone", _or_unset(endpoint.get("zone")))
    write_events(view, body)


def _or_unset(value: object) -> object:
    return "<unset>" if value is None else value
