"""The conditions a kubelet sets on pods, with their reasons (upstream: ``pkg/kubelet/status/generate.go``)."""

from collections.abc import Iterable

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import spec
from k8s_tutor.sim.kubelet.records import Observed

RESTARTING_ALL = "AllContainersRestarting"
OWNED = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled", RESTARTING_ALL)
RESIZE = ("PodResizePending", "PodResizeInProgress")
NO_SANDBOX = "no pod sandbox exists"
SANDBOX_NOT_READY = "pod sandbox is not ready"


def condition(type_: str, generation: int, *, status: bool, reason: str = "", message: str = "") -> Json:
    """Return a condition without its times."""
    out: Json = {"type": type_, "observedGeneration": generation, "status": "True" if status else "False"}
    if reason:
        out["reason"] = reason
    if message:
        out["message"] = message
    return out


def generate(pod: Json, observed: Observed, statuses: list[Json], phase: str, others: Iterable[Json]) -> list[Json]:
    """Return the conditions that the kubelet owns, in its order; ``others`` are those already on the pod."""
    generation = pod["metadata"].get("generation") or 0
    containers_ready = _containers_ready(pod, statuses, phase, generation)
    return [
        _ready_to_start(observed, generation),
        _initialized(pod, statuses, phase, generation),
        _ready(pod, containers_ready, others, generation),
        containers_ready,
        condition("PodScheduled", generation, status=True),
    ]


def readiness(pod: Json, statuses: list[Json], phase: str, others: Iterable[Json]) -> list[Json]:
    """Return Ready and ContainersReady alone, after a readiness probe's result."""
    generation = pod["metadata"].get("generation") or 0
    containers_ready = _containers_ready(pod, statuses, phase, generation)
    return [_ready(pod, containers_ready, others, generation), containers_ready]


def _ready_to_start(observed: Observed, generation: int) -> Json:
    sandbox = observed.sandbox
    if sandbox is not None and sandbox.ready:
        return condition("PodReadyToStartContainers", generation, status=True)
    message = NO_SANDBOX if sandbox is None else SANDBOX_NOT_READY
    return condition(
        "PodReadyToStartContainers", generation, status=False, reason="PodSandboxNotReady", message=message
    )


def _initialized(pod: Json, statuses: list[Json], phase: str, generation: int) -> Json:
    by_name = {status["name"]: status for status in statuses}
    if phase == "Succeeded":
        return condition("Initialized", generation, status=True, reason="PodCompleted")
    if any(_has_started(by_name.get(one["name"])) for _, one in spec.containers(pod, "main")):
        return condition("Initialized", generation, status=True)
    incomplete = [
        one["name"]
        for _, one in spec.containers(pod, "init")
        if not by_name[one["name"]].get("started" if spec.is_sidecar(one) else "ready")
    ]
    if incomplete:
        message = f"containers with incomplete status: [{' '.join(incomplete)}]"
        return condition("Initialized", generation, status=False, reason="ContainersNotInitialized", message=message)
    return condition("Initialized", generation, status=True)


def _has_started(status: Json | None) -> bool:
    return status is not None and "waiting" not in status["state"]


def _containers_ready(pod: Json, statuses: list[Json], phase: str, generation: int) -> Json:
    if phase in ("Succeeded", "Failed"):
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        return condition("ContainersReady", generation, status=False, reason=reason)
    by_name = {status["name"]: status for status in statuses}
    counted = [
        one["name"] for kind, one in spec.containers(pod, "init", "main") if kind == "main" or spec.is_sidecar(one)
    ]
    unready = [name for name in counted if not by_name[name]["ready"]]
    if not unready:
        return condition("ContainersReady", generation, status=True)
    message = f"containers with unready status: [{' '.join(unready)}]"
    return condition("ContainersReady", generation, status=False, reason="ContainersNotReady", message=message)


def _ready(pod: Json, containers_ready: Json, others: Iterable[Json], generation: int) -> Json:
    if containers_ready["status"] != "True":
        return containers_ready | {"type": "Ready"}
    by_type = {one["type"]: one for one in others}
    problems = []
    for gate in pod["spec"].get("readinessGates") or ():
        type_ = gate["conditionType"]
        found = by_type.get(type_)
        if found is None:
            problems.append(f'corresponding condition of pod readiness gate "{type_}" does not exist.')
        elif found["status"] != "True":
            problems.append(f'the status of pod readiness gate "{type_}" is not "True", but {found["status"]}')
    if problems:
        return condition(
            "Ready", generation, status=False, reason="ReadinessGatesNotReady", message=", ".join(problems)
        )
    return condition("Ready", generation, status=True)
