"""ReplicaSet."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.templates import pods_status, write_conditions, write_template
from k8s_tutor.kubectl.describing.view import View, controlled_by
from k8s_tutor.kubectl.text import label_selector

GROUP = "apps"


def describe(view: View, body: Json) -> None:
    """Describe a replica set."""
    metadata, spec, status = body.get("metadata", {}), body.get("spec", {}), body.get("status") or {}
    view.heading(body, labels=False)
    view.field(0, "Selector", label_selector(spec.get("selector")))
    view.labels("Labels", metadata.get("labels"))
    view.annotations("Annotations", metadata.get("annotations"))
    controlled_by(view, body)
    view.field(0, "Replicas", f"{status.get('replicas', 0)} current / {spec.get('replicas', 1)} desired")
    view.field(0, "Pods Status", pods_status(view, body, spec.get("selector")))
    write_template(view, spec.get("template"))
    write_conditions(view, body)
    write_events(view, body)
