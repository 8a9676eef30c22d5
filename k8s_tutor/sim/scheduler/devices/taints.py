"""Taints that DeviceTaintRules put on devices, beside those that drivers publish (upstream: ``resourceslice/tracker``)."""

from collections.abc import Sequence

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.client import LocalClient

RULES = "devicetaintrules.resource.k8s.io"


def with_rules(client: LocalClient, slices: Sequence[Json]) -> Sequence[Json]:
    """Return the slices with the taints of all rules on their devices."""
    rules = client.list(RULES) if client.store.count(RULES) else ()
    return [_tainted(item, rules) for item in slices] if rules else slices


def _tainted(item: Json, rules: Sequence[Json]) -> Json:
    spec = item["spec"]
    mine = [
        rule
        for rule in rules
        if _selects(rule, "driver", spec["driver"]) and _selects(rule, "pool", spec["pool"]["name"])
    ]
    if not mine or not spec.get("devices"):
        return item
    devices = []
    for device in spec["devices"]:
        taints = [rule["spec"]["taint"] for rule in mine if _selects(rule, "device", device["name"])]
        devices.append({**device, "taints": [*(device.get("taints") or ()), *taints]} if taints else device)
    return {**item, "spec": {**spec, "devices": devices}}


def _selects(rule: Json, key: str, value: str) -> bool:
    selector = rule["spec"].get("deviceSelector")
    return selector is not None and selector.get(key) in {None, value}
