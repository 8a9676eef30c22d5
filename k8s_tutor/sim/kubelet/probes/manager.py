"""All probes of a node: workers by pod, results by container (upstream: ``prober_manager.go``, ``prober/results``)."""

import random
from typing import Protocol

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet import spec
from k8s_tutor.sim.kubelet.probes.prober import Outcome, Prober
from k8s_tutor.sim.kubelet.probes.worker import RETRIES, Kind, ProbeWorker, Result
from k8s_tutor.sim.runtime.container import Container

SPREAD_SECONDS = 10.0
KINDS: tuple[Kind, ...] = ("startup", "readiness", "liveness")


class Host(Protocol):
    """What the probes need of the kubelet."""

    def pod(self, uid: str) -> Json | None:
        """Return the pod."""

    def status(self, uid: str) -> Json | None:
        """Return the latest status."""

    def running_container(self, uid: str, name: str, container_id: str) -> Container | None:
        """Return a running container."""

    def probe_event(self, pod: Json, name: str, reason: str, message: str) -> None:
        """Record a warning about a container."""

    def probe_done(self, pod: Json, name: str, kind: Kind, result: str) -> None:
        """Count a probe that was carried out."""

    def probe_result(self, pod: Json, container_id: str, kind: Kind, result: Result) -> None:
        """React to a result that differs from the one before."""


class ProbeManager:
    """One for each kubelet.

    Args:
        clock: cluster time.
        prober: executes probes.
        host: the kubelet.
        spread: the kubelet takes over pods that ran before: first ticks are spread over their period.
    """

    def __init__(self, clock: Clock, prober: Prober, host: Host, *, spread: bool) -> None:
        self.clock = clock
        self._prober = prober
        self._host = host
        self._spread_until = clock.now() + SPREAD_SECONDS if spread else 0.0
        self._workers: dict[str, dict[tuple[str, Kind], ProbeWorker]] = {}
        self._results: dict[Kind, dict[str, Result]] = {kind: {} for kind in KINDS}

    # -- pods

    def add(self, pod: Json) -> None:
        """Begin to probe a pod's containers."""
        uid = pod["metadata"]["uid"]
        for place, container in spec.containers(pod, "init", "main"):
            if place == "init" and not spec.is_sidecar(container):
                continue
            for kind in KINDS:
                if container.get(f"{kind}Probe"):
                    self._add(uid, container, kind, is_init=place == "init")

    def _add(self, uid: str, container: Json, kind: Kind, *, is_init: bool) -> None:
        workers = self._workers.setdefault(uid, {})
        key = (container["name"], kind)
        if key in workers:
            return
        worker = workers[key] = ProbeWorker(self, uid, container, kind, is_init)
        if self.clock.now() < self._spread_until:
            worker.timer = self.clock.call_later(random.random() * worker.period, worker.tick)
        else:
            worker.start()

    def stop_liveness_and_startup(self, uid: str) -> None:
        """The pod is ending: only readiness matters now."""
        for (_, kind), worker in list(self._workers.get(uid, {}).items()):
            if kind != "readiness":
                self.end(worker)

    def remove(self, uid: str) -> None:
        """End all probes of a pod."""
        for worker in list(self._workers.get(uid, {}).values()):
            self.end(worker)

    def end(self, worker: ProbeWorker) -> None:
        """End one probe."""
        worker.stop()
        workers = self._workers.get(worker.uid, {})
        workers.pop((worker.container["name"], worker.kind), None)
        if not workers:
            self._workers.pop(worker.uid, None)

    # -- what statuses ask

    def started(self, pod: Json, container: Json, status: Json) -> bool:
        """Tell whether a container has started: it runs, and its startup probe, if any, has succeeded."""
        if "running" not in status["state"]:
            return False
        container_id = status["containerID"].removeprefix("containerd://")
        result = self._results["startup"].get(container_id)
        if result is not None:
            return result == "success"
        worker = self._workers.get(pod["metadata"]["uid"], {}).get((container["name"], "startup"))
        return worker is None

    def ready(self, pod: Json, container: Json, status: Json) -> bool:
        """Tell whether a container that has started is ready; a missing success is asked for at once."""
        container_id = status["containerID"].removeprefix("containerd://")
        if self._results["readiness"].get(container_id) == "success":
            return True
        worker = self._workers.get(pod["metadata"]["uid"], {}).get((container["name"], "readiness"))
        if worker is None:
            return True
        worker.trigger()
        return False

    def failed(self, container_id: str, kind: Kind) -> bool | None:
        """Return whether a probe's present result is a failure; None: not known."""
        result = self._results[kind].get(container_id)
        return None if result in (None, "unknown") else result == "failure"

    # -- what workers ask

    def results(self, kind: Kind) -> dict[str, Result]:
        """Return the results of a kind by container id."""
        return self._results[kind]

    def pod(self, uid: str) -> Json | None:
        """Return the pod."""
        return self._host.pod(uid)

    def status(self, uid: str) -> Json | None:
        """Return the pod's latest status."""
        return self._host.status(uid)

    def set_result(self, worker: ProbeWorker, result: Result) -> None:
        """Keep a result and tell the kubelet if it is new."""
        known = self._results[worker.kind]
        if known.get(worker.container_id) == result:
            return
        known[worker.container_id] = result
        pod = self._host.pod(worker.uid)
        if pod is not None:
            self._host.probe_result(pod, worker.container_id, worker.kind, result)

    async def carry_out(self, worker: ProbeWorker) -> Result | None:
        """Probe once, with retries where it could not be carried out; None counts for nothing."""
        status = self._host.status(worker.uid) or {}
        outcome = Outcome("error", "container not found")
        for _ in range(RETRIES):
            container = self._host.running_container(worker.uid, worker.container["name"], worker.container_id)
            if container is None:
                return None
            outcome = await self._prober.probe(worker.probe, worker.container, container, status.get("podIP", ""))
            if outcome.result != "error":
                break
        pod = self._host.pod(worker.uid)
        if pod is None or worker.stopped:
            return None
        self._tell(pod, worker, outcome)
        result = {"failure": "failed", "error": "unknown"}.get(outcome.result, "successful")
        self._host.probe_done(pod, worker.container["name"], worker.kind, result)
        if outcome.result == "error":
            return None
        return "failure" if outcome.result == "failure" else "success"

    def _tell(self, pod: Json, worker: ProbeWorker, outcome: Outcome) -> None:
        word = worker.kind.capitalize()
        name = worker.container["name"]
        if outcome.result == "failure":
            self._host.probe_event(pod, name, "Unhealthy", f"{word} probe failed: {outcome.output}")
        elif outcome.result == "error":
            message = f"{word} probe errored and resulted in unknown state: {outcome.output}"
            self._host.probe_event(pod, name, "Unhealthy", message)
        elif outcome.result == "warning":
            self._host.probe_event(pod, name, "ProbeWarning", f"{word} probe warning: {outcome.output}")
