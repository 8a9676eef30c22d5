"""What claims hold of all devices (upstream: ``allocateddevices.go``): whole devices, and shares of those that allow it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.devices import capacity
from k8s_tutor.sim.scheduler.devices.claims import allocation_of
from k8s_tutor.sim.scheduler.devices.pools import DeviceId


@dataclass(slots=True)
class Allocated:
    """Devices held as a whole, and the sums of what is consumed of the shared ones; administrators hold nothing."""

    whole: set[DeviceId] = field(default_factory=set)
    shares: dict[DeviceId, capacity.Consumed] = field(default_factory=dict)

    def holds(self, device: DeviceId) -> bool:
        """Tell whether anything of a device is held."""
        return device in self.whole or device in self.shares


def held_by(claims: Iterable[Json]) -> Allocated:
    """Return what all these claims hold."""
    found = Allocated()
    for claim in claims:
        allocation = allocation_of(claim)
        for result in (allocation or {}).get("devices", {}).get("results") or ():
            if result.get("adminAccess"):
                continue
            device = DeviceId(result["driver"], result["pool"], result["device"])
            if result.get("shareID") is None:
                found.whole.add(device)
                continue
            amounts = {name: Quantity.parse(value) for name, value in (result.get("consumedCapacity") or {}).items()}
            capacity.add(found.shares.setdefault(device, {}), amounts)
    return found
