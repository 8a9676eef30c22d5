"""DaemonSets (upstream: ``registry/apps/daemonset``, ``apis/apps``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps import workloads
from k8s_tutor.sim.resources.shared.base import WithStatus, respecified
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.label_checks import check_selector, empty, shown
from k8s_tutor.sim.resources.shared.pods.pod_defaults import default_template
from k8s_tutor.sim.resources.shared.pods.pod_template import check_always, check_template
from k8s_tutor.sim.resources.shared.pods.pod_warnings import template_warnings

# The template's generation lives on as an annotation: apps/v1 has no field for it.
_GENERATION = "deprecated.daemonset.template.generation"
STRATEGIES = ("RollingUpdate", "OnDelete")
_COUNTS = (
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
)


class DaemonSetStrategy(WithStatus):
    """The kind DaemonSet."""

    resource = "daemonsets.apps"
    unversioned_annotations = frozenset(("deprecated.daemonset.template.generation",))
    columns = table.table(
        table.NAME,
        table.doc("apps.v1", "DaemonSetStatus", _COUNTS[0], "Desired", "integer"),
        table.doc("apps.v1", "DaemonSetStatus", _COUNTS[1], "Current", "integer"),
        table.doc("apps.v1", "DaemonSetStatus", _COUNTS[2], "Ready", "integer"),
        table.doc("apps.v1", "DaemonSetStatus", _COUNTS[3], "Up-to-date", "integer"),
        table.doc("apps.v1", "DaemonSetStatus", _COUNTS[4], "Available", "integer"),
        table.doc("core.v1", "PodSpec", "nodeSelector", "Node Selector"),
        table.AGE,
        table.CONTAINERS,
        table.IMAGES,
        table.doc("apps.v1", "DaemonSetSpec", "selector", "Selector", wide=True),
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        strategy = spec.get("updateStrategy") or {}
        spec["updateStrategy"] = strategy
        if not strategy.get("type"):
            strategy["type"] = "RollingUpdate"
        if strategy["type"] == "RollingUpdate":
            rolling = strategy.get("rollingUpdate") or {}
            strategy["rollingUpdate"] = rolling
            for name, value in (("maxUnavailable", 1), ("maxSurge", 0)):
                if rolling.get(name) is None:
                    rolling[name] = value
        if spec.get("revisionHistoryLimit") is None:
            spec["revisionHistoryLimit"] = 10
        default_template(spec.setdefault("template", {}))
        if _GENERATION not in (obj.setdefault("metadata", {}).get("annotations") or {}):
            self._count(obj, 0)

    def prepare_create(self, ctx: RequestContext, obj: Json) -> None:
        super().prepare_create(ctx, obj)
        self._count(obj, max(self._counted(obj), 1))

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        changed = not same(new["spec"].get("template"), old["spec"].get("template"))
        self._count(new, self._counted(old) + changed)

    def _counted(self, obj: Json) -> int:
        text = (obj["metadata"].get("annotations") or {}).get(_GENERATION, "")
        return int(text) if text.isdigit() else 0

    def _count(self, obj: Json, generation: int) -> None:
        metadata = obj["metadata"]
        metadata["annotations"] = {**(metadata.get("annotations") or {}), _GENERATION: str(generation)}

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        check_selector(spec.at("selector"))
        workloads.check_matches(spec)
        selector = spec.get("selector")
        if selector is not None and empty(selector):
            spec.invalid("selector", "empty selector is invalid for daemonset", shown(selector))
        check_template(spec.at("template"))
        check_always(spec.at("template"), "DaemonSet")
        spec.not_negative("minReadySeconds")
        self._check_strategy(spec.at("updateStrategy"))
        spec.not_negative("revisionHistoryLimit")

    def check_update(self, v: At, old: Json) -> None:
        self.unchanged(v, old, "spec.selector")
        self.check(v, old)

    def _check_strategy(self, strategy: At) -> None:
        kind = strategy.text("type")
        if kind == "OnDelete":
            return
        if kind != "RollingUpdate":
            strategy.unsupported("", STRATEGIES, internal("apps.DaemonSetUpdateStrategy", strategy.value))
            return
        at = strategy.at("rollingUpdate")
        for check in (workloads.check_int_or_percent, workloads.check_percent_limit):
            for name in ("maxUnavailable", "maxSurge"):
                check(at, name)
        unavailable = workloads.amount(at.get("maxUnavailable"))
        surge = workloads.amount(at.get("maxSurge"))
        if unavailable and surge:
            at.invalid("maxSurge", "may not be set when maxUnavailable is non-zero")
        elif not unavailable and not surge:
            at.required("maxUnavailable", "cannot be 0 when maxSurge is 0")

    def check_status(self, v: At, old: Json) -> None:
        status = v.at("status")
        status.not_negative(
            "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
            "observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount",
        )  # fmt: skip
        workloads.check_collisions(status, old)

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        return template_warnings("spec.template", obj["spec"]["template"]) if respecified(obj, old) else []

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, status = obj["spec"], obj.get("status") or {}
        template = spec.get("template") or {}
        return [
            obj["metadata"]["name"],
            *(status.get(name) or 0 for name in _COUNTS),
            table.labels_text((template.get("spec") or {}).get("nodeSelector")),
            table.created(obj, now),
            *table.containers_cells(template),
            table.selector_text(spec.get("selector")),
        ]
