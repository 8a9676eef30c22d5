"""Resources of a whole pod and its class of service (upstream: ``component-helpers/resource``, ``core/helper/qos``)."""

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import quantities
from k8s_tutor.sim.resources.shared.check import At

Amounts = dict[str, Quantity]
_COMPUTE = ("cpu", "memory")


def _amounts(container: Json, side: str) -> Amounts:
    found = (container.get("resources") or {}).get(side) or {}
    return {name: quantities.parse(text) for name, text in found.items()}


def _add(total: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def _raise_to(total: Amounts, other: Amounts) -> None:
    for name, amount in other.items():
        if name not in total or amount > total[name]:
            total[name] = amount


def aggregate(spec: Json, side: str) -> Amounts:
    """Return what all containers together need: the sum of regular ones and sidecars, or the largest init step."""
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, _amounts(container, side))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        own = _amounts(container, side)
        if container.get("restartPolicy") == "Always":
            _add(total, own)
            _add(sidecars, own)
            _raise_to(peak, sidecars)
        else:
            step = dict(sidecars)
            _add(step, own)
            _raise_to(peak, step)
    _raise_to(total, peak)
    return total


def pod_level(spec: Json) -> Json | None:
    """Return the resources given for the whole pod, or None."""
    resources = spec.get("resources")
    if resources and (resources.get("requests") or resources.get("limits")):
        return resources  # type: ignore[no-any-return]
    return None


def default_pod_level(spec: Json) -> None:
    """Fill a pod's own requests and limits from those of its containers, where it has some (``api/pod/util.go``)."""
    resources = spec.get("resources")
    if not resources or not (resources.get("limits") or resources.get("requests")):
        return
    requests = dict(resources.get("requests") or {})
    limits = dict(resources.get("limits") or {})
    for name, amount in aggregate(spec, "limits").items():
        if quantities.is_huge(name) and name not in requests and name not in limits:
            limits[name] = str(amount)
    for name, amount in aggregate(spec, "requests").items():
        if name not in requests and name in _COMPUTE:
            requests[name] = str(amount)
    for name, text in limits.items():
        if name not in requests and _is_pod_level(name):
            requests[name] = text
    _default_limits(spec, requests, limits)
    for side, amounts in (("requests", requests), ("limits", limits)):
        if amounts:
            resources[side] = amounts


def _default_limits(spec: Json, requests: Json, limits: Json) -> None:
    """Limit what every container limits: to their sum, or to the pod's request where that is more."""
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    sums = aggregate(spec, "limits")
    for name, text in requests.items():
        if name in limits or not _is_pod_level(name):
            continue
        if all(name in _amounts(container, "limits") for container in containers):
            limits[name] = text if quantities.parse(text) > sums[name] else str(sums[name])


def _is_pod_level(name: str) -> bool:
    return name in _COMPUTE or quantities.is_huge(name)


def check_pod_resources(v: At, claims: list[str]) -> None:
    """Check pod-level resources; the cursor stands at the pod's spec."""
    resources = v.get("resources")
    if resources is None:
        return
    at = v.at("resources")
    if (v.get("os") or {}).get("name") == "windows":
        at.forbidden("", "may not be set for a windows pod")
        return
    if resources.get("claims") is not None:
        at.forbidden("claims", "claims may not be set for Resources at pod-level")
    quantities.check_requirements(at, claims, quantities.check_pod_name)
    _check_consistency(v, at, resources)


def _check_consistency(v: At, at: At, resources: Json) -> None:
    requests = _amounts({"resources": resources}, "requests")
    limits = _amounts({"resources": resources}, "limits")
    for name, amount in aggregate(v.value, "requests").items():
        if name in requests and amount > requests[name]:
            detail = f"must be greater than or equal to aggregate container requests of {amount}"
            at.at("requests").key(name).invalid("", detail, str(requests[name]))
    for name, amount in aggregate(v.value, "limits").items():
        if quantities.is_huge(name) and name in limits and amount > limits[name]:
            detail = f"must be greater than or equal to aggregate container limits of {amount}"
            at.at("limits").key(name).invalid("", detail, str(limits[name]))
    for number, container in enumerate(v.get("containers") or ()):
        for name, amount in _amounts(container, "limits").items():
            if name in limits and amount > limits[name]:
                place = at.at("containers").index(number).key(name)
                place.invalid("limits", f"must be less than or equal to pod limits of {limits[name]}", str(amount))


def qos_class(spec: Json) -> str:
    """Return ``Guaranteed``, ``Burstable`` or ``BestEffort``."""
    whole = pod_level(spec)
    holders: list[Json] = []
    if whole is not None:
        holders = [{"resources": whole}]
    else:
        holders = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    requests: Amounts = {}
    limits: Amounts = {}
    guaranteed = True
    for holder in holders:
        asked = {k: a for k, a in _amounts(holder, "requests").items() if k in _COMPUTE and a.nanos > 0}
        limited = {k: a for k, a in _amounts(holder, "limits").items() if k in _COMPUTE and a.nanos > 0}
        _add(requests, asked)
        _add(limits, limited)
        guaranteed = guaranteed and len(limited) == len(_COMPUTE)
    if not requests and not limits:
        return "BestEffort"
    same = len(requests) == len(limits) and all(name in limits and requests[name] == limits[name] for name in requests)
    return "Guaranteed" if guaranteed and same else "Burstable"
