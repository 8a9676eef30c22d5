"""Binding conditions: what must come true of an allocated device, by its driver's word, before the pod may be bound.

The driver tells it in ``status.devices`` of the claim: all ``bindingConditions`` must be true, none of the
``bindingFailureConditions`` (upstream: ``isClaimReadyForBinding``).
"""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.devices.claims import allocation_of


class BindingFailedError(Exception):
    """A device says that it can not be had after all; the words are those of the scheduler."""


def is_ready(claim: Json) -> bool:
    """Tell whether all that a claim's devices wait for has come true.

    Raises:
        BindingFailedError: one of them has failed.
    """
    return all(_device_is_ready(claim, result) for result in _results(claim) if result.get("bindingConditions"))


def _results(claim: Json) -> list[Json]:
    return (allocation_of(claim) or {}).get("devices", {}).get("results") or []


def _device_is_ready(claim: Json, result: Json) -> bool:
    conditions = _conditions(claim, result)
    for name in result.get("bindingFailureConditions") or ():
        found = conditions.get(name)
        if found is not None and found["status"] == "True":
            where = f"claim={claim['metadata']['name']}, reason={found.get('reason', '')}"
            raise BindingFailedError(f'device binding failed: {where}, message="{found.get("message", "")}"')
    return all(conditions.get(name, {}).get("status") == "True" for name in result["bindingConditions"])


def _conditions(claim: Json, result: Json) -> dict[str, Json]:
    for device in (claim.get("status") or {}).get("devices") or ():
        if all(device[key] == result[key] for key in ("driver", "pool", "device")):
            return {one["type"]: one for one in device.get("conditions") or ()}
    return {}
