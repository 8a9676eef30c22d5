"""NodeResourcesFit: what is left of a node must hold the pod; the emptier node scores higher (LeastAllocated)."""

from collections.abc import Container, Sequence

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.cache import NodeInfo
from k8s_tutor.sim.scheduler.devices.extended import CLASS_PREFIX, delegated
from k8s_tutor.sim.scheduler.framework import (
    MAX_SCORE,
    UNRESOLVABLE,
    UNSCHEDULABLE,
    ClusterEvent,
    CycleState,
    Plugin,
    Status,
)
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.scheduler.requests import Amounts, amounts, pod_requests

TOO_MANY = "Too many pods"


def wanted(requests: Amounts) -> list[tuple[str, int]]:
    """Return the resources a pod asks for, those of every node first, in upstream's order."""
    basic = ("cpu", "memory", "ephemeral-storage")
    found = [(name, requests[name]) for name in basic if requests.get(name)]
    return found + [(name, value) for name, value in requests.items() if value and name not in basic]


def least_allocated(requested: int, capacity: int) -> int:
    """Score one resource: how much of it stays free, of 100."""
    return 0 if capacity == 0 or requested > capacity else (capacity - requested) * MAX_SCORE // capacity


def _fits_empty(pod: PodInfo, node: Json, of_devices: Container[str]) -> bool:
    """Tell whether the node, were it empty, would hold the pod."""
    allocatable = amounts((node.get("status") or {}).get("allocatable"))
    if allocatable.get("pods", 0) < 1:
        return False
    return all(
        value <= allocatable.get(name, 0) or (not allocatable.get(name) and name in of_devices)
        for name, value in wanted(pod.requests)
    )


class NodeResourcesFit(Plugin):
    """Filters and scores by requests."""

    name = "NodeResourcesFit"
    weight = 1
    filters = True
    events = frozenset(
        {
            "AssignedPod/Delete",
            "AssignedPod/UpdatePodScaleDown",
            "DeviceClass/Add",
            "DeviceClass/Update",
            "Node/Add",
            "Node/UpdateNodeAllocatable",
        }
    )

    def pre_filter(self, state: CycleState, pod: PodInfo, nodes: Sequence[NodeInfo]) -> set[str] | None:
        state.data[self.name] = wanted(pod.requests), frozenset(delegated(self.handle.client, pod.requests))
        return None

    def filter(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> Status | None:
        reasons: list[str] | None = None
        code = UNSCHEDULABLE
        if len(node.pods) + 1 > node.allowed_pods:
            reasons = [TOO_MANY]
        allocatable, requested = node.allocatable, node.requested
        amounts_wanted, of_devices = state.data[self.name]
        for name, value in amounts_wanted:
            capacity = allocatable.get(name, 0)
            if not capacity and name in of_devices:
                continue  # DynamicResources looks for it
            if value > capacity - requested.get(name, 0):
                reasons = [*(reasons or ()), f"Insufficient {name}"]
                if value > capacity:
                    code = UNRESOLVABLE
        return Status(code, tuple(reasons), self.name) if reasons else None

    def score(self, state: CycleState, pod: PodInfo, node: NodeInfo) -> int:
        cpu, memory = node.allocatable.get("cpu", 0), node.allocatable.get("memory", 0)
        total = count = 0
        if cpu:
            total, count = least_allocated(node.nonzero_cpu + pod.nonzero_cpu, cpu), 1
        if memory:
            total, count = total + least_allocated(node.nonzero_memory + pod.nonzero_memory, memory), count + 1
        return total // count if count else 0

    def hint(self, pod: PodInfo, event: ClusterEvent) -> bool:
        if event.name == "AssignedPod/Delete":
            return True
        if event.name == "AssignedPod/UpdatePodScaleDown" and event.old and event.new:
            before, after = pod_requests(event.old, from_status=True), pod_requests(event.new, from_status=True)
            return any(before.get(name, 0) > after.get(name, 0) for name, _ in wanted(pod.requests))
        if event.name.startswith("DeviceClass/"):
            return self._asks_for_class(pod, event)
        if event.new is None or not _fits_empty(pod, event.new, delegated(self.handle.client, pod.requests)):
            return False
        if event.old is None:
            return True
        before = amounts((event.old.get("status") or {}).get("allocatable"))
        after = amounts((event.new.get("status") or {}).get("allocatable"))
        names = ["pods", *(name for name, _ in wanted(pod.requests))]
        return any(after.get(name, 0) > before.get(name, 0) for name in names)

    def _asks_for_class(self, pod: PodInfo, event: ClusterEvent) -> bool:
        """Tell whether the pod asks for a resource that a class begins, or ceases, to stand for."""
        new = (event.new or {}).get("spec", {}).get("extendedResourceName") or ""
        if event.old is not None:
            return new in pod.requests and new != event.old["spec"].get("extendedResourceName")
        implied = CLASS_PREFIX + event.new["metadata"]["name"] if event.new is not None else ""
        return new in pod.requests or implied in pod.requests
