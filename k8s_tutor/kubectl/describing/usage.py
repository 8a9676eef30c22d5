"""What the pods of a node request and are limited to, against what it can give (component-helpers, ``resource``)."""

from collections.abc import Iterable

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import age

ZERO = Quantity.parse("0")
Amounts = dict[str, Quantity]
_STANDARD = {"cpu", "memory", "ephemeral-storage", "pods", "storage"}


def pod_amounts(pod: Json, section: str) -> Amounts:
    """Return a pod's effective requests or limits: sidecars add up, init containers count at their largest."""
    spec = pod.get("spec", {})
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, _of(container, section))
    sidecars: Amounts = {}
    largest: Amounts = {}
    for container in spec.get("initContainers") or ():
        own = _of(container, section)
        if container.get("restartPolicy") == "Always":
            _add(total, own)
            _add(sidecars, own)
            own = dict(sidecars)
        else:
            own = {name: amount + sidecars.get(name, ZERO) for name, amount in own.items()}
        for name, amount in own.items():
            largest[name] = max(largest.get(name, amount), amount)
    for name, amount in largest.items():
        total[name] = max(total.get(name, amount), amount)
    total |= {name: Quantity.parse(text) for name, text in ((spec.get("resources") or {}).get(section) or {}).items()}
    for name, text in (spec.get("overhead") or {}).items():
        if section == "requests" or name in total:
            total[name] = total.get(name, ZERO) + Quantity.parse(text)
    return total


def _of(container: Json, section: str) -> Amounts:
    amounts = (container.get("resources") or {}).get(section) or {}
    return {name: Quantity.parse(text) for name, text in amounts.items()}


def _add(total: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def write_usage(view: View, node: Json, pods: list[Json]) -> None:
    """Add the table of pods and the sums."""
    status = node.get("status") or {}
    allocatable = {
        name: Quantity.parse(text) for name, text in (status.get("allocatable") or status.get("capacity") or {}).items()
    }
    view.line(0, f"Non-terminated Pods:\t({len(pods)} in total)")
    view.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge")
    view.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---")
    requests: Amounts = {}
    limits: Amounts = {}
    for pod in pods:
        own_requests, own_limits = pod_amounts(pod, "requests"), pod_amounts(pod, "limits")
        _add(requests, own_requests)
        _add(limits, own_limits)
        cells = [
            _share(amounts.get(name, ZERO), allocatable.get(name, ZERO))
            for name in ("cpu", "memory")
            for amounts in (own_requests, own_limits)
        ]
        metadata = pod["metadata"]
        born = age(metadata.get("creationTimestamp"), view.now())
        view.line(1, f"{metadata.get('namespace', '')}\t{metadata['name']}\t\t" + "\t".join([*cells, born]))
    view.line(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)")
    view.line(1, "Resource\tRequests\tLimits")
    view.line(1, "--------\t--------\t------")
    for name in ("cpu", "memory", "ephemeral-storage", *_pages(allocatable)):
        whole = allocatable.get(name, ZERO)
        view.line(1, f"{name}\t{_share(requests.get(name, ZERO), whole)}\t{_share(limits.get(name, ZERO), whole)}")
    for name in sorted(set(allocatable) - _STANDARD - set(_pages(allocatable))):
        view.line(1, f"{name}\t{requests.get(name, ZERO)}\t{limits.get(name, ZERO)}")


def _pages(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith("hugepages-"))


def _share(amount: Quantity, whole: Quantity) -> str:
    percent = int(amount.nanos * 100 / whole.nanos) if whole.nanos else 0
    return f"{amount} ({percent}%)"
