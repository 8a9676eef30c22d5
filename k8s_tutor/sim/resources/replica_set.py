"""ReplicaSets (upstream: ``registry/apps/replicaset``, ``apis/apps``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps import workloads
from k8s_tutor.sim.resources.shared.base import WithStatus, respecified
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.label_checks import parse, shown
from k8s_tutor.sim.resources.shared.pods.pod_defaults import default_template
from k8s_tutor.sim.resources.shared.pods.pod_names import name_warnings
from k8s_tutor.sim.resources.shared.pods.pod_template import check_always, check_template
from k8s_tutor.sim.resources.shared.pods.pod_warnings import template_warnings


def check_replicated_template(v: At) -> None:
    """Check selector against template and the template, as Deployments and ReplicaSets do."""
    selector = parse(v.get("selector"))
    if selector is None:
        v.invalid("selector", "invalid label selector", shown(v.get("selector")))
        return
    if not selector.empty:
        workloads.check_matches(v)
    template = v.at("template")
    check_template(template)
    check_always(template, "ReplicaSet")


class ReplicaSetStrategy(WithStatus):
    """The kind ReplicaSet."""

    resource = "replicasets.apps"
    fields = ("status.replicas",)
    immutable = ("spec.selector",)
    columns = table.table(
        table.NAME,
        table.doc("apps.v1", "ReplicaSetSpec", "replicas", "Desired", "integer"),
        table.doc("apps.v1", "ReplicaSetStatus", "replicas", "Current", "integer"),
        table.doc("apps.v1", "ReplicaSetStatus", "readyReplicas", "Ready", "integer"),
        table.AGE,
        table.CONTAINERS,
        table.IMAGES,
        table.doc("apps.v1", "ReplicaSetSpec", "selector", "Selector", wide=True),
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        if spec.get("replicas") is None:
            spec["replicas"] = 1
        default_template(spec.setdefault("template", {}))

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        spec.not_negative("replicas", "minReadySeconds")
        workloads.check_workload_selector(spec, "deployment")
        check_replicated_template(spec)

    def check_status(self, v: At, old: Json) -> None:
        status = v.at("status")
        status.not_negative(
            "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration",
            "terminatingReplicas",
        )  # fmt: skip
        parts = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
        workloads.check_counts(status, "replicas", *parts, available=("availableReplicas", "readyReplicas"))

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        found = template_warnings("spec.template", obj["spec"]["template"]) if respecified(obj, old) else []
        return [*name_warnings(obj, old), *found]

    def selectable(self, obj: Json) -> dict[str, str] | None:
        return {"status.replicas": str((obj.get("status") or {}).get("replicas") or 0)}

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, status = obj["spec"], obj.get("status") or {}
        counts = [spec.get("replicas") or 0, status.get("replicas") or 0, status.get("readyReplicas") or 0]
        cells = table.containers_cells(spec.get("template"))
        return [
            obj["metadata"]["name"],
            *counts,
            table.created(obj, now),
            *cells,
            table.selector_text(spec.get("selector")),
        ]
