"""The search for devices: from a node, find a device for every request of every claim (upstream: ``allocator_incubating.go``).

Depth first, in the order of the pools and their slices, with everything undone on the way back. A request may want all
devices that suit it, or a number of them; of alternatives the first that works out is taken. At most 32 devices go to a
claim: an alternative that would lead beyond is passed over.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.devices import capacity
from k8s_tutor.sim.scheduler.devices.allocated import Allocated
from k8s_tutor.sim.scheduler.devices.constraints import Constraint
from k8s_tutor.sim.scheduler.devices.counters import Counters
from k8s_tutor.sim.scheduler.devices.pools import Device, DeviceId, Pool, gather, reaches
from k8s_tutor.sim.scheduler.devices.results import Picked, allocation
from k8s_tutor.sim.scheduler.devices.selectors import DeviceSelectorError, matches
from k8s_tutor.sim.scheduler.devices.wanted import Wanted, alternatives

MAX_DEVICES = 32
KEEPS_AWAY = frozenset({"NoSchedule", "NoExecute"})

Undo = Callable[[], None]


class AllocationError(Exception):
    """Something is wrong with a claim, a class or a pool: no other node would help."""


class NodeDevicesError(Exception):
    """Something is wrong with the devices of this node."""


class _TooManyError(Exception):
    """More devices than a claim may have."""


class Allocator:
    """Finds devices for the claims of one pod.

    Args:
        slices: all ResourceSlices.
        classes: DeviceClasses by name.
        allocated: what claims hold.
    """

    def __init__(self, slices: Sequence[Json], classes: Mapping[str, Json], allocated: Allocated) -> None:
        self.slices = slices
        self.classes = classes
        self.allocated = allocated

    def allocate(self, node: NodeInfo, claims: Sequence[Json]) -> list[Json] | None:
        """Return an allocation for each claim, or None if the node has none.

        Raises:
            AllocationError: the claims can not be allocated anywhere.
            NodeDevicesError: the node's devices are published wrongly.
        """
        return _Search(self, node, claims).run()


class _Search:
    def __init__(self, allocator: Allocator, node: NodeInfo, claims: Sequence[Json]) -> None:
        self._allocated = allocator.allocated
        self._classes = allocator.classes
        self._node = node
        self._claims = claims
        self._pools = gather(allocator.slices, node)
        self._devices = [device for pool in self._pools if pool.usable for device in pool.devices]
        self._counters: dict[str, Counters] = {}
        self._taking: dict[DeviceId, set[int]] = {}
        self._sharing: dict[DeviceId, list[capacity.Consumed]] = {}
        self._picked: list[list[Picked]] = [[] for _ in claims]
        self._chosen: list[dict[int, Wanted]] = [{} for _ in claims]
        self._requests = [self._prepared(claim) for claim in claims]
        self._constraints = [
            [Constraint(spec) for spec in claim["spec"]["devices"].get("constraints") or ()] for claim in claims
        ]

    def run(self) -> list[Json] | None:
        if self._claim(0):
            return [
                allocation(claim, picked, [chosen[index] for index in sorted(chosen)], self._node.name)
                for claim, picked, chosen in zip(self._claims, self._picked, self._chosen, strict=True)
            ]
        if any(pool.invalid for pool in self._pools):
            raise NodeDevicesError("invalid resource pools were encountered")
        return None

    # -- what is asked for

    def _prepared(self, claim: Json) -> list[list[Wanted]]:
        requests = [alternatives(request) for request in claim["spec"]["devices"].get("requests") or ()]
        total = 0
        for options in requests:
            for wanted in options:
                wanted.device_class = self._classes.get(wanted.spec["deviceClassName"])
                if wanted.device_class is None:
                    name = wanted.spec["deviceClassName"]
                    missing = f'could not retrieve device class {name}: deviceclass.resource.k8s.io "{name}" not found'
                    raise self._wrong(claim, wanted, missing)
                if wanted.all:
                    wanted.everything = list(self._suitable(claim, wanted))
            fewest = min(wanted.number for wanted in options)
            if total + fewest > MAX_DEVICES:
                why = f"adding {fewest} devices exceeds the claim limit of {MAX_DEVICES}, with {total} already accounted for"
                raise AllocationError(f"claim {_key(claim)}, request {options[0].names[0]}: {why}")
            total += fewest
        return requests

    def _suitable(self, claim: Json, wanted: Wanted) -> list[Device]:
        found: list[Device] = []
        for pool in self._pools:
            if not pool.usable:
                state = "being updated" if pool.incomplete else "invalid"
                why = f"asks for all devices, but resource pool {pool} is currently {state}"
                raise self._wrong(claim, wanted, why)
            found += [
                device
                for device in pool.devices
                if self._selectable(claim, wanted, device) and self._share(wanted, device, {}) is not None
            ]
        return found

    def _wrong(self, claim: Json, wanted: Wanted, why: str) -> AllocationError:
        return AllocationError(f"claim {_key(claim)}, request {wanted.name}: {why}")

    # -- the search: claim by claim, request by request, device by device

    def _claim(self, index: int) -> bool:
        return index == len(self._claims) or self._request(index, 0)

    def _request(self, index: int, number: int) -> bool:
        if number == len(self._requests[index]):
            try:
                return self._claim(index + 1)
            except _TooManyError:
                return False
        options = self._requests[index][number]
        beyond = 0
        for wanted in options:
            self._chosen[index][number] = wanted
            try:
                if self._next_device(index, number, 0, 0):
                    return True
            except _TooManyError:
                beyond += 1
        if beyond == len(options):
            raise _TooManyError
        return False

    def _next_device(self, index: int, number: int, count: int, start: int) -> bool:
        wanted = self._chosen[index][number]
        if wanted.all and not wanted.everything:
            return False
        if count >= wanted.number:
            return self._request(index, number + 1)
        if wanted.number - count > MAX_DEVICES - len(self._picked[index]):
            raise _TooManyError
        if wanted.all:
            return self._with(index, number, count, wanted.everything[count], 0)
        for position in range(start, len(self._devices)):
            device = self._devices[position]
            if self._free(index, wanted, device) and self._selectable(self._claims[index], wanted, device):
                if self._with(index, number, count, device, position + 1):
                    return True
        return False

    def _with(self, index: int, number: int, count: int, device: Device, start: int) -> bool:
        """Go on with a device picked; undone if that leads nowhere."""
        wanted = self._chosen[index][number]
        undo = self._pick(index, wanted, device)
        found = False
        try:
            if undo is not None:
                found = self._next_device(index, number, count + 1, start)
        finally:
            if undo is not None and not found:
                undo()
        return found

    # -- one device

    def _free(self, index: int, wanted: Wanted, device: Device) -> bool:
        taking = self._taking.get(device.id, set())
        if wanted.admin:
            return index not in taking
        return device.id not in self._allocated.whole and not taking

    def _selectable(self, claim: Json, wanted: Wanted, device: Device) -> bool:
        verdict = wanted.verdicts.get(device)
        if verdict is None:
            verdict = wanted.verdicts[device] = self._selected(claim, wanted, device)
        return verdict

    def _selected(self, claim: Json, wanted: Wanted, device: Device) -> bool:
        device_class = wanted.device_class or {"metadata": {"name": ""}, "spec": {}}
        of_class, of_claim = f"class {device_class['metadata']['name']}", f"claim {_key(claim)}"
        for whose, selectors in (
            (of_class, device_class["spec"].get("selectors")),
            (of_claim, wanted.spec.get("selectors")),
        ):
            for number, selector in enumerate(selectors or ()):
                try:
                    if not matches(selector["cel"]["expression"], device.spec, device.pool.driver):
                        return False
                except DeviceSelectorError as error:
                    why = f"{whose}: selector #{number} on device {device.id}: {error}"
                    raise AllocationError(why) from None
        return device.place is not device.spec or reaches(device.spec, self._node)

    def _share(self, wanted: Wanted, device: Device, held: capacity.Consumed) -> capacity.Consumed | None:
        """Return what the request would consume of a device; None if the device has not that much left."""
        capacities = device.spec.get("capacity") or {}
        amounts = capacity.consumed_by(wanted.amounts, capacities)
        if amounts is None or not capacity.fits(amounts, held, capacities):
            return None
        return amounts

    def _held(self, device: Device) -> capacity.Consumed:
        held = dict(self._allocated.shares.get(device.id, {}))
        for share in self._sharing.get(device.id, ()):
            capacity.add(held, share)
        return held

    def _pick(self, index: int, wanted: Wanted, device: Device) -> Undo | None:
        """Pick a device for a request; returns what undoes it, or None if it can not be had."""
        if not device.shared and not self._free(index, wanted, device):
            return None
        if any(
            taint["effect"] in KEEPS_AWAY and not wanted.tolerates(taint) for taint in device.spec.get("taints") or ()
        ):
            return None
        consumed = self._share(wanted, device, self._held(device))
        if consumed is None:
            return None
        undos: list[Undo] = []
        if self._count(device, undos) and self._constrain(index, wanted, device, undos):
            self._note(index, wanted, device, consumed, undos)
            return lambda: _undo(undos)
        _undo(undos)
        return None

    def _count(self, device: Device, undos: list[Undo]) -> bool:
        if not device.spec.get("consumesCounters") or (device.shared and self._in_use(device)):
            return True
        pool: Pool = device.pool
        counters = self._counters.get(str(pool))
        if counters is None:
            counters = self._counters[str(pool)] = Counters(pool, self._allocated)
        fits = counters.take(device)
        undos.append(lambda: counters.give_back(device))
        return fits

    def _in_use(self, device: Device) -> bool:
        return device.id in self._allocated.shares or bool(self._sharing.get(device.id))

    def _constrain(self, index: int, wanted: Wanted, device: Device, undos: list[Undo]) -> bool:
        for constraint in self._constraints[index]:
            if constraint.concerns(wanted):
                if not constraint.add(device):
                    if wanted.all:
                        why = f"cannot add device {device.id} because a claim constraint would not be satisfied"
                        raise self._wrong(self._claims[index], wanted, why)
                    return False
                undos.append(constraint.remove)
        return True

    def _note(self, index: int, wanted: Wanted, device: Device, consumed: capacity.Consumed, undos: list[Undo]) -> None:
        picked = self._picked[index]
        picked.append(Picked(wanted, device, consumed if device.shared else None))
        undos.append(partial(_drop_last, picked))
        if device.shared:
            shares = self._sharing.setdefault(device.id, [])
            shares.append(consumed)
            undos.append(partial(_drop_last, shares))
        else:
            taking = self._taking.setdefault(device.id, set())
            taking.add(index)
            undos.append(lambda: taking.discard(index))


def _drop_last(items: list[Any]) -> None:
    items.pop()


def _undo(undos: list[Undo]) -> None:
    for undo in reversed(undos):
        undo()


def _key(claim: Json) -> str:
    return f"{claim['metadata']['namespace']}/{claim['metadata']['name']}"
