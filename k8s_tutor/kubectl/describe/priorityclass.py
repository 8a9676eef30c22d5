"""PriorityClass."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import go_value, labels_line

GROUP = "scheduling.k8s.io"


def describe(view: View, body: Json) -> None:
    """Describe a priority class."""
    metadata = body.get("metadata", {})
    view.field(0, "Name", metadata.get("name", ""))
    view.field(0, "Value", body.get("value", 0))
    view.field(0, "GlobalDefault", go_value(bool(body.get("globalDefault"))))
    view.field(0, "PreemptionPolicy", body.get("preemptionPolicy", ""))
    view.field(0, "Description", body.get("description", ""))
    view.field(0, "Annotations", labels_line(metadata.get("annotations")))
    write_events(view, body)
