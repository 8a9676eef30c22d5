"""Pools of devices as one node sees them, gathered from ResourceSlices (upstream: ``pools_incubating.go``).

A pool is what one driver publishes under one name, in as many slices as each of them says; of several generations only
the newest counts. A pool of which slices are missing is incomplete, one that contradicts itself invalid: neither gives
devices.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.nodematch import selector_matches


class DeviceId(NamedTuple):
    """Which device of the cluster."""

    driver: str
    pool: str
    device: str

    def __str__(self) -> str:
        return "/".join(self)


@dataclass(slots=True)
class Pool:
    """One driver's devices under one name; ``devices`` are those a node may reach, ``elsewhere`` the others."""

    driver: str
    name: str
    devices: "list[Device]" = field(default_factory=list)
    elsewhere: "list[Device]" = field(default_factory=list)
    counters: dict[str, Json] = field(default_factory=dict)
    incomplete: bool = False
    invalid: bool = False

    @property
    def usable(self) -> bool:
        """Whether devices may be taken from it."""
        return not self.incomplete and not self.invalid

    def __str__(self) -> str:
        return f"{self.driver}/{self.name}"


@dataclass(slots=True, eq=False)
class Device:
    """A device in a slice of a pool."""

    pool: Pool
    slice: Json
    spec: Json
    id: DeviceId

    @property
    def shared(self) -> bool:
        """Whether several claims may hold it at a time."""
        return bool(self.spec.get("allowMultipleAllocations"))

    @property
    def place(self) -> Json:
        """What tells from which nodes it is reached: itself, or its slice."""
        return self.spec if self.slice["spec"].get("perDeviceNodeSelection") else self.slice["spec"]


def reaches(place: Json, node: NodeInfo) -> bool:
    """Tell whether something with ``nodeName``, ``allNodes`` or ``nodeSelector`` is reached from a node."""
    if place.get("nodeName"):
        return bool(place["nodeName"] == node.name)
    if place.get("allNodes"):
        return True
    return place.get("nodeSelector") is not None and selector_matches(place["nodeSelector"], node.name, node.labels)


def gather(slices: Sequence[Json], node: NodeInfo) -> list[Pool]:
    """Return the pools with devices for a node; those whose devices have binding conditions come last."""
    grouped: dict[tuple[str, str], list[Json]] = {}
    for item in slices:
        if _concerns(item, node):
            _add_newest(grouped.setdefault(_key(item), []), item)
    pools = (_pool(key, here, slices) for key, here in sorted(grouped.items()))
    return sorted((pool for pool in pools if pool is not None), key=_has_binding_conditions)


def _key(item: Json) -> tuple[str, str]:
    return item["spec"]["driver"], item["spec"]["pool"]["name"]


def _generation(item: Json) -> int:
    return int(item["spec"]["pool"].get("generation", 0))


def _concerns(item: Json, node: NodeInfo) -> bool:
    spec = item["spec"]
    if spec.get("perDeviceNodeSelection"):
        return any(reaches(device, node) for device in spec.get("devices") or ())
    return reaches(spec, node)


def _add_newest(known: list[Json], item: Json) -> None:
    if known and _generation(item) > _generation(known[0]):
        known.clear()
    if not known or _generation(item) == _generation(known[0]):
        known.append(item)


def _pool(key: tuple[str, str], here: list[Json], slices: Iterable[Json]) -> Pool | None:
    """Return the pool of these slices; None if a newer generation of it exists for other nodes."""
    pool = Pool(*key)
    count = here[0]["spec"]["pool"]["resourceSliceCount"]
    others: list[Json] = []
    if len(here) != count:
        whole = [item for item in slices if _key(item) == key]
        if any(_generation(item) > _generation(here[0]) for item in whole):
            return None
        others = [item for item in whole if _generation(item) == _generation(here[0]) and item not in here]
        if len(here) + len(others) != count:
            pool.incomplete = True
            return pool
    here.sort(key=lambda item: str(item["metadata"]["name"]))
    pool.devices = list(_devices(pool, here))
    pool.elsewhere = list(_devices(pool, others))
    sets = [item for one in (*here, *others) for item in one["spec"].get("sharedCounters") or ()]
    pool.counters = {item["name"]: item.get("counters") or {} for item in sets}
    names = {device.id.device for device in pool.devices}
    pool.invalid = (
        len(names) < len(pool.devices)
        or len(pool.counters) < len(sets)
        or not all(_counters_known(pool, device) for device in (*pool.devices, *pool.elsewhere))
    )
    return pool


def _devices(pool: Pool, slices: Iterable[Json]) -> Iterator[Device]:
    for item in slices:
        for device in item["spec"].get("devices") or ():
            yield Device(pool, item, device, DeviceId(pool.driver, pool.name, device["name"]))


def _counters_known(pool: Pool, device: Device) -> bool:
    return all(
        use["counterSet"] in pool.counters and use["counters"].keys() <= pool.counters[use["counterSet"]].keys()
        for use in device.spec.get("consumesCounters") or ()
    )


def _has_binding_conditions(pool: Pool) -> bool:
    return any(device.spec.get("bindingConditions") for device in pool.devices)
