"""A pod's line in ``kubectl get pods``: STATUS words, restarts (upstream: ``printPod``)."""

from typing import Any

from k8s_tutor.apimachinery.times import age, parse_time
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table

COLUMNS = table.table(
    table.NAME,
    table.plain("Ready", "The aggregate readiness state of this pod for accepting traffic."),
    table.plain("Status", "The aggregate status of the containers in this pod."),
    table.plain(
        "Restarts",
        "The number of times the containers in this pod have been restarted and when the last container in this pod "
        "has restarted.",
    ),
    table.AGE,
    table.doc("core.v1", "PodStatus", "podIP", "IP", wide=True),
    table.doc("core.v1", "PodSpec", "nodeName", "Node", wide=True),
    table.doc("core.v1", "PodStatus", "nominatedNodeName", "Nominated Node", wide=True),
    table.doc("core.v1", "PodSpec", "readinessGates", "Readiness Gates", wide=True),
)
_ENDED = {
    "Succeeded": ("Succeeded", "The pod has completed successfully."),
    "Failed": ("Failed", "The pod failed."),
}


def conditions(pod: Json) -> list[Json]:
    """Return the conditions of a pod's row."""
    phase = (pod.get("status") or {}).get("phase")
    if phase not in _ENDED:
        return []
    reason, message = _ENDED[phase]
    return [{"type": "Completed", "status": "True", "reason": reason, "message": message}]


class _Restarts:
    """Counts restarts and remembers the last."""

    def __init__(self) -> None:
        self.count = 0
        self.last = ""

    def add(self, status: Json) -> None:
        self.count += status.get("restartCount") or 0
        ended = ((status.get("lastState") or {}).get("terminated") or {}).get("finishedAt") or ""
        if ended and (not self.last or parse_time(ended) > parse_time(self.last)):
            self.last = ended

    def text(self, now: float) -> str:
        return f"{self.count} ({age(self.last, now)} ago)" if self.count and self.last else str(self.count)


def _is_true(status: Json, kind: str) -> bool:
    return any(c.get("type") == kind and c.get("status") == "True" for c in status.get("conditions") or ())


def _ended_reason(terminated: Json, prefix: str = "") -> str:
    if terminated.get("reason"):
        return f"{prefix}{terminated['reason']}"
    if terminated.get("signal"):
        return f"{prefix}Signal:{terminated['signal']}"
    return f"{prefix}ExitCode:{terminated.get('exitCode') or 0}"


class _Reader:
    """Reads a pod's state off its container statuses."""

    def __init__(self, pod: Json) -> None:
        self.spec, self.status = pod.get("spec") or {}, pod.get("status") or {}
        self.ready = 0
        self.restarts = _Restarts()
        self.reason = self.status.get("reason") or self.status.get("phase") or ""
        for condition in self.status.get("conditions") or ():
            if condition.get("reason") == "SchedulingGated" and condition.get("type") == "PodScheduled":
                self.reason = "SchedulingGated"
        inits = self.spec.get("initContainers")
        self.sidecars = {c.get("name") for c in inits if c.get("restartPolicy") == "Always"} if inits else ()
        self.total = len(self.spec.get("containers") or ()) + len(self.sidecars)

    def read(self) -> None:
        if not self.status.get("initContainerStatuses"):
            self._read_containers()
            return
        side = _Restarts()
        initializing = self._read_inits(side)
        if not initializing or _is_true(self.status, "Initialized"):
            self.restarts = side
            self._read_containers()

    def _read_inits(self, side: _Restarts) -> bool:
        for number, status in enumerate(self.status["initContainerStatuses"]):
            state, sidecar = status.get("state") or {}, status.get("name") in self.sidecars
            self.restarts.add(status)
            if sidecar:
                side.add(status)
            ended, waiting = state.get("terminated"), state.get("waiting") or {}
            if ended is not None and not ended.get("exitCode"):
                continue
            if sidecar and status.get("started"):
                self.ready += bool(status.get("ready"))
                continue
            if ended is not None:
                self.reason = _ended_reason(ended, "Init:")
            elif waiting.get("reason") and waiting["reason"] != "PodInitializing":
                self.reason = f"Init:{waiting['reason']}"
            else:
                self.reason = f"Init:{number}/{len(self.spec.get('initContainers') or ())}"
            return True
        return False

    def _read_containers(self) -> None:
        running, error = False, ""
        for status in reversed(self.status.get("containerStatuses") or ()):
            self.restarts.add(status)
            state = status.get("state") or {}
            waiting, ended = state.get("waiting") or {}, state.get("terminated")
            if waiting.get("reason"):
                self.reason = waiting["reason"]
            elif ended is not None:
                self.reason = _ended_reason(ended)
                if ended.get("exitCode"):
                    error = self.reason
            elif status.get("ready") and state.get("running") is not None:
                running = True
                self.ready += 1
        if self.reason == "Completed":
            if running and _is_true(self.status, "Ready"):
                self.reason = "Running"
            elif error:
                self.reason = error
            elif running:
                self.reason = "NotReady"


def _gates(spec: Json, status: Json) -> str:
    gates = spec.get("readinessGates") or ()
    if not gates:
        return table.NONE
    return f"{sum(_is_true(status, gate.get('conditionType')) for gate in gates)}/{len(gates)}"


def row(pod: Json, now: float) -> list[Any]:
    """Return a pod's cells."""
    reader = _Reader(pod)
    reader.read()
    spec, status, reason = reader.spec, reader.status, reader.reason
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif status.get("phase") not in _ENDED:
            reason = "Terminating"
    ips = status.get("podIPs") or ()
    return [
        pod["metadata"]["name"],
        f"{reader.ready}/{reader.total}",
        reason,
        reader.restarts.text(now),
        table.created(pod, now),
        (ips[0].get("ip") if ips else "") or table.NONE,
        spec.get("nodeName") or table.NONE,
        status.get("nominatedNodeName") or table.NONE,
        _gates(spec, status),
    ]
