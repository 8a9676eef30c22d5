"""PodDisruptionBudgets (upstream: ``registry/policy/poddisruptionbudget``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps import workloads
from k8s_tutor.sim.resources.shared.apps.conditions import check_conditions
from k8s_tutor.sim.resources.shared.base import WithStatus
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.label_checks import check_selector

_NA = "N/A"


class PodDisruptionBudgetStrategy(WithStatus):
    """The kind PodDisruptionBudget."""

    resource = "poddisruptionbudgets.policy"
    allow_unconditional_update = False
    columns = table.table(
        table.NAME,
        table.plain("Min Available", "The minimum number of pods that must be available."),
        table.plain("Max Unavailable", "The maximum number of pods that may be unavailable."),
        table.plain("Allowed Disruptions", "Calculated number of pods that may be disrupted at this time.", "integer"),
        table.AGE,
    )

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
            shown = internal("policy.PodDisruptionBudgetSpec", spec.value)
            spec.invalid("", "minAvailable and maxUnavailable cannot be both set", shown)
        for name in ("minAvailable", "maxUnavailable"):
            if spec.get(name) is not None:
                workloads.check_int_or_percent(spec, name)
                workloads.check_percent_limit(spec, name)
        check_selector(spec.at("selector"))
        spec.one_of_if("unhealthyPodEvictionPolicy", ("AlwaysAllow", "IfHealthyBudget"))

    def check_status(self, v: At, old: Json) -> None:
        status = v.at("status")
        check_conditions(status)
        status.not_negative("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")

    def validate_name(self, name: str, *, prefix: bool) -> list[str]:
        # The one kind whose name is not judged by its own validation but by the storage's general rule.
        return names.is_path_segment(name)

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, status = obj.get("spec") or {}, obj.get("status") or {}
        counts = [spec.get(name) for name in ("minAvailable", "maxUnavailable")]
        return [
            obj["metadata"]["name"],
            *(_NA if count is None else str(count) for count in counts),
            status.get("disruptionsAllowed") or 0,
            table.created(obj, now),
        ]
