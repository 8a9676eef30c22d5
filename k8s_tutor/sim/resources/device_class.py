"""DeviceClasses (upstream: ``registry/resource/deviceclass``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.pods.device_claims import MAX_CONFIG, check_configuration, check_selectors


class DeviceClassStrategy(KindStrategy):
    """The kind DeviceClass."""

    resource = "deviceclasses.resource.k8s.io"
    has_generation = True
    columns = table.table(table.NAME, table.AGE)

    def check(self, v: At, old: Json | None) -> None:
        spec = v.at("spec")
        check_selectors(spec)
        configs = spec.get("config") or ()
        if len(configs) > MAX_CONFIG:
            spec.too_many("config", len(configs), MAX_CONFIG)
        for config in spec.each("config"):
            check_configuration(config)

    def row(self, obj: Json, now: float) -> list[Any]:
        return [obj["metadata"]["name"], table.created(obj, now)]
