"""What probes ask of their kubelet, and how it reacts to their results (upstream: ``kubelet.syncLoopIteration``)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet.probes.worker import Kind, Result

if TYPE_CHECKING:
    from k8s_tutor.sim.kubelet.kubelet import Kubelet
    from k8s_tutor.sim.runtime.container import Container

Report = Callable[[Json, str, str, str, str], None]  # pod, container, type, reason, message


class Probed:
    """The pods of one kubelet, for its probes.

    Args:
        kubelet: whose.
        report: records events about containers.
    """

    def __init__(self, kubelet: "Kubelet", report: Report) -> None:
        self._kubelet = kubelet
        self._report = report

    def pod(self, uid: str) -> Json | None:
        """Return a pod by uid."""
        worker = self._kubelet.workers.get(uid)
        return worker.pod if worker is not None else None

    def status(self, uid: str) -> Json | None:
        """Return a pod's latest status."""
        return self._kubelet.statuses.get(uid)

    def running_container(self, uid: str, name: str, container_id: str) -> "Container | None":
        """Return a running container for a probe."""
        worker = self._kubelet.workers.get(uid)
        instance = worker.runtime.find(name, container_id) if worker is not None else None
        return instance.container if instance is not None and instance.view.state == "running" else None

    def probe_event(self, pod: Json, name: str, reason: str, message: str) -> None:
        """Record a warning of a probe."""
        self._report(pod, name, "Warning", reason, message)

    def probe_done(self, pod: Json, name: str, kind: Kind, result: str) -> None:
        """Count a probe."""
        meta = pod["metadata"]
        self._kubelet.counters.add(
            "prober_probe_total",
            container=name,
            namespace=meta["namespace"],
            pod=meta["name"],
            pod_uid=meta["uid"],
            probe_type=kind.capitalize(),
            result=result,
        )

    def probe_result(self, pod: Json, container_id: str, kind: Kind, result: Result) -> None:
        """React to a new result of a probe."""
        kubelet = self._kubelet
        worker = kubelet.workers.get(pod["metadata"]["uid"])
        if worker is None:
            return
        if kind == "readiness":
            kubelet.statuses.container_ready(pod, container_id, ready=result == "success")
        elif kind == "startup" and worker.busy:
            kubelet.statuses.container_started(pod, container_id, started=result == "success")
        elif kind == "liveness" and result != "failure":
            return
        worker.wake()
