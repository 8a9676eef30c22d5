"""What one request of a claim asks for: ``exactly`` some devices, or the ``firstAvailable`` of several alternatives."""

from dataclasses import dataclass, field

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.devices.pools import Device

MOST_ALTERNATIVES = 8


@dataclass(slots=True, eq=False)
class Wanted:
    """One request, or one alternative of it; ``everything`` are the devices of a request for all of them."""

    name: str
    spec: Json
    parent: str = ""
    device_class: Json | None = None
    everything: list[Device] = field(default_factory=list)
    verdicts: dict[object, bool] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """Its name in an allocation: ``request`` or ``request/alternative``."""
        return f"{self.parent}/{self.name}" if self.parent else self.name

    @property
    def names(self) -> tuple[str, ...]:
        """The names by which constraints and configurations mean it."""
        return (self.parent, self.full_name) if self.parent else (self.name,)

    @property
    def all(self) -> bool:
        """Whether it asks for all devices that suit it."""
        return bool(self.spec.get("allocationMode") == "All")

    @property
    def number(self) -> int:
        """How many devices it needs."""
        return len(self.everything) if self.all else int(self.spec.get("count", 1))

    @property
    def admin(self) -> bool:
        """Whether it asks for administrative access, beside whoever uses the device."""
        return bool(self.spec.get("adminAccess"))

    @property
    def amounts(self) -> dict[str, str]:
        """How much it asks of a device's capacities."""
        return (self.spec.get("capacity") or {}).get("requests") or {}

    def tolerates(self, taint: Json) -> bool:
        """Tell whether it takes a device with this taint."""
        return any(tolerates(one, taint) for one in self.spec.get("tolerations") or ())


def tolerates(toleration: Json, taint: Json) -> bool:
    """Tell whether a toleration covers a device's taint."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    operator = toleration.get("operator") or "Equal"
    return operator == "Exists" or (toleration.get("value") or "") == (taint.get("value") or "")


def alternatives(request: Json) -> list[Wanted]:
    """Return the alternatives of a request, in the order of preference; one if it has none."""
    if request.get("exactly") is not None:
        return [Wanted(request["name"], request["exactly"])]
    return [Wanted(item["name"], item, request["name"]) for item in request.get("firstAvailable") or ()]


def preference(claim: Json, chosen: set[str]) -> int:
    """Return the score of an allocation: the earlier the alternatives that were chosen, the more."""
    return sum(
        MOST_ALTERNATIVES - index
        for request in claim["spec"].get("devices", {}).get("requests") or ()
        for index, item in enumerate(request.get("firstAvailable") or ())
        if f"{request['name']}/{item['name']}" in chosen
    )
