"""IngressClass."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View

GROUP = "networking.k8s.io"


def describe(view: View, body: Json) -> None:
    """Describe an ingress class."""
    spec = body.get("spec", {})
    view.heading(body, namespace=False)
    view.field(0, "Controller", spec.get("controller", ""))
    parameters = spec.get("parameters")
    if parameters:
        view.line(0, "Parameters:")
        if parameters.get("apiGroup") is not None:
            view.field(1, "APIGroup", parameters["apiGroup"])
        view.field(1, "Kind", parameters.get("kind", ""))
        view.field(1, "Name", parameters.get("name", ""))
    write_events(view, body)
