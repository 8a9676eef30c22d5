"""Which zone or node each endpoint is meant for (upstream: ``endpointslice/trafficdist`` and ``.../topologycache``).

A Service's ``trafficDistribution`` gives every ready endpoint its own zone, and its own node if that is wished. The older
annotation ``topology-mode: Auto`` shares endpoints out to zones by their nodes' CPUs, where there are enough of both.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.pods import is_ready

ZONE = "topology.kubernetes.io/zone"
EXCLUDED = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
OVERLOAD = 0.2
CLOSE = frozenset({"PreferClose", "PreferSameZone", "PreferSameNode"})
FEW_NODES = "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
UNZONED = "One or more endpoints do not have a zone specified"
FEW_ENDPOINTS = "Insufficient number of endpoints"
UNEVEN = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"
NONE_ALLOCATED = "No hints allocated for zones"
ENABLED, DISABLED = "Topology Aware Hints has been enabled", "Topology Aware Hints has been disabled"


@dataclass(slots=True)
class Planned:
    """A slice as it is to be: ``slice`` is the present one, if there is one; ``changed``: it has to be written."""

    slice: Json | None
    ports: list[Json]
    endpoints: list[Json]
    changed: bool

    def set_hints(self, number: int, hints: Json | None) -> None:
        """Give an endpoint its hints, or none."""
        old = self.endpoints[number]
        if old.get("hints") == hints:
            return
        new = {key: value for key, value in old.items() if key != "hints"}
        self.endpoints[number] = new | {"hints": hints} if hints else new
        self.changed = True

    def ready(self) -> Iterable[tuple[int, Json]]:
        """Yield ready endpoints and their numbers."""
        return [(number, item) for number, item in enumerate(self.endpoints) if item["conditions"]["ready"]]


def automatic(service: Json) -> bool:
    """Tell whether the annotation asks for hints."""
    annotations = service["metadata"].get("annotations") or {}
    mode = annotations.get("service.kubernetes.io/topology-aware-hints")
    if mode is None:
        mode = annotations.get("service.kubernetes.io/topology-mode")
    return mode in {"Auto", "auto"}


def distribute(service: Json, plans: Sequence[Planned]) -> None:
    """Give hints by ``trafficDistribution``; without it, take them away."""
    how = service["spec"].get("trafficDistribution")
    for plan in plans:
        if how not in CLOSE:
            for number in range(len(plan.endpoints)):
                plan.set_hints(number, None)
            continue
        for number, endpoint in plan.ready():
            hints: Json = {}
            if endpoint.get("zone"):
                hints["forZones"] = [{"name": endpoint["zone"]}]
            if endpoint.get("nodeName") and how == "PreferSameNode":
                hints["forNodes"] = [{"name": endpoint["nodeName"]}]
            plan.set_hints(number, hints or None)


class Allocation:
    """How many endpoints a zone is to have: at least, ideally, at most."""

    def __init__(self, share: float, endpoints: int) -> None:
        ideal = share * endpoints
        self.minimum = math.ceil(ideal / (1 + OVERLOAD))
        self.desired = max(ideal, float(self.minimum))
        self.maximum = 0


class Topology:
    """Shares of zones in the nodes' CPUs, and the Services that have hints by them."""

    def __init__(self) -> None:
        self.shares: dict[str, float] = {}
        self._allotted: dict[tuple[str, str], Counter[str]] = {}

    def look(self, nodes: Iterable[Json]) -> list[tuple[str, str]]:
        """Take the nodes in; returns the Services of which a zone has become overloaded."""
        cpus: Counter[str] = Counter()
        for node in nodes:
            labels = node["metadata"].get("labels") or {}
            if any(label in labels for label in EXCLUDED) or not is_ready(node):
                continue
            allocatable = ((node.get("status") or {}).get("allocatable") or {}).get("cpu", "0")
            cpu = Quantity.parse(allocatable).milli()
            if not labels.get(ZONE) or not cpu:
                cpus.clear()
                break
            cpus[labels[ZONE]] += cpu
        self.shares = {zone: cpu / cpus.total() for zone, cpu in cpus.items()} if len(cpus) > 1 else {}
        return [service for service, zones in self._allotted.items() if self._is_overloaded(zones)]

    def _is_overloaded(self, zones: Counter[str]) -> bool:
        if not self.shares:
            return bool(zones)
        least = {zone: math.ceil(zones.total() * share / (1 + OVERLOAD)) for zone, share in self.shares.items()}
        return bool(zones) and any(zone not in zones or zones[zone] < count for zone, count in least.items())

    def forget(self, service: tuple[str, str]) -> bool:
        """Forget a Service's hints; tells whether it had any."""
        return self._allotted.pop(service, None) is not None

    def add_hints(self, service: tuple[str, str], plans: Sequence[Planned]) -> tuple[str, str] | None:
        """Share the endpoints out; returns an event's type and message, if there is something to tell."""
        allocations, why = self._allocate(sum(len(list(plan.ready())) for plan in plans))
        zones: Counter[str] = Counter()
        if not why:
            open_plans = self._keep(plans, allocations, zones)
            if any(not endpoint.get("zone") for plan in open_plans for _, endpoint in plan.ready()):
                why = UNZONED
            else:
                _share_out(open_plans, allocations, zones)
                why = "" if zones else NONE_ALLOCATED
        if why:
            self.forget(service)
            for plan in plans:
                for number in range(len(plan.endpoints)):
                    plan.set_hints(number, None)
            return "Warning", why
        known = service in self._allotted
        self._allotted[service] = zones
        return None if known else ("Normal", ENABLED)

    def _allocate(self, endpoints: int) -> tuple[dict[str, Allocation], str]:
        if not self.shares:
            return {}, FEW_NODES
        counts = f"({endpoints} endpoints, {len(self.shares)} zones)"
        if len(self.shares) > endpoints:
            return {}, f"{FEW_ENDPOINTS} {counts}"
        found = {zone: Allocation(share, endpoints) for zone, share in self.shares.items()}
        spare = endpoints - sum(item.minimum for item in found.values())
        if spare < 0:
            return {}, f"{UNEVEN} {counts}"
        for item in found.values():
            item.maximum = item.minimum + spare
        return found, ""

    def _keep(self, plans: Sequence[Planned], allocations: dict[str, Allocation], zones: Counter[str]) -> list[Planned]:
        """Count the hints of slices that can stay as they are; returns the others."""
        open_plans = []
        for plan in plans:
            hinted = [item.get("hints", {}).get("forZones") or [] for _, item in plan.ready()]
            own = Counter(zone["name"] for hints in hinted for zone in hints)
            fits = all(zone in allocations and own[zone] + zones[zone] <= allocations[zone].maximum for zone in own)
            if plan.changed or not all(hinted) or not fits:
                open_plans.append(plan)
            else:
                zones.update(own)
        return open_plans


