"""What a node's containers use, for metrics.k8s.io, autoscaling and eviction (upstream: ``pkg/kubelet/stats``)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.sim.kubelet.node import Capacity
from k8s_tutor.sim.kubelet.node_state import NodeState
from k8s_tutor.sim.kubelet.volumes import Mounted
from k8s_tutor.sim.kubelet.worker import PodWorker
from k8s_tutor.sim.runtime.contract import Usage

SYSTEM_MILLICORES = 45.0
SYSTEM_MEMORY = 420 << 20
SYSTEM_PROCESSES = 120


@dataclass(frozen=True, slots=True)
class NodeUse:
    """Of what the node has, how much there is and how much is used."""

    memory: int
    memory_used: int
    disk: int
    disk_used: int


class NodeUsage:
    """Adds up what pods use.

    Args:
        workers: the pods of the node.
        state: its images and files.
        capacity: what it has.
        mounted: a pod's volumes.
    """

    def __init__(
        self,
        workers: Callable[[], Iterable[PodWorker]],
        state: NodeState,
        capacity: Capacity,
        mounted: Callable[[str], dict[str, Mounted]],
    ) -> None:
        self._workers = workers
        self._state = state
        self._mounted = mounted
        self._memory = Quantity.parse(capacity.memory).value()
        self._disk = Quantity.parse(capacity.ephemeral_storage).value()

    def pods(self) -> dict[tuple[str, str], dict[str, Usage]]:
        """Return what each running container uses, by pod (namespace, name) and container name."""
        found: dict[tuple[str, str], dict[str, Usage]] = {}
        for worker in self._workers():
            meta = worker.pod["metadata"]
            containers = {
                one.view.name: one.container.usage() for one in worker.runtime.running() if one.container is not None
            }
            if containers:
                found[meta["namespace"], meta["name"]] = containers
        return found

    def node(self) -> Usage:
        """Return what the node uses: its containers and a little of its own."""
        parts = [usage for pod in self.pods().values() for usage in pod.values()]
        return Usage(
            cpu_millicores=sum(one.cpu_millicores for one in parts) + SYSTEM_MILLICORES,
            cpu_seconds=sum(one.cpu_seconds for one in parts),
            memory_bytes=sum(one.memory_bytes for one in parts) + SYSTEM_MEMORY,
            disk_bytes=sum(one.disk_bytes for one in parts) + self._state.images.size(),
            log_bytes=sum(one.log_bytes for one in parts),
            processes=sum(one.processes for one in parts) + SYSTEM_PROCESSES,
        )

    def disk_of(self, worker: PodWorker) -> int:
        """Return the bytes of a pod's containers, logs and emptyDirs."""
        total = sum(one.volume.used for one in self._mounted(worker.uid).values() if one.local)
        for instances in worker.runtime.instances.values():
            for instance in instances:
                if instance.container is not None:
                    total += instance.container.disk
        return total

    def count_disk(self) -> int:
        """Return the bytes on the node's disk."""
        pods = sum(self.disk_of(worker) for worker in self._workers())
        return pods + self._state.images.size() + self._state.files.used

    def against_capacity(self, disk_used: int) -> NodeUse:
        """Return memory and disk, used and in all."""
        used = 0
        for worker in self._workers():
            used += sum(one.container.cgroup.memory for one in worker.runtime.running() if one.container is not None)
        return NodeUse(memory=self._memory, memory_used=used, disk=self._disk, disk_used=disk_used)
