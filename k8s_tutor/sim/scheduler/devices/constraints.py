"""What must hold among the devices of a claim: an attribute that is the same for all, or different (upstream: ``constraint.go``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.devices.pools import Device
from k8s_tutor.sim.scheduler.devices.selectors import lookup
from k8s_tutor.sim.scheduler.devices.wanted import Wanted


class Constraint:
    """One constraint of a claim, with the values of the devices picked so far."""

    def __init__(self, spec: Json) -> None:
        self._distinct = "distinctAttribute" in spec
        self._attribute: str = spec["distinctAttribute"] if self._distinct else spec["matchAttribute"]
        self._requests: list[str] = spec.get("requests") or []
        self._values: list[Json] = []

    def concerns(self, wanted: Wanted) -> bool:
        """Tell whether it is about the devices of a request."""
        return not self._requests or any(name in self._requests for name in wanted.names)

    def add(self, device: Device) -> bool:
        """Take a device in, or tell that it does not suit the others."""
        attribute = lookup(device.spec, device.pool.driver, self._attribute)
        if attribute is None:
            return False
        if self._distinct and attribute in self._values:
            return False
        if not self._distinct and self._values and attribute != self._values[0]:
            return False
        self._values.append(attribute)
        return True

    def remove(self) -> None:
        """Take the last device out again."""
        self._values.pop()
