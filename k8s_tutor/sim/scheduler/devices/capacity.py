"""Shares of devices that allow several allocations: how much of each capacity a request consumes (``consumable_capacity.go``).

A request that names an amount gets it, rounded up to what the device's policy allows; one that names none gets the
policy's default, or all there is.
"""

from collections.abc import Mapping

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json

Consumed = dict[str, Quantity]


def consumed_by(requests: Mapping[str, str], capacities: Mapping[str, Json]) -> Consumed | None:
    """Return what a request takes of a device's capacities; None if the device can not grant it."""
    if any(name not in capacities for name in requests):
        return None
    found: Consumed = {}
    for name, capacity in capacities.items():
        amount = _granted(requests.get(name), capacity)
        if not _allowed(amount, capacity.get("requestPolicy") or {}):
            return None
        found[name] = amount
    return found


def fits(wanted: Consumed, held: Mapping[str, Quantity], capacities: Mapping[str, Json]) -> bool:
    """Tell whether a device has so much left beside what is held of it."""
    nothing = Quantity(0)
    return all(
        held.get(name, nothing) + amount <= Quantity.parse(capacities[name]["value"]) for name, amount in wanted.items()
    )


def add(total: Consumed, more: Mapping[str, Quantity]) -> None:
    """Add to a sum in place."""
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def remove(total: Consumed, less: Mapping[str, Quantity]) -> None:
    """Subtract from a sum in place."""
    for name, amount in less.items():
        total[name] = total[name] - amount


def _granted(requested: str | None, capacity: Json) -> Quantity:
    policy = capacity.get("requestPolicy") or {}
    if requested is None:
        return Quantity.parse(policy["default"] if "default" in policy else capacity["value"])
    amount = Quantity.parse(requested)
    valid = policy.get("validRange") or {}
    if valid.get("min") is not None:
        return _in_steps(amount, valid)
    larger = (Quantity.parse(value) for value in policy.get("validValues") or ())
    return next((value for value in larger if amount <= value), amount)


def _in_steps(amount: Quantity, valid: Json) -> Quantity:
    lowest = Quantity.parse(valid["min"])
    if amount < lowest:
        return lowest
    if valid.get("step") is None:
        return amount
    step = Quantity.parse(valid["step"])
    steps = -(-(amount.nanos - lowest.nanos) // step.nanos)
    return Quantity(lowest.nanos + steps * step.nanos, step.format)


def _allowed(amount: Quantity, policy: Json) -> bool:
    if policy.get("default") is not None and amount == Quantity.parse(policy["default"]):
        return True
    valid = policy.get("validRange")
    if valid is None:
        values = policy.get("validValues")
        return not values or any(amount == Quantity.parse(value) for value in values)
    if valid.get("max") is not None and amount > Quantity.parse(valid["max"]):
        return False
    if valid.get("step") is None:
        return True
    return (amount - Quantity.parse(valid["min"])).nanos % Quantity.parse(valid["step"]).nanos == 0
