"""Whether a pod that was bound to the node may run there (upstream: ``lifecycle/predicate.go``, ``preemption``).

The scheduler has looked already; what is bound past it (``spec.nodeName``), or after a race, is checked here again.
"""

from collections.abc import Iterable, Sequence

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import spec
from k8s_tutor.sim.kubelet.container_config import sysctl_name
from k8s_tutor.sim.kubelet.quality import qos_class
from k8s_tutor.sim.scheduler.nodematch import required_affinity, tolerates
from k8s_tutor.sim.scheduler.plugins.node_ports import conflicts
from k8s_tutor.sim.scheduler.podinfo import host_ports
from k8s_tutor.sim.scheduler.requests import Amounts, add, amounts, pod_requests

REASONS = {
    "cpu": "OutOfcpu",
    "memory": "OutOfmemory",
    "ephemeral-storage": "OutOfephemeral-storage",
    "pods": "OutOfpods",
}
SAFE_SYSCTLS = frozenset({
    "kernel.shm_rmid_forced",
    *(f"net.ipv4.ip_{name}" for name in ("local_port_range", "local_reserved_ports", "unprivileged_port_start")),
    "net.ipv4.ping_group_range",
    *(f"net.ipv4.tcp_{name}" for name in (
        "fin_timeout", "keepalive_intvl", "keepalive_probes", "keepalive_time", "notsent_lowat", "rmem",
        "slow_start_after_idle", "syncookies", "wmem",
    )),
})  # fmt: skip
QOS_ORDER = ("BestEffort", "Burstable", "Guaranteed")


def used_by(requests: Iterable[Amounts]) -> Amounts:
    """Return what pods request together, and their number as ``pods``."""
    total: Amounts = {"pods": 0}
    for one in requests:
        add(total, one)
        total["pods"] += 1
    return total


def lacking(pod: Json, used: Amounts, node: Json) -> list[tuple[str, int, int, int]]:
    """Return the resources of which the node has too little: name, requested, used, capacity."""
    allocatable = amounts((node.get("status") or {}).get("allocatable"))
    wanted = pod_requests(pod) | {"pods": 1}
    return [
        (name, value, used.get(name, 0), allocatable[name])
        for name, value in wanted.items()
        if value and name in allocatable and used.get(name, 0) + value > allocatable[name]
    ]


def short_of(resource: str, requested: int, used: int, capacity: int) -> str:
    """Return upstream's message of an insufficient resource."""
    return f"Node didn't have enough resource: {resource}, requested: {requested}, used: {used}, capacity: {capacity}"


def refuse(
    pod: Json,
    others: list[Json],
    used: Amounts,
    node: Json,
    *,
    pressure: Sequence[str] = (),
    shutting_down: bool = False,
) -> tuple[str, str] | None:
    """Return reason and message of a refusal, or None.

    Args:
        pod: which is to run here.
        others: the pods that are here.
        used: what those request.
        node: the node.
        pressure: the node's conditions of pressure that hold.
        shutting_down: the node is.
    """
    if pressure and not spec.is_critical(pod) and not _bears(pod, pressure):
        return "Evicted", f"The node had condition: [{' '.join(pressure)}]. "
    sysctl = _forbidden_sysctl(pod)
    if sysctl:
        return "SysctlForbidden", f"forbidden sysctl: {sysctl}"
    if (pod["metadata"].get("labels") or {}).get("kubernetes.io/os", "linux") != "linux":
        why = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"
        return "PodOSSelectorNodeLabelDoesNotMatch", why
    if (pod["spec"].get("os") or {}).get("name", "linux") != "linux":
        return "PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS"
    general = _general(pod, others, used, node)
    if general is not None:
        return general
    if shutting_down:
        return "NodeShutdown", "Pod was rejected as the node is shutting down."
    return None


def _bears(pod: Json, pressure: Sequence[str]) -> bool:
    """Whether a pod may start under this pressure: lack of memory alone bars only what requests nothing."""
    if list(pressure) != ["MemoryPressure"]:
        return False
    taint = {"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"}
    return qos_class(pod) != "BestEffort" or any(tolerates(one, taint) for one in pod["spec"].get("tolerations") or ())


def _forbidden_sysctl(pod: Json) -> str:
    """Return why one of the pod's sysctls is refused, "" if all are safe (the API refuses those of shared namespaces)."""
    wanted = (pod["spec"].get("securityContext") or {}).get("sysctls") or ()
    unsafe = [name for name in (sysctl_name(one["name"]) for one in wanted) if name not in SAFE_SYSCTLS]
    return f'"{unsafe[0]}" not allowlisted' if unsafe else ""


def _general(pod: Json, others: list[Json], used: Amounts, node: Json) -> tuple[str, str] | None:
    """Check what the scheduler's filters check: resources, affinity, ports, and taints that evict."""
    short = lacking(pod, used, node)
    if short:
        return REASONS.get(short[0][0], f"OutOf{short[0][0]}"), short_of(*short[0])
    if not spec.is_static(pod) and not _selects(pod, node):
        why = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
        return "NodeAffinity", why
    if _taken_port(pod, others):
        why = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
        return "NodePorts", why
    if not _tolerates(pod, node):
        return "TaintToleration", "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"
    return None


def _selects(pod: Json, node: Json) -> bool:
    """Tell whether nodeSelector and required node affinity fit the node."""
    fits = required_affinity(pod["spec"])
    meta = node["metadata"]
    return fits is None or fits(meta["name"], meta.get("labels") or {})


def _taken_port(pod: Json, others: list[Json]) -> bool:
    wanted = host_ports(pod["spec"])
    used = [port for other in others for port in host_ports(other["spec"])] if wanted else []
    return any(conflicts(one, other) for one in wanted for other in used)


def _tolerates(pod: Json, node: Json) -> bool:
    """NoExecute taints alone are the kubelet's concern; static pods run anyway."""
    if spec.is_static(pod):
        return True
    tolerations = pod["spec"].get("tolerations") or ()
    taints = [one for one in node["spec"].get("taints") or () if one["effect"] == "NoExecute"]
    return all(any(tolerates(toleration, taint) for toleration in tolerations) for taint in taints)


def victims(pod: Json, others: list[Json], node: Json) -> list[Json]:
    """Return the pods to be ended so that a critical pod fits: lowest quality first; none if that does not help."""
    candidates = sorted(
        (one for one in others if not spec.is_critical(one)),
        key=lambda one: (QOS_ORDER.index(qos_class(one)), one["spec"].get("priority") or 0),
    )
    chosen: list[Json] = []
    rest = list(others)
    for candidate in candidates:
        if not lacking(pod, used_by(map(pod_requests, rest)), node):
            break
        chosen.append(candidate)
        rest.remove(candidate)
    return [] if lacking(pod, used_by(map(pod_requests, rest)), node) else chosen
