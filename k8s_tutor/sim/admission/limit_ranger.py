"""LimitRanges: defaults for containers, bounds for containers, pods and claims (``plugin/pkg/admission/limitranger``)."""

from collections.abc import Iterator

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.machinery.status import forbidden
from k8s_tutor.sim.registry.attributes import Attributes
from k8s_tutor.sim.registry.quota import pod_totals

Amounts = dict[str, Quantity]
ANNOTATION = "kubernetes.io/limit-ranger"


class LimitRanger(Plugin):
    """Applies all LimitRanges of the namespace."""

    name = "LimitRanger"
    resources = frozenset(("pods", "persistentvolumeclaims"))

    def admit(self, attributes: Attributes) -> None:
        if not self._concerns(attributes) or attributes.resource.name != "pods" or attributes.obj is None:
            return
        for entry in self.store.entries("limitranges", attributes.namespace):
            _default(entry.obj, attributes.obj)

    def validate(self, attributes: Attributes) -> None:
        obj = attributes.obj
        if not self._concerns(attributes) or obj is None:
            return
        for entry in self.store.entries("limitranges", attributes.namespace):
            check = _pod_faults if attributes.resource.name == "pods" else _claim_faults
            faults = list(dict.fromkeys(check(entry.obj, obj)))
            if faults:
                why = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
                raise forbidden(attributes.resource.plural, "", attributes.name, why)

    def _concerns(self, attributes: Attributes) -> bool:
        if attributes.subresource:
            return attributes.subresource == "resize"
        return not (attributes.resource.name == "pods" and attributes.operation == "UPDATE")


def _default(limit_range: Json, pod: Json) -> None:
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    for limit in limit_range["spec"].get("limits") or ():
        if limit.get("type") == "Container":
            requests |= limit.get("defaultRequest") or {}
            limits |= limit.get("default") or {}
    notes: list[str] = []
    for key, label in (("containers", "container"), ("initContainers", "init container")):
        for container in pod["spec"].get(key) or ():
            resources = container.setdefault("resources", {})
            set_limits = _fill(resources, "limits", limits)
            set_requests = _fill(resources, "requests", requests)
            if set_requests:
                notes.append(f"{', '.join(set_requests)} request for {label} {container['name']}")
            if set_limits:
                notes.append(f"{', '.join(set_limits)} limit for {label} {container['name']}")
    if notes:
        annotations = pod["metadata"].setdefault("annotations", {})
        annotations[ANNOTATION] = "LimitRanger plugin set: " + "; ".join(notes)


def _fill(resources: Json, side: str, defaults: dict[str, str]) -> list[str]:
    present = resources.get(side) or {}
    missing = sorted(name for name in defaults if name not in present)
    if missing:
        resources[side] = present | {name: defaults[name] for name in missing}
    return missing


def _parsed(amounts: Json | None) -> Amounts:
    return {name: Quantity.parse(text) for name, text in (amounts or {}).items()}


def _pod_faults(limit_range: Json, pod: Json) -> Iterator[str]:
    spec = pod["spec"]
    for limit in limit_range["spec"].get("limits") or ():
        if limit.get("type") == "Container":
            for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
                resources = container.get("resources") or {}
                yield from _faults(limit, _parsed(resources.get("requests")), _parsed(resources.get("limits")))
        elif limit.get("type") == "Pod":
            yield from _faults(limit, pod_totals(spec, "requests"), pod_totals(spec, "limits"))


def _claim_faults(limit_range: Json, claim: Json) -> Iterator[str]:
    requests = _parsed((claim["spec"].get("resources") or {}).get("requests"))
    for limit in limit_range["spec"].get("limits") or ():
        if limit.get("type") != "PersistentVolumeClaim":
            continue
        yield from _minimum(limit, requests, {})
        for name, bound in sorted(_parsed(limit.get("max")).items()):
            head = f"maximum {name} usage per PersistentVolumeClaim is {bound}"
            if name not in requests:
                yield f"{head}.  No request is specified"
            elif bound < requests[name]:
                yield f"{head}, but request is {requests[name]}"


def _faults(limit: Json, requests: Amounts, limits: Amounts) -> Iterator[str]:
    yield from _minimum(limit, requests, limits)
    yield from _maximum(limit, requests, limits)
    yield from _ratio(limit, requests, limits)


def _minimum(limit: Json, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, bound in sorted(_parsed(limit.get("min")).items()):
        head = f"minimum {name} usage per {limit['type']} is {bound}"
        if name not in requests:
            yield f"{head}.  No request is specified"
        elif requests[name] < bound:
            yield f"{head}, but request is {requests[name]}"
        elif name in limits and limits[name] < bound:
            yield f"{head}, but limit is {limits[name]}"


def _maximum(limit: Json, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, bound in sorted(_parsed(limit.get("max")).items()):
        head = f"maximum {name} usage per {limit['type']} is {bound}"
        if name not in limits:
            yield f"{head}.  No limit is specified"
        elif bound < limits[name]:
            yield f"{head}, but limit is {limits[name]}"
        elif name in requests and bound < requests[name]:
            yield f"{head}, but request is {requests[name]}"


def _ratio(limit: Json, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, bound in sorted(_parsed(limit.get("maxLimitRequestRatio")).items()):
        head = f"{name} max limit to request ratio per {limit['type']} is {bound}"
        if not requests.get(name):
            yield f"{head}, but no request is specified or request is 0"
        elif not limits.get(name):
            yield f"{head}, but no limit is specified or limit is 0"
        else:
            ratio = limits[name].milli() / requests[name].milli()
            if ratio * 1000 > bound.milli():
                yield f"{head}, but provided ratio is {ratio:.6f}"
