"""A pod's phase from its containers' states: counts here, decisions in ``stages/phase.yaml`` (kubelet's ``getPhase``)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.kubelet import spec, stages

RESTARTING_ALL = "RestartingAllContainers"


def phase_of(pod: Json, statuses: list[Json], *, over: bool, initialized: bool) -> str:
    """Return the phase.

    Args:
        pod: the pod.
        statuses: of init and main containers.
        over: nothing of the pod will be started again.
        initialized: a main container has started in the present sandbox.
    """
    by_name = {status["name"]: status for status in statuses}
    facts: Json = dict.fromkeys(("init_failed_for_good", "init_pending", "sidecars_pending", "waiting", "running"), 0)
    facts |= {"unknown": 0, "stopped": 0, "failed": 0, "restarting": 0}
    for _, container in spec.containers(pod, "init"):
        count = _count_sidecar if spec.is_sidecar(container) else _count_init
        count(facts, pod, container, by_name.get(container["name"]))
    for _, container in spec.containers(pod, "main"):
        _count_main(facts, pod, container, by_name.get(container["name"]))
    facts |= {"over": over, "initialized": initialized, "static": spec.is_static(pod)}
    return stages.decide("phase", facts)


def _ended(status: Json) -> Json | None:
    """Return how the container ended: now, or before it began to wait for its restart."""
    state = status["state"]
    if "terminated" in state:
        return state["terminated"]  # type: ignore[no-any-return]
    if "waiting" in state:
        return status["lastState"].get("terminated")  # type: ignore[no-any-return]
    return None


def _restarts(pod: Json, container: Json, ended: Json) -> bool:
    return ended.get("reason") == RESTARTING_ALL or spec.restarts_after(pod, container, ended["exitCode"])


def _count_init(facts: Json, pod: Json, container: Json, status: Json | None) -> None:
    ended = _ended(status) if status else None
    if ended is None:
        facts["init_pending"] += 1
    elif ended["exitCode"] != 0:
        restarts = _restarts(pod, container, ended)
        # One that failed and will be restarted leaves the pod Pending by its main containers, which wait.
        facts["init_failed_for_good"] += not restarts


def _count_sidecar(facts: Json, _pod: Json, _container: Json, status: Json | None) -> None:
    if status is None:
        facts["unknown"] += 1
    elif "running" in status["state"]:
        facts["running"] += 1
        facts["sidecars_pending"] += not status.get("started")
    elif _ended(status) is None:
        facts["sidecars_pending"] += 1
        facts["waiting"] += 1


def _count_main(facts: Json, pod: Json, container: Json, status: Json | None) -> None:
    if status is None:
        facts["unknown"] += 1
    elif "running" in status["state"]:
        facts["running"] += 1
    elif (ended := _ended(status)) is None:
        facts["waiting"] += 1
    else:
        facts["stopped"] += 1
        facts["restarting"] += _restarts(pod, container, ended)
        # A restart that waits is not a success, whatever the code of the end before.
        facts["failed"] += "terminated" not in status["state"] or ended["exitCode"] != 0
