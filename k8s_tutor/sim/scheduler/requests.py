"""What a pod asks of a node: sums over its containers (upstream: ``component-helpers/resource``).

Containers add up; an init container counts at its own time, together with the sidecars started before it, so the pod
asks for the larger of the two at every resource. Requests of the pod as a whole replace the sums; overhead is added.
Amounts are whole numbers: CPU in millicores, everything else in its own unit.
"""

from collections.abc import Callable, Iterable, Iterator

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json

Amounts = dict[str, int]

# What a container without a request is taken to need when nodes are scored, not when they are filtered.
DEFAULT_MILLI_CPU = 100
DEFAULT_MEMORY = 200 * 1024 * 1024
POD_LEVEL = ("cpu", "memory")


def amount(name: str, quantity: str | float) -> int:
    """Return a quantity as a whole number, CPU in thousandths."""
    parsed = Quantity.parse(quantity)
    return parsed.milli() if name == "cpu" else parsed.value()


def amounts(quantities: Json | None) -> Amounts:
    """Return a ResourceList as whole numbers."""
    return {name: amount(name, value) for name, value in (quantities or {}).items()}


def is_sidecar(container: Json) -> bool:
    """Tell whether an init container goes on running (restartable)."""
    return container.get("restartPolicy") == "Always"


def add(total: Amounts, more: Amounts) -> None:
    """Add to a sum in place."""
    for name, value in more.items():
        total[name] = total.get(name, 0) + value


def _raise_to(total: Amounts, other: Amounts) -> None:
    for name, value in other.items():
        if value > total.get(name, 0):
            total[name] = value


def aggregate(
    spec: Json,
    of_container: Callable[[Json], Amounts],
    pod_level: Amounts | None = None,
    overhead: Amounts | None = None,
) -> Amounts:
    """Aggregate over a pod's containers, by what ``of_container`` says of each."""
    total: Amounts = {}
    for container in spec.get("containers") or ():
        add(total, of_container(container))
    inits = spec.get("initContainers")
    if inits:
        _with_init(total, inits, of_container)
    for name, value in (pod_level or {}).items():
        if name in POD_LEVEL or name.startswith("hugepages-"):
            total[name] = value
    if overhead:
        add(total, overhead)
    return total


def _with_init(total: Amounts, inits: Iterable[Json], of_container: Callable[[Json], Amounts]) -> None:
    sidecars: Amounts = {}
    highest: Amounts = {}
    for container in inits:
        own = of_container(container)
        if is_sidecar(container):
            add(total, own)
            add(sidecars, own)
            _raise_to(highest, sidecars)
        else:
            together = dict(sidecars)
            add(together, own)
            _raise_to(highest, together)
    _raise_to(total, highest)


def _status_of(pod: Json) -> dict[str, Json]:
    status = pod.get("status") or {}
    found: dict[str, Json] = {}
    for key in ("containerStatuses", "initContainerStatuses"):
        for item in status.get(key) or ():
            found[item["name"]] = item
    return found


def _resize_infeasible(pod: Json) -> bool:
    return any(
        condition["type"] == "PodResizePending" and condition.get("reason") == "Infeasible"
        for condition in (pod.get("status") or {}).get("conditions") or ()
    )


def pod_requests(pod: Json, *, from_status: bool = False) -> Amounts:
    """Return what the pod requests.

    Args:
        pod: the object.
        from_status: for a pod that runs, count what is allocated to its containers while a resize is under way.
    """
    spec = pod["spec"]
    statuses = _status_of(pod) if from_status else {}
    infeasible = bool(statuses) and _resize_infeasible(pod)

    def of_container(container: Json) -> Amounts:
        wanted = amounts((container.get("resources") or {}).get("requests"))
        status = statuses.get(container["name"])
        if status is None:
            return wanted
        held = amounts((status.get("resources") or {}).get("requests"))
        _raise_to(held, amounts(status.get("allocatedResources")))
        if not infeasible:
            _raise_to(held, wanted)
        return held

    pod_level = amounts((spec.get("resources") or {}).get("requests"))
    return aggregate(spec, of_container, pod_level, amounts(spec.get("overhead")))


def pod_limits(pod: Json) -> Amounts:
    """Return the pod's limits, as quotas count them."""
    spec = pod["spec"]
    limits = amounts((spec.get("resources") or {}).get("limits"))
    return aggregate(spec, lambda c: amounts((c.get("resources") or {}).get("limits")), limits)


def non_zero(pod: Json) -> tuple[int, int]:
    """Return millicores and bytes for scoring: containers that ask for nothing count with a default."""

    def of_container(container: Json) -> Amounts:
        wanted = (container.get("resources") or {}).get("requests") or {}
        return {
            "cpu": amount("cpu", wanted["cpu"]) if "cpu" in wanted else DEFAULT_MILLI_CPU,
            "memory": amount("memory", wanted["memory"]) if "memory" in wanted else DEFAULT_MEMORY,
        }

    spec = pod["spec"]
    pod_level = amounts((spec.get("resources") or {}).get("requests"))
    total = aggregate(spec, of_container, pod_level, amounts(spec.get("overhead")))
    return total.get("cpu", 0), total.get("memory", 0)


def containers(spec: Json) -> Iterator[Json]:
    """Yield init containers and containers."""
    yield from spec.get("initContainers") or ()
    yield from spec.get("containers") or ()
