"""StatefulSet, with its volume claim templates."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.templates import pods_status, write_template
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.describing.volumes import storage_class
from k8s_tutor.kubectl.text import go_list, long_time, set_based

GROUP = "apps"


def describe(view: View, body: Json) -> None:
    """Describe a stateful set."""
    metadata, spec, status = body.get("metadata", {}), body.get("spec", {}), body.get("status") or {}
    view.heading(body, labels=False)
    view.field(0, "CreationTimestamp", long_time(metadata.get("creationTimestamp")))
    view.field(0, "Selector", set_based(spec.get("selector")))
    view.labels("Labels", metadata.get("labels"))
    view.annotations("Annotations", metadata.get("annotations"))
    if spec.get("serviceName"):
        view.field(0, "Service Name", spec["serviceName"])
    if spec.get("podManagementPolicy"):
        view.field(0, "Pod Management Policy", spec["podManagementPolicy"])
    view.field(0, "Replicas", f"{spec.get('replicas', 1)} desired | {status.get('replicas', 0)} total")
    strategy = spec.get("updateStrategy") or {}
    view.field(0, "Update Strategy", strategy.get("type", ""))
    rolling = strategy.get("rollingUpdate") or {}
    if rolling.get("partition") is not None:
        view.field(1, "Partition", rolling["partition"])
        if rolling.get("maxUnavailable") is not None:
            view.field(1, "MaxUnavailable", rolling["maxUnavailable"])
    retention = spec.get("persistentVolumeClaimRetentionPolicy")
    if retention:
        view.line(0, "Persistent Volume Claim Retention Policy:")
        view.field(1, "WhenDeleted", retention.get("whenDeleted", ""))
        view.field(1, "WhenScaled", retention.get("whenScaled", ""))
    view.field(0, "Pods Status", pods_status(view, body, spec.get("selector")))
    write_template(view, spec.get("template"))
    _claims(view, spec.get("volumeClaimTemplates"))
    write_events(view, body)


def _claims(view: View, claims: list[Json] | None) -> None:
    if not claims:
        view.line(0, "Volume Claims:\t<none>")
        return
    view.line(0, "Volume Claims:")
    for claim in claims:
        metadata, spec = claim.get("metadata", {}), claim.get("spec", {})
        view.field(1, "Name", metadata.get("name", ""))
        view.field(1, "StorageClass", storage_class(claim))
        view.labels("Labels", metadata.get("labels"), indent="  ")
        view.labels("Annotations", metadata.get("annotations"), indent="  ")
        requests = (spec.get("resources") or {}).get("requests") or {}
        view.field(1, "Capacity", requests.get("storage", "<default>"))
        view.field(1, "Access Modes", go_list(spec.get("accessModes")))
