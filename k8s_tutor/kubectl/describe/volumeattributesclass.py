"""VolumeAttributesClass."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import labels_line

GROUP = "storage.k8s.io"


def describe(view: View, body: Json) -> None:
    """Describe a class of volume attributes."""
    metadata = body.get("metadata", {})
    view.field(0, "Name", metadata.get("name", ""))
    view.field(0, "Annotations", labels_line(metadata.get("annotations")))
    view.field(0, "DriverName", body.get("driverName", ""))
    view.field(0, "Parameters", labels_line(body.get("parameters")))
    write_events(view, body)
