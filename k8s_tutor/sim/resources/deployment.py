"""Deployments (upstream: ``registry/apps/deployment``, ``apis/apps``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.strategy import RequestContext
from k8s_tutor.sim.resources.replica_set import check_replicated_template
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps import workloads
from k8s_tutor.sim.resources.shared.base import WithStatus, respecified
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.pods.pod_defaults import default_template
from k8s_tutor.sim.resources.shared.pods.pod_names import name_warnings
from k8s_tutor.sim.resources.shared.pods.pod_warnings import template_warnings

STRATEGIES = ("Recreate", "RollingUpdate")


class DeploymentStrategy(WithStatus):
    """The kind Deployment."""

    resource = "deployments.apps"
    immutable = ("spec.selector",)
    columns = table.table(
        table.NAME,
        table.plain("Ready", "Number of the pod with ready state"),
        table.doc("apps.v1", "DeploymentStatus", "updatedReplicas", "Up-to-date"),
        table.doc("apps.v1", "DeploymentStatus", "availableReplicas", "Available"),
        table.AGE,
        table.CONTAINERS,
        table.IMAGES,
        table.doc("apps.v1", "DeploymentSpec", "selector", "Selector", wide=True),
    )

    def default(self, obj: Json) -> None:
        spec = obj.setdefault("spec", {})
        for name, value in (("replicas", 1), ("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 600)):
            if spec.get(name) is None:
                spec[name] = value
        strategy = spec.get("strategy") or {}
        spec["strategy"] = strategy
        if not strategy.get("type"):
            strategy["type"] = "RollingUpdate"
        if strategy["type"] == "RollingUpdate":
            rolling = strategy.get("rollingUpdate") or {}
            strategy["rollingUpdate"] = rolling
            for name in ("maxUnavailable", "maxSurge"):
                if rolling.get(name) is None:
                    rolling[name] = "25%"
        default_template(spec.setdefault("template", {}))

    def prepare_update(self, ctx: RequestContext, new: Json, old: Json) -> None:
        # Changed annotations count as a change of the object (the controller reads its own).
        if not same(new["metadata"].get("annotations"), old["metadata"].get("annotations")):
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        spec.not_negative("replicas")
        workloads.check_workload_selector(spec, "deployment")
        check_replicated_template(spec)
        self._check_strategy(spec)
        spec.not_negative("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
        deadline = spec.get("progressDeadlineSeconds")
        if deadline is not None and deadline <= spec.number("minReadySeconds"):
            spec.invalid("progressDeadlineSeconds", "must be greater than minReadySeconds")

    def _check_strategy(self, spec: At) -> None:
        strategy = spec.at("strategy")
        kind, rolling = strategy.text("type"), strategy.get("rollingUpdate")
        if kind == "Recreate":
            if rolling is not None:
                strategy.forbidden("rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
        elif kind == "RollingUpdate":
            at = strategy.at("rollingUpdate")
            for name in ("maxUnavailable", "maxSurge"):
                workloads.check_int_or_percent(at, name)
            if not workloads.amount(at.get("maxUnavailable")) and not workloads.amount(at.get("maxSurge")):
                at.invalid("maxUnavailable", "may not be 0 when `maxSurge` is 0")
            workloads.check_percent_limit(at, "maxUnavailable")
        else:
            strategy.unsupported("", STRATEGIES, internal("apps.DeploymentStrategy", strategy.value))

    def check_status(self, v: At, old: Json) -> None:
        status = v.at("status")
        status.not_negative(
            "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
            "unavailableReplicas", "terminatingReplicas", "collisionCount",
        )  # fmt: skip
        parts = ("updatedReplicas", "readyReplicas", "availableReplicas")
        workloads.check_counts(status, "replicas", *parts, available=("availableReplicas", "readyReplicas"))
        workloads.check_collisions(status, old)

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        found = template_warnings("spec.template", obj["spec"]["template"]) if respecified(obj, old) else []
        return [*name_warnings(obj, old), *found]

    def row(self, obj: Json, now: float) -> list[Any]:
        spec, status = obj["spec"], obj.get("status") or {}
        return [
            obj["metadata"]["name"],
            f"{status.get('readyReplicas') or 0}/{spec.get('replicas') or 0}",
            status.get("updatedReplicas") or 0,
            status.get("availableReplicas") or 0,
            table.created(obj, now),
            *table.containers_cells(spec.get("template")),
            table.selector_text(spec.get("selector")),
        ]
