"""DaemonSet."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.templates import pods_status, write_template
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import labels_line, set_based

GROUP = "apps"
_COUNTS = (
    ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
    ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
    ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
    ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
    ("Number of Nodes Misscheduled", "numberMisscheduled"),
)


def describe(view: View, body: Json) -> None:
    """Describe a daemon set."""
    metadata, spec, status = body.get("metadata", {}), body.get("spec", {}), body.get("status") or {}
    view.heading(body, labels=False)
    view.field(0, "Selector", set_based(spec.get("selector")))
    view.field(0, "Node-Selector", labels_line(spec.get("template", {}).get("spec", {}).get("nodeSelector")))
    view.labels("Labels", metadata.get("labels"))
    view.annotations("Annotations", metadata.get("annotations"))
    for title, key in _COUNTS:
        view.line(0, f"{title}: {status.get(key, 0)}")
    view.field(0, "Pods Status", pods_status(view, body, spec.get("selector")))
    write_template(view, spec.get("template"))
    write_events(view, body)
