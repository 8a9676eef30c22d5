"""DeviceTaintRules (upstream: ``registry/resource/devicetaintrule``)."""

from typing import Any

from k8s_tutor.apimachinery.times import age, rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.apps.conditions import check_conditions
from k8s_tutor.sim.resources.shared.base import WithStatus
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.pods.device_claims import check_taint
from k8s_tutor.sim.resources.shared.storage.volume_sources import csi_driver_name


class DeviceTaintRuleStrategy(WithStatus):
    """The kind DeviceTaintRule."""

    resource = "devicetaintrules.resource.k8s.io"
    columns = table.table(
        table.NAME,
        table.doc("resource.v1", "DeviceTaint", "key", "Key"),
        table.doc("resource.v1", "DeviceTaint", "value", "Value"),
        table.doc("resource.v1", "DeviceTaint", "effect", "Effect"),
        table.doc("resource.v1", "DeviceTaint", "timeAdded", "TimeAdded"),
        table.AGE,
    )

    def default(self, obj: Json) -> None:
        taint = obj.setdefault("spec", {}).setdefault("taint", {})
        if taint.get("timeAdded") is None and self.objects is not None:
            taint["timeAdded"] = rfc3339(self.store.clock.now())

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        selector = spec.at("deviceSelector")
        if selector.get("driver") is not None:
            csi_driver_name(selector, "driver")
        check_taint(spec.at("taint"))

    def check_status(self, v: At, old: Json) -> None:
        check_conditions(v.at("status"))

    def row(self, obj: Json, now: float) -> list[Any]:
        taint = (obj.get("spec") or {}).get("taint") or {}
        return [
            obj["metadata"]["name"],
            *(taint.get(name) or "" for name in ("key", "value", "effect")),
            age(taint.get("timeAdded"), now),
            table.created(obj, now),
        ]
