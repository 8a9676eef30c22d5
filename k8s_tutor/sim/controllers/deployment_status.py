"""What a Deployment says of its rollout: counts, and the conditions Available, Progressing, ReplicaFailure.

Upstream: ``deployment/sync.go`` (calculateStatus) and ``progress.go``.
"""

from collections.abc import Iterable, Sequence

from k8s_tutor.apimachinery.times import parse_time, rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers import conditions
from k8s_tutor.sim.controllers.deployment_scaling import counted, max_unavailable, wanted_total

NO_DEADLINE = 2**31 - 1
AVAILABLE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"


def has_deadline(deployment: Json) -> bool:
    """Tell whether progress is watched."""
    return deployment["spec"].get("progressDeadlineSeconds") not in {None, NO_DEADLINE}


def condition(type_: str, status: str, reason: str, message: str, now: float) -> Json:
    """Return a Deployment's condition."""
    time = rfc3339(now)
    return {
        "type": type_,
        "status": status,
        "lastUpdateTime": time,
        "lastTransitionTime": time,
        "reason": reason,
        "message": message,
    }


def calculate(deployment: Json, replica_sets: Sequence[Json], new: Json | None, now: float) -> Json:
    """Return the status by the ReplicaSets' own, with the old conditions and Available."""
    old = deployment.get("status") or {}
    available = counted(replica_sets, "availableReplicas")
    counts = {
        "replicas": counted(replica_sets, "replicas"),
        "updatedReplicas": counted([new], "replicas") if new else 0,
        "readyReplicas": counted(replica_sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, wanted_total(replica_sets) - available),
    }
    status: Json = {"observedGeneration": deployment["metadata"].get("generation", 0)}
    status |= {key: value for key, value in counts.items() if value}
    status["terminatingReplicas"] = counted(replica_sets, "terminatingReplicas")
    if "collisionCount" in old:
        status["collisionCount"] = old["collisionCount"]
    if old.get("conditions"):
        status["conditions"] = list(old["conditions"])
    if available >= deployment["spec"]["replicas"] - max_unavailable(deployment):
        text = "Deployment has minimum availability."
        found = condition("Available", "True", "MinimumReplicasAvailable", text, now)
    else:
        text = "Deployment does not have minimum availability."
        found = condition("Available", "False", "MinimumReplicasUnavailable", text, now)
    conditions.set_moving(status, found)
    return status


def is_complete(deployment: Json, status: Json) -> bool:
    """Tell whether a status shows a finished rollout."""
    desired = deployment["spec"]["replicas"]
    counts = (status.get(key, 0) for key in ("updatedReplicas", "replicas", "availableReplicas"))
    generation = deployment["metadata"].get("generation", 0)
    return all(count == desired for count in counts) and status.get("observedGeneration", 0) >= generation


def _progresses(old: Json, new: Json) -> bool:
    def stale(status: Json) -> int:
        return int(status.get("replicas", 0)) - int(status.get("updatedReplicas", 0))

    grown = any(new.get(key, 0) > old.get(key, 0) for key in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return grown or stale(new) < stale(old)


def _timed_out(deployment: Json, status: Json, now: float) -> bool:
    found = conditions.get(status, "Progressing")
    if found is None or found.get("reason") == AVAILABLE:
        return False
    if found.get("reason") == TIMED_OUT:
        return True
    return bool(parse_time(found["lastUpdateTime"]) + deployment["spec"]["progressDeadlineSeconds"] < now)


def add_progress(deployment: Json, status: Json, new: Json | None, now: float) -> None:
    """Set the condition Progressing in place, by what changed since the stored status."""
    if not has_deadline(deployment):
        conditions.remove(status, "Progressing")
        return
    old = deployment.get("status") or {}
    current = conditions.get(old, "Progressing")
    done = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    if done and current is not None and current.get("reason") == AVAILABLE:
        return
    what = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    if is_complete(deployment, status):
        text = f"{what} has successfully progressed."
        conditions.set_moving(status, condition("Progressing", "True", AVAILABLE, text, now))
    elif _progresses(old, status):
        found = condition("Progressing", "True", "ReplicaSetUpdated", f"{what} is progressing.", now)
        if current is not None:
            if current["status"] == "True":
                found["lastTransitionTime"] = current["lastTransitionTime"]
            conditions.remove(status, "Progressing")
        conditions.set_moving(status, found)
    elif _timed_out(deployment, status, now):
        text = f"{what} has timed out progressing."
        conditions.set_moving(status, condition("Progressing", "False", TIMED_OUT, text, now))


def add_failure(status: Json, replica_sets: Iterable[Json], new: Json | None) -> None:
    """Take over the condition ReplicaFailure of the new ReplicaSet, or else of any, in place."""
    for rs in (*((new,) if new else ()), *replica_sets):
        failure = conditions.get(rs.get("status") or {}, "ReplicaFailure")
        if failure is not None:
            conditions.set_moving(status, failure | {"lastUpdateTime": failure["lastTransitionTime"]})
            return
    conditions.remove(status, "ReplicaFailure")


def seconds_to_deadline(deployment: Json, status: Json, now: float) -> float | None:
    """Return when progress has to be looked at again, or None."""
    current = conditions.get(deployment.get("status") or {}, "Progressing")
    if not has_deadline(deployment) or current is None:
        return None
    if is_complete(deployment, status) or current.get("reason") == TIMED_OUT:
        return None
    return float(parse_time(current["lastUpdateTime"]) + deployment["spec"]["progressDeadlineSeconds"] - now)
