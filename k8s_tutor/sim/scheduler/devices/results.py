"""An AllocationResult: which devices a claim got, with which configuration, and from which nodes they are reached."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.scheduler.devices.capacity import Consumed
from k8s_tutor.sim.scheduler.devices.pools import Device
from k8s_tutor.sim.scheduler.devices.wanted import Wanted


@dataclass(slots=True)
class Picked:
    """A device for a request; ``consumed`` is its share of a device that others may use too."""

    wanted: Wanted
    device: Device
    consumed: Consumed | None


def allocation(claim: Json, picked: Sequence[Picked], chosen: Sequence[Wanted], node: str) -> Json:
    """Return the result for one claim; ``chosen`` are its requests, or the alternatives taken of them."""
    devices: Json = {}
    if picked:
        devices["results"] = [_result(one) for one in picked]
    config = [*_of_classes(chosen), *_of_claim(claim, chosen)]
    for item in config:
        if all(any(name in item.get("requests", ()) for name in wanted.names) for wanted in chosen):
            item.pop("requests", None)
    if config:
        devices["config"] = config
    found: Json = {"devices": devices}
    selector = _node_selector([one.device for one in picked], node)
    if selector is not None:
        found["nodeSelector"] = selector
    return found


def _result(one: Picked) -> Json:
    driver, pool, device = one.device.id
    found: Json = {"request": one.wanted.full_name, "driver": driver, "pool": pool, "device": device}
    if one.wanted.admin:
        found["adminAccess"] = True
    for name, value in (
        ("tolerations", one.wanted.spec.get("tolerations")),
        ("bindingConditions", one.device.spec.get("bindingConditions")),
        ("bindingFailureConditions", one.device.spec.get("bindingFailureConditions")),
    ):
        if value:
            found[name] = clone(value)
    if one.consumed is not None:
        found["shareID"] = str(uuid.uuid4())
        if one.consumed:
            found["consumedCapacity"] = {name: str(amount) for name, amount in one.consumed.items()}
    return found


def _of_classes(chosen: Iterable[Wanted]) -> list[Json]:
    """Return the configuration of each class, with all requests that are of it."""
    by_class: dict[str, list[Json]] = {}
    for wanted in chosen:
        if wanted.device_class is None:
            continue
        name = wanted.device_class["metadata"]["name"]
        if name not in by_class:
            settings = wanted.device_class["spec"].get("config") or ()
            by_class[name] = [{"source": "FromClass", "requests": [], **clone(item)} for item in settings]
        for item in by_class[name]:
            item["requests"].append(wanted.full_name)
    return [item for items in by_class.values() for item in items]


def _of_claim(claim: Json, chosen: Sequence[Wanted]) -> list[Json]:
    found = []
    for item in claim["spec"]["devices"].get("config") or ():
        requests = item.get("requests") or ()
        if not requests or any(name in requests for wanted in chosen for name in wanted.names):
            found.append({"source": "FromClaim", **clone(item)})
    return found


def _node_selector(devices: Iterable[Device], node: str) -> Json | None:
    """Return from which nodes all the devices are reached; None: from all."""
    term: dict[str, list[Json]] = {}
    for device in devices:
        place = device.place
        if place.get("nodeName") or device.spec.get("bindsToNode"):
            name = {"key": "metadata.name", "operator": "In", "values": [node]}
            return {"nodeSelectorTerms": [{"matchFields": [name]}]}
        for one in (place.get("nodeSelector") or {}).get("nodeSelectorTerms") or ():
            for part in ("matchFields", "matchExpressions"):
                known = term.setdefault(part, [])
                known += [clone(item) for item in one.get(part) or () if item not in known]
    term = {part: items for part, items in term.items() if items}
    return {"nodeSelectorTerms": [term]} if term else None
