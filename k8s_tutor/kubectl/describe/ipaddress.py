"""IPAddress."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View

GROUP = "networking.k8s.io"


def describe(view: View, body: Json) -> None:
    """Describe an allocated address."""
    view.heading(body, namespace=False)
    parent = body.get("spec", {}).get("parentRef")
    if parent:
        view.line(0, "Parent Reference:")
        for title, key in (("Group", "group"), ("Resource", "resource"), ("Namespace", "namespace"), ("Name", "name")):
            view.field(1, title, parent.get(key, ""))
    write_events(view, body)
