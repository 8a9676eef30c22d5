"""Endpoints."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View

GROUP = ""


def describe(view: View, body: Json) -> None:
    """Describe endpoints."""
    view.heading(body)
    view.line(0, "Subsets:")
    for subset in body.get("subsets") or ():
        for title, key in (("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")):
            view.field(1, title, ",".join(one["ip"] for one in subset.get(key) or ()) or "<none>")
        if subset.get("ports"):
            view.line(1, "Ports:")
            view.line(2, "Name\tPort\tProtocol")
            view.line(2, "----\t----\t--------")
            for port in subset["ports"]:
                view.line(2, f"{port.get('name') or '<unset>'}\t{port.get('port', 0)}\t{port.get('protocol', '')}")
        view.line(0, "")
    write_events(view, body)
