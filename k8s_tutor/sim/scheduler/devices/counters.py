"""Counters that the devices of a pool share: parts of one device, of which only so many fit (partitionable devices)."""

from collections.abc import Iterable

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.sim.scheduler.devices.allocated import Allocated
from k8s_tutor.sim.scheduler.devices.pools import Device, Pool

Key = tuple[str, str]


class Counters:
    """What is left of the counters of one pool, beside what is allocated and what is being picked."""

    def __init__(self, pool: Pool, allocated: Allocated) -> None:
        self._left: dict[Key, int] = {
            (name, counter): Quantity.parse(value["value"]).nanos
            for name, counters in pool.counters.items()
            for counter, value in counters.items()
        }
        for device in (*pool.devices, *pool.elsewhere):
            if allocated.holds(device.id):
                self.take(device)

    def take(self, device: Device) -> bool:
        """Take what a device needs; tells whether no counter is overdrawn. To be given back in either case."""
        for key, amount in _needs(device):
            self._left[key] -= amount
        return all(left >= 0 for left in self._left.values())

    def give_back(self, device: Device) -> None:
        """Undo ``take``."""
        for key, amount in _needs(device):
            self._left[key] += amount


def _needs(device: Device) -> Iterable[tuple[Key, int]]:
    for use in device.spec.get("consumesCounters") or ():
        for counter, value in use["counters"].items():
            yield (use["counterSet"], counter), Quantity.parse(value["value"]).nanos
