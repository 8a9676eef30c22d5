"""ReplicationController."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.templates import pods_status, write_conditions, write_template
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import labels_line

GROUP = ""


def describe(view: View, body: Json) -> None:
    """Describe a replication controller."""
    metadata, spec, status = body.get("metadata", {}), body.get("spec", {}), body.get("status") or {}
    view.heading(body, labels=False)
    view.field(0, "Selector", labels_line(spec.get("selector")))
    view.labels("Labels", metadata.get("labels"))
    view.annotations("Annotations", metadata.get("annotations"))
    view.field(0, "Replicas", f"{status.get('replicas', 0)} current / {spec.get('replicas', 1)} desired")
    view.field(0, "Pods Status", pods_status(view, body, {"matchLabels": spec.get("selector") or {}}))
    write_template(view, spec.get("template"))
    write_conditions(view, body)
    write_events(view, body)
