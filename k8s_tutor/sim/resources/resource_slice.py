"""ResourceSlices: the devices of a pool (upstream: ``registry/resource/resourceslice``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.pods.device_claims import check_taint
from k8s_tutor.sim.resources.shared.pods.scheduling_terms import check_node_selector
from k8s_tutor.sim.resources.shared.storage.volume_sources import csi_driver_name

_CHOICES = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")
_ONE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
_MAX_DEVICES, _MAX_POOL, _MAX_ATTRIBUTES, _MAX_VALUE = 128, 253, 32, 64
_KINDS = ("int", "bool", "string", "version")


class ResourceSliceStrategy(KindStrategy):
    """The kind ResourceSlice."""

    resource = "resourceslices.resource.k8s.io"
    has_generation = True
    fields = ("spec.nodeName", "spec.driver")
    columns = table.table(
        table.NAME,
        table.doc("resource.v1", "ResourceSliceSpec", "nodeName", "Node"),
        table.doc("resource.v1", "ResourceSliceSpec", "driver", "Driver"),
        table.doc("resource.v1", "ResourcePool", "name", "Pool"),
        table.AGE,
    )

    def default(self, obj: Json) -> None:
        for device in (obj.get("spec") or {}).get("devices") or ():
            for taint in device.get("taints") or ():
                if taint.get("timeAdded") is None and self.objects is not None:
                    taint["timeAdded"] = rfc3339(self.store.clock.now())

    def check(self, v: At, old: Json | None) -> None:
        spec, before = v.at("spec"), (old or {}).get("spec") or {}
        csi_driver_name(spec, "driver")
        self._check_pool(spec.at("pool"))
        if old is not None:
            spec.at("pool").immutable("name", before.get("pool"))
            for name in ("driver", "nodeName"):
                spec.immutable(name, before)
        self._check_nodes(spec)
        devices = spec.get("devices") or ()
        if len(devices) > _MAX_DEVICES:
            spec.too_many("devices", len(devices), _MAX_DEVICES)
        seen: set[str] = set()
        for device in spec.each("devices"):
            self._check_device(device)
            if device.text("name") in seen:
                device.duplicate("name")
            seen.add(device.text("name"))

    def _check_pool(self, pool: At) -> None:
        name = pool.text("name")
        if pool.need("name"):
            if len(name) > _MAX_POOL:
                pool.too_long("name", _MAX_POOL)
            for part in name.split("/"):
                pool.judge("name", names.is_dns1123_subdomain, part)
        if pool.number("resourceSliceCount") <= 0:
            pool.invalid("resourceSliceCount", "must be greater than zero", pool.number("resourceSliceCount"))
        if pool.number("generation") < 0:
            pool.invalid("generation", "must be greater than or equal to zero")

    def _check_nodes(self, spec: At) -> None:
        given = [name for name in _CHOICES if spec.get(name)]
        if spec.get("nodeName") is not None:
            if not spec.text("nodeName"):
                spec.invalid_text("nodeName", "must be either unset or set to a non-empty string")
            else:
                spec.judge("nodeName", names.is_dns1123_subdomain)
        if spec.get("nodeSelector") is not None:
            check_node_selector(spec.at("nodeSelector"))
            if len(spec.at("nodeSelector").get("nodeSelectorTerms") or ()) != 1:
                spec.at("nodeSelector").invalid("nodeSelectorTerms", "must have exactly one node selector term")
        if not given:
            spec.required("", _ONE)
        elif len(given) > 1:
            shown = "{" + ", ".join(f"`{name}`" for name in given) + "}"
            spec.invalid("", f"{_ONE}, but multiple fields are set", shown)

    def _check_device(self, v: At) -> None:
        v.need_judged("name", names.is_dns1123_label)
        attributes, capacity = v.get("attributes") or {}, v.get("capacity") or {}
        for name, value in attributes.items():
            at = v.at("attributes").key(name, value)
            kinds = [kind for kind in _KINDS if value.get(kind) is not None]
            if len(kinds) != 1:
                at.invalid("", "exactly one value must be specified") if kinds else at.required(
                    "", "exactly one value must be specified"
                )
            if len(at.text("string")) > _MAX_VALUE:
                at.too_long("string", _MAX_VALUE)
        if len(attributes) + len(capacity) > _MAX_ATTRIBUTES:
            count = len(attributes) + len(capacity)
            v.invalid("", f"the total number of attributes and capacities must not exceed {_MAX_ATTRIBUTES}", count)
        for taint in v.each("taints"):
            check_taint(taint)

    def row(self, obj: Json, now: float) -> list[Any]:
        spec = obj.get("spec") or {}
        return [
            obj["metadata"]["name"],
            spec.get("nodeName") or "",
            spec.get("driver") or "",
            (spec.get("pool") or {}).get("name") or "",
            table.created(obj, now),
        ]
