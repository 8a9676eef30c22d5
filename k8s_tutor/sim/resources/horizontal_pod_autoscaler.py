"""HorizontalPodAutoscalers: stored as autoscaling/v2, served as v1 too (upstream: ``apis/autoscaling``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps import hpa_metrics, hpa_versions
from k8s_tutor.sim.resources.shared.base import WithStatus
from k8s_tutor.sim.resources.shared.check import At

_SELECT = ("Disabled", "Max", "Min")
_UP: Json = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
_DOWN: Json = {"selectPolicy": "Max", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}


class HorizontalPodAutoscalerStrategy(WithStatus):
    """The kind HorizontalPodAutoscaler."""

    resource = "horizontalpodautoscalers.autoscaling"
    columns = table.table(
        table.NAME,
        table.doc("autoscaling.v2", "HorizontalPodAutoscalerSpec", "scaleTargetRef", "Reference"),
        table.doc("autoscaling.v2", "HorizontalPodAutoscalerSpec", "metrics", "Targets"),
        table.doc("autoscaling.v2", "HorizontalPodAutoscalerSpec", "minReplicas", "MinPods"),
        table.doc("autoscaling.v2", "HorizontalPodAutoscalerSpec", "maxReplicas", "MaxPods"),
        table.doc("autoscaling.v2", "HorizontalPodAutoscalerStatus", "currentReplicas", "Replicas"),
        table.AGE,
    )

    def to_version(self, obj: Json, api_version: str) -> Json:
        """Return the stored object as another version shows it."""
        return hpa_versions.to_v1(obj) if api_version == "autoscaling/v1" else obj

    def from_version(self, obj: Json) -> Json:
        """Return a request's object in the stored version."""
        return hpa_versions.from_v1(obj) if obj.get("apiVersion") == "autoscaling/v1" else obj

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        if spec.get("minReplicas") is None:
            spec["minReplicas"] = 1
        if not spec.get("metrics"):
            target = {"type": "Utilization", "averageUtilization": 80}
            spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
        behavior = spec.get("behavior")
        if behavior is not None:
            for name, usual in (("scaleUp", _UP), ("scaleDown", _DOWN)):
                given = {key: value for key, value in (behavior.get(name) or {}).items() if value is not None}
                behavior[name] = clone(usual) | given

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        least, most = spec.get("minReplicas"), spec.number("maxReplicas")
        if least is not None and most < least:
            spec.invalid("maxReplicas", "must be greater than or equal to `minReplicas`", most)
        hpa_metrics.check_target_reference(spec.at("scaleTargetRef"), any_group=False)
        hpa_metrics.check_metrics(spec)
        behavior = spec.at("behavior")
        for name in ("scaleUp", "scaleDown"):
            if behavior.get(name) is not None:
                self._check_rules(behavior.at(name))

    def _check_rules(self, v: At) -> None:
        seconds = v.get("stabilizationWindowSeconds")
        if seconds is not None and seconds < 0:
            v.invalid("stabilizationWindowSeconds", "must be greater than or equal to zero")
        if seconds is not None and seconds > 3600:
            v.invalid("stabilizationWindowSeconds", "must be less than or equal to 3600")
        v.one_of_if("selectPolicy", _SELECT)
        v.need("policies", "must specify at least one Policy")
        for policy in v.each("policies"):
            policy.one_of("type", ("Percent", "Pods"))
            for name in ("value", "periodSeconds"):
                if policy.number(name) <= 0:
                    policy.invalid(name, "must be greater than zero", policy.number(name))
            if policy.number("periodSeconds") > 1800:
                policy.invalid("periodSeconds", "must be less than or equal to 1800")
        if v.get("tolerance") is not None:
            hpa_metrics.not_negative(v, "tolerance")

    def declared(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        least = spec.get("minReplicas")
        if least is not None and least < 0:
            spec.invalid("minReplicas", "must be greater than or equal to 0")
        if not spec.number("maxReplicas"):
            spec.required("maxReplicas")
        elif spec.number("maxReplicas") < 1:
            spec.invalid("maxReplicas", "must be greater than or equal to 1")

    def check_status(self, v: At, old: Json) -> None:
        status = v.at("status")
        for condition in status.each("conditions"):
            condition.not_negative("observedGeneration")
        status.not_negative("currentReplicas", "desiredReplicas")

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, status = obj.get("spec") or {}, obj.get("status") or {}
        target = spec.get("scaleTargetRef") or {}
        least = spec.get("minReplicas")
        return [
            obj["metadata"]["name"],
            f"{target.get('kind') or ''}/{target.get('name') or ''}",
            hpa_metrics.text(spec.get("metrics") or [], status.get("currentMetrics") or []),
            table.UNSET if least is None else str(least),
            spec.get("maxReplicas") or 0,
            status.get("currentReplicas") or 0,
            table.created(obj, now),
        ]
