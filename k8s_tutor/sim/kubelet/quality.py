"""Quality of service class and pod-level sums, as the kubelet reports them (upstream: ``core/v1/helper/qos``)."""

from k8s_tutor.apimachinery.quantity import BINARY_SI, DECIMAL_SI, Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import spec
from k8s_tutor.sim.scheduler.requests import pod_limits, pod_requests

COMPUTE = ("cpu", "memory")
NODE_CRITICAL = 2_000_001_000  # the priority of system-node-critical
SPARED, FIRST = -997, 1000  # oom_score_adj of the Guaranteed, and of those who request nothing


def qos_class(pod: Json) -> str:
    """Return Guaranteed, Burstable or BestEffort."""
    known = (pod.get("status") or {}).get("qosClass")
    if known:
        return str(known)
    whole = pod["spec"].get("resources") or {}
    all_resources = (
        [whole]
        if whole.get("requests") or whole.get("limits")
        else [one.get("resources") or {} for _, one in spec.containers(pod, "init", "main")]
    )
    named = [
        value
        for resources in all_resources
        for key in ("requests", "limits")
        for name, value in (resources.get(key) or {}).items()
        if name in COMPUTE and Quantity.parse(value)
    ]
    if not named:
        return "BestEffort"
    return "Guaranteed" if all(_guaranteed(resources) for resources in all_resources) else "Burstable"


def _guaranteed(resources: Json) -> bool:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    return all(
        name in limits and Quantity.parse(requests.get(name, limits[name])) == Quantity.parse(limits[name])
        for name in COMPUTE
    )


def _as_quantities(amounts: dict[str, int]) -> dict[str, str]:
    return {
        name: str(Quantity(value * 10**6, DECIMAL_SI) if name == "cpu" else Quantity(value * 10**9, BINARY_SI))
        for name, value in sorted(amounts.items())
        if value
    }


def allocated(pod: Json) -> dict[str, str]:
    """Return what is allocated to the whole pod."""
    return _as_quantities(pod_requests(pod))


def effective(pod: Json) -> Json:
    """Return the pod's cgroup as ``status.resources`` shows it."""
    requests = allocated(pod)
    out: Json = {}
    limited = {
        name
        for name in COMPUTE
        if name in ((pod["spec"].get("resources") or {}).get("limits") or {})
        or all(name in ((one.get("resources") or {}).get("limits") or {}) for _, one in spec.containers(pod, "main"))
    }
    limits = {name: value for name, value in _as_quantities(pod_limits(pod)).items() if name in limited}
    if limits:
        out["limits"] = limits
    if requests:
        out["requests"] = {name: value for name, value in requests.items() if name in COMPUTE}
    return out


def oom_score_adjust(pod: Json, container: Json, capacity: int) -> int:
    """Return how readily the kernel kills a container when the node has no memory left (upstream: ``kubelet/qos``).

    Between the two ends, the more of the node's memory a container requests, the later it goes; a sidecar goes no
    sooner than the smallest main container.
    """
    quality = qos_class(pod)
    if quality == "Guaranteed" or pod["spec"].get("priority") == NODE_CRITICAL:
        return SPARED
    if quality == "BestEffort":
        return FIRST
    share = _undivided_share(pod)
    wanted = [_memory(container)]
    if spec.is_sidecar(container):
        wanted.append(min(_memory(one) for _, one in spec.containers(pod, "main")))
    score = min(FIRST - FIRST * (one + share) // capacity for one in wanted)
    return min(max(score, FIRST + SPARED), FIRST - 1)


def _memory(container: Json) -> int:
    request = ((container.get("resources") or {}).get("requests") or {}).get("memory")
    return Quantity.parse(request).value() if request else 0


def _undivided_share(pod: Json) -> int:
    """Return each container's share of what the pod as a whole requests beyond its containers."""
    whole = ((pod["spec"].get("resources") or {}).get("requests") or {}).get("memory")
    if not whole:
        return 0
    counted = [one for kind, one in spec.containers(pod, "init", "main") if kind == "main" or spec.is_sidecar(one)]
    return max(0, Quantity.parse(whole).value() - sum(map(_memory, counted))) // len(counted)