def _share_out(plans: Sequence[Planned], allocations: dict[str, Allocation], zones: Counter[str]) -> None:
    """Mean each endpoint for its own zone, then for others as many as those lack."""
    zones.update(endpoint["zone"] for plan in plans for _, endpoint in plan.ready())
    gives, takes = _transfers(allocations, zones)
    for plan in plans:
        for number, endpoint in plan.ready():
            zone = endpoint["zone"]
            taker = next((name for name, count in takes.items() if count > 0), None)
            if taker is not None and gives[zone] > 0:
                gives[zone] -= 1
                takes[taker] -= 1
                zones.subtract([zone])
                zones[taker] += 1
                zone = taker
            plan.set_hints(number, {"forZones": [{"name": zone}]})


def _transfers(allocations: dict[str, Allocation], zones: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    surplus = {zone: zones[zone] - item.desired for zone, item in allocations.items() if zones[zone] > item.desired}
    lack = {zone: item.desired - zones[zone] for zone, item in allocations.items() if zones[zone] < item.desired}
    gives: Counter[str] = Counter()
    takes: Counter[str] = Counter()
    while surplus and lack:
        giver, taker = max(surplus, key=surplus.__getitem__), max(lack, key=lack.__getitem__)
        if min(surplus[giver], lack[taker]) < 0.5 or max(surplus[giver], lack[taker]) < 1:
            break
        gives[giver] += 1
        takes[taker] += 1
        surplus[giver] -= 1
        lack[taker] -= 1
    return gives, takes
