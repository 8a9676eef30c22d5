"""ReplicationControllers (upstream: ``registry/core/replicationcontroller``)."""

from typing import Any

from k8s_tutor.apimachinery import labels
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps import workloads
from k8s_tutor.sim.resources.shared.base import WithStatus, respecified
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.pods.pod_defaults import default_template
from k8s_tutor.sim.resources.shared.pods.pod_names import name_warnings
from k8s_tutor.sim.resources.shared.pods.pod_template import check_always, check_template
from k8s_tutor.sim.resources.shared.pods.pod_warnings import template_warnings


class ReplicationControllerStrategy(WithStatus):
    """The kind ReplicationController."""

    resource = "replicationcontrollers"
    orphans_by_default = True
    columns = table.table(
        table.NAME,
        table.doc("core.v1", "ReplicationControllerSpec", "replicas", "Desired", "integer"),
        table.doc("core.v1", "ReplicationControllerStatus", "replicas", "Current", "integer"),
        table.doc("core.v1", "ReplicationControllerStatus", "readyReplicas", "Ready", "integer"),
        table.AGE,
        table.CONTAINERS,
        table.IMAGES,
        table.doc("core.v1", "ReplicationControllerSpec", "selector", "Selector", wide=True),
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        template = spec.get("template")
        if spec.get("replicas") is None:
            spec["replicas"] = 1
        if template is None:
            return
        given = (template.get("metadata") or {}).get("labels")
        if given is not None:
            metadata = obj.setdefault("metadata", {})
            if not spec.get("selector"):
                spec["selector"] = dict(given)
            if not metadata.get("labels"):
                metadata["labels"] = dict(given)
        default_template(template)

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        selector = spec.get("selector") or {}
        if not selector:
            spec.required("selector")
        template = spec.at("template")
        if template.value is None:
            template.required()
            return
        own = (template.get("metadata") or {}).get("labels")
        if selector and not labels.from_map(selector).matches(own or {}):
            template.at("metadata").invalid("labels", workloads.NO_MATCH, own)
        check_template(template)
        check_always(template, "ReplicationController")

    def declared(self, v: At, old: Json | None) -> None:
        v.at("spec").not_negative("replicas", "minReadySeconds")

    def check_status(self, v: At, old: Json) -> None:
        status = v.at("status")
        names = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
        status.not_negative("replicas", *names, "observedGeneration")
        workloads.check_counts(status, "replicas", *names, available=("availableReplicas", "readyReplicas"))

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        template = obj["spec"].get("template")
        found = template_warnings("spec.template", template) if template and respecified(obj, old) else []
        return [*name_warnings(obj, old), *found]

    def selectable(self, obj: Json) -> dict[str, str] | None:
        return {"status.replicas": str((obj.get("status") or {}).get("replicas") or 0)}

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, status = obj["spec"], obj.get("status") or {}
        return [
            obj["metadata"]["name"],
            spec.get("replicas") or 0,
            status.get("replicas") or 0,
            status.get("readyReplicas") or 0,
            table.created(obj, now),
            *table.containers_cells(spec.get("template")),
            table.labels_text(spec.get("selector")),
        ]
