"""One probe of one container of one pod: when it is due, and what its results mean (upstream: ``prober/worker.go``).

The worker ticks at its period from when the pod's volumes were mounted, whatever the container does meanwhile: a
restarted container is probed at the old rhythm, as on real nodes. A kubelet that takes over running pods spreads the
first ticks over the period.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import spec

if TYPE_CHECKING:
    from k8s_tutor.sim.kubelet.probes.manager import ProbeManager
    from k8s_tutor.sim.timers import Timer

Kind = Literal["readiness", "liveness", "startup"]
Result = Literal["success", "failure", "unknown"]
INITIAL: dict[Kind, Result] = {"readiness": "failure", "liveness": "success", "startup": "unknown"}
RETRIES = 3


@dataclass(slots=True, eq=False)
class ProbeWorker:
    """State of one probe."""

    manager: "ProbeManager"
    uid: str
    container: Json
    kind: Kind
    is_init: bool
    container_id: str = ""
    on_hold: bool = False
    last: Result | None = None
    run: int = 0
    timer: "Timer | None" = None
    busy: bool = False
    stopped: bool = False

    @property
    def probe(self) -> Json:
        """The probe's spec."""
        return self.container[f"{self.kind}Probe"]  # type: ignore[no-any-return]

    @property
    def period(self) -> float:
        """Seconds between ticks."""
        return float(self.probe.get("periodSeconds") or 10)

    def start(self) -> None:
        """Begin to tick."""
        self.manager.clock.call_soon(self.tick)

    def stop(self) -> None:
        """Tick no more."""
        self.stopped = True
        if self.timer is not None:
            self.timer.cancel()
        if self.container_id:
            self.manager.results(self.kind).pop(self.container_id, None)

    def trigger(self) -> None:
        """Probe now and count the period from now."""
        if not self.busy and not self.stopped:
            self.manager.clock.call_soon(self.tick)

    def tick(self) -> None:
        """Probe if there is something to probe, and wait for the next tick."""
        if self.stopped or self.busy:
            return
        if self.timer is not None:
            self.timer.cancel()
        self.timer = self.manager.clock.call_later(self.period, self.tick)
        go_on, due = self._due()
        if not go_on:
            self.manager.end(self)
        elif due:
            self.busy = True
            self.manager.clock.spawn(self._probe())

    def _due(self) -> tuple[bool, bool]:
        """Return whether to go on ticking, and whether to probe now."""
        status = self.manager.status(self.uid)
        pod = self.manager.pod(self.uid)
        if status is None or pod is None:
            return True, False
        if spec.is_terminal(status):
            return False, False
        mine = self._own_status(status)
        if mine is None or not mine.get("containerID"):
            return True, False
        self._follow(mine["containerID"].removeprefix("containerd://"))
        if self.on_hold:
            return True, False
        if "running" not in mine["state"]:
            self.manager.set_result(self, "failure")
            ended = mine["state"].get("terminated")
            return ended is None or spec.restarts_after(pod, self.container, ended["exitCode"]), False
        if pod["metadata"].get("deletionTimestamp") and self.kind != "readiness":
            self.manager.set_result(self, "success")
            return False, False
        age = int(self.manager.clock.now() - parse_time(mine["state"]["running"]["startedAt"]))
        if age < (self.probe.get("initialDelaySeconds") or 0):
            return True, False
        # A started container needs no startup probe, one that has not started no other.
        return True, bool(mine.get("started")) != (self.kind == "startup")

    def _own_status(self, status: Json) -> Json | None:
        for field in ("containerStatuses", "initContainerStatuses"):
            for one in status.get(field) or ():
                if one["name"] == self.container["name"]:
                    return one  # type: ignore[no-any-return]
        return None

    def _follow(self, container_id: str) -> None:
        """Begin anew with a new container."""
        if self.container_id == container_id:
            return
        if self.container_id:
            self.manager.results(self.kind).pop(self.container_id, None)
        self.container_id = container_id
        self.on_hold = False
        self.manager.set_result(self, INITIAL[self.kind])

    async def _probe(self) -> None:
        container_id = self.container_id
        try:
            result = await self.manager.carry_out(self)
        finally:
            self.busy = False
        if result is None or self.stopped or container_id != self.container_id:
            return
        self.run = self.run + 1 if self.last == result else 1
        self.last = result
        threshold = self.probe.get("failureThreshold") or 3
        if result == "success":
            threshold = self.probe.get("successThreshold") or 1
        if self.run < threshold:
            return
        if self.kind == "startup" or (self.kind == "liveness" and result == "failure"):
            self.on_hold = True
            self.run = 0
        self.manager.set_result(self, result)
