"""Eviction: storage limits of containers, pods and emptyDirs, and pressure on the node (upstream: ``pkg/kubelet/eviction``).

Looked at every ten seconds, emptyDirs once a minute. Under pressure of memory or disk one pod at a time goes: those
that use more than they request first, then by priority, then by how much they exceed.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.quantity import BINARY_SI, Quantity
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import spec
from k8s_tutor.sim.kubelet.conditions import condition
from k8s_tutor.sim.kubelet.usage import NodeUsage
from k8s_tutor.sim.kubelet.volumes import Mounted
from k8s_tutor.sim.scheduler.requests import pod_limits, pod_requests
from k8s_tutor.sim.ticking import never

if TYPE_CHECKING:
    from k8s_tutor.sim.kubelet.worker import PodWorker

REASON = "Evicted"
MEMORY_THRESHOLD = 100 << 20  # memory.available < 100Mi
DISK_THRESHOLD = 0.10  # nodefs.available < 10 %
PRESSURE_SECONDS = 300.0  # a condition stays this long after the pressure
DISK_SECONDS = 60.0
VOLUMES_SECONDS = 60.0  # what is in a pod's volumes is counted once a minute (volumeStatsAggPeriod) …
VOLUMES_FIRST = 25.0  # … at moments that have nothing to do with the pod; the mean stands for them
SIGNALS = {"memory": "MemoryPressure", "ephemeral-storage": "DiskPressure"}


class EvictionManager:
    """One for each kubelet.

    Args:
        now: cluster time.
        workers: the pods of the node.
        mounted: a pod's volumes.
        usage: what pods and the node use.
        report: records a warning about a pod.
        pressure_changed: told when a condition of the node changes.
    """

    def __init__(
        self,
        now: Callable[[], float],
        workers: Callable[[], list["PodWorker"]],
        mounted: Callable[[str], dict[str, Mounted]],
        usage: NodeUsage,
        report: Callable[[Json, str, str], None],
        pressure_changed: Callable[[], None],
    ) -> None:
        self._now = now
        self._workers = workers
        self._mounted = mounted
        self._usage = usage
        self._report = report
        self._pressure_changed = pressure_changed
        self._seen: dict[str, float] = {}
        self._shown = dict.fromkeys(SIGNALS, False)
        self._counted = -DISK_SECONDS
        self._fresh = False
        self._disk_used = 0
        self._volumes_due: dict[str, float] = {}  # when a pod's volumes are counted next, by uid

    def pressure(self, resource: str) -> bool:
        """Whether the node is, or was until lately, short of memory or ephemeral-storage."""
        seen = self._seen.get(resource)
        return seen is not None and self._now() - seen < PRESSURE_SECONDS

    def look(self) -> None:
        """Evict what must go."""
        workers = [one for one in self._workers() if not one.ending]
        limited = [one for one in workers if one.limits_storage()]
        due = self._now() + VOLUMES_FIRST
        self._volumes_due = {one.uid: self._volumes_due.get(one.uid, due) for one in limited}
        for worker in limited:
            message = self._over_local_limits(worker)
            if message:
                self._evict(worker, message, None)
        # Disks fill slowly, and counting what is on them costs most.
        self._fresh = self._now() - self._counted > DISK_SECONDS - 1
        if self._fresh:
            self._counted = self._now()
            self._disk_used = self._usage.count_disk()
        use = self._usage.against_capacity(self._disk_used)
        free_disk = use.disk - use.disk_used
        if use.memory - use.memory_used < MEMORY_THRESHOLD:
            threshold = _quantity(MEMORY_THRESHOLD)
            self._reclaim("memory", threshold, max(0, use.memory - use.memory_used), workers)
        elif free_disk < use.disk * DISK_THRESHOLD:
            threshold = str(Quantity(int(use.disk * DISK_THRESHOLD) * 10**9))
            self._reclaim("ephemeral-storage", threshold, max(0, free_disk), workers)
        present = {resource: self.pressure(resource) for resource in SIGNALS}
        if self._shown != present:
            self._shown = present
            self._pressure_changed()

    def settled(self) -> float:
        """Return until when looks find nothing new unless something happens on the node."""
        if any(self._shown.values()) or any(map(self.pressure, SIGNALS)):
            return self._now()
        volumes = min(self._volumes_due.values(), default=never())
        return volumes if self._fresh else min(volumes, self._counted + DISK_SECONDS)

    # -- limits of one pod

    def _over_volume_limits(self, worker: "PodWorker") -> str:
        if self._now() < self._volumes_due[worker.uid]:
            return ""
        self._volumes_due[worker.uid] = self._now() + VOLUMES_SECONDS
        for name, mounted in self._mounted(worker.uid).items():
            if mounted.limit is not None and not mounted.volume.memory and mounted.volume.used > mounted.limit:
                shown = _volume_limit(worker.pod, name)
                return f'Usage of EmptyDir volume "{name}" exceeds the limit "{shown}". '
        return ""

    def _over_local_limits(self, worker: "PodWorker") -> str:
        over = self._over_volume_limits(worker)
        if over:
            return over
        total = pod_limits(worker.pod).get("ephemeral-storage")
        if total is not None and self._usage.disk_of(worker) > total:
            shown = _quantity(total)
            return f"Pod ephemeral local storage usage exceeds the total limit of containers {shown}. "
        for _, container in spec.containers(worker.pod, "init", "main"):
            limit = ((container.get("resources") or {}).get("limits") or {}).get("ephemeral-storage")
            instance = worker.runtime.find(container["name"])
            if limit is None or instance is None or instance.container is None:
                continue
            usage = instance.container.usage()
            if usage.disk_bytes + usage.log_bytes > Quantity.parse(limit).value():
                return f'Container {container["name"]} exceeded its local ephemeral storage limit "{limit}". '
        return ""

    # -- pressure on the node

    def _reclaim(self, resource: str, threshold: str, available: int, workers: list["PodWorker"]) -> None:
        self._seen[resource] = self._now()
        candidates = [one for one in workers if not one.ending and not spec.is_critical(one.pod)]
        if not candidates:
            return

        def rank(worker: "PodWorker") -> tuple[bool, int, int]:
            beyond = self._used(worker, resource) - pod_requests(worker.pod).get(resource, 0)
            return beyond <= 0, worker.pod["spec"].get("priority") or 0, -beyond

        worker = min(candidates, key=rank)
        shown = _quantity(available)
        message = f"The node was low on resource: {resource}. Threshold quantity: {threshold}, available: {shown}. "
        message += self._exceeding(worker, resource)
        generation = worker.pod["metadata"].get("generation") or 0
        disruption = condition(
            "DisruptionTarget", generation, status=True, reason="TerminationByKubelet", message=message
        )
        self._evict(worker, message, disruption)

    def _used(self, worker: "PodWorker", resource: str) -> int:
        if resource != "memory":
            return self._usage.disk_of(worker)
        return sum(one.container.cgroup.memory for one in worker.runtime.running() if one.container is not None)

    def _exceeding(self, worker: "PodWorker", resource: str) -> str:
        text = ""
        for _, container in spec.containers(worker.pod, "main", "init"):
            instance = worker.runtime.find(container["name"])
            if instance is None or instance.container is None:
                continue
            usage = instance.container.usage()
            used = usage.memory_bytes if resource == "memory" else usage.disk_bytes + usage.log_bytes
            request = ((container.get("resources") or {}).get("requests") or {}).get(resource, "0")
            if used > Quantity.parse(request).value():
                text += (
                    f"Container {container['name']} was using {_quantity(used)}, request is {request}, "
                    f"has larger consumption of {resource}. "
                )
        return text

    def _evict(self, worker: "PodWorker", message: str, disruption: Json | None) -> None:
        if spec.is_critical(worker.pod):
            return
        self._report(worker.pod, REASON, message)
        override: Json = {"phase": "Failed", "reason": REASON, "message": message}
        worker.evict(override, 1, disruption)


def _quantity(value: int) -> str:
    return str(Quantity(value * 10**9, BINARY_SI))


def _volume_limit(pod: Json, name: str) -> str:
    volume = next(one for one in pod["spec"]["volumes"] if one["name"] == name)
    return str((volume.get("emptyDir") or {}).get("sizeLimit", ""))
