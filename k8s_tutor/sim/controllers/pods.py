"""What controllers ask about pods, and how they make them (upstream: ``controller_utils.go``, ``podutil``)."""

import math
from collections.abc import Iterable
from typing import Any

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.machinery.meta import controller_reference

FINISHED = frozenset({"Succeeded", "Failed"})
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASE_ORDER = {"Pending": 0, "Unknown": 1, "Running": 2}
_NEVER = float("inf")


def phase(pod: Json) -> str:
    """Return the pod's phase."""
    return str((pod.get("status") or {}).get("phase") or "Pending")


def is_terminating(pod: Json) -> bool:
    """Tell whether the pod (or any object) is being deleted."""
    return "deletionTimestamp" in pod["metadata"]


def is_finished(pod: Json) -> bool:
    """Tell whether all of the pod's containers are done for good."""
    return phase(pod) in FINISHED


def is_active(pod: Json) -> bool:
    """Tell whether the pod counts as a replica: neither finished nor being deleted."""
    return not is_terminating(pod) and phase(pod) not in FINISHED


def condition(obj: Json, type_: str) -> Json | None:
    """Return a condition of an object's status, or None."""
    for item in (obj.get("status") or {}).get("conditions") or ():
        if item["type"] == type_:
            return item  # type: ignore[no-any-return]
    return None


def is_ready(pod: Json) -> bool:
    """Tell whether the pod has the condition Ready."""
    found = condition(pod, "Ready")
    return found is not None and found["status"] == "True"


def ready_since(pod: Json) -> float:
    """Return when the pod became ready; infinity if it is not or does not say."""
    found = condition(pod, "Ready")
    if found is None or found["status"] != "True" or not found.get("lastTransitionTime"):
        return _NEVER
    return parse_time(found["lastTransitionTime"])


def is_available(pod: Json, min_ready_seconds: int, now: float) -> bool:
    """Tell whether the pod has been ready for long enough."""
    if not is_ready(pod):
        return False
    return not min_ready_seconds or ready_since(pod) + min_ready_seconds <= now


def next_available(pods: Iterable[Json], min_ready_seconds: int, now: float) -> float | None:
    """Return in how many seconds the next ready pod becomes available, or None."""
    if not min_ready_seconds:
        return None
    waits = (ready_since(pod) + min_ready_seconds - now for pod in pods if is_ready(pod))
    return min((wait for wait in waits if 0 < wait < _NEVER), default=None)


def created(obj: Json) -> float:
    """Return when the object was created."""
    return parse_time(obj["metadata"]["creationTimestamp"])


def restarts(pod: Json) -> int:
    """Return the restarts of the container that restarted most."""
    status = pod.get("status") or {}
    counts = [c.get("restartCount", 0) for c in status.get("containerStatuses") or ()]
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"}
    counts += [c.get("restartCount", 0) for c in status.get("initContainerStatuses") or () if c["name"] in sidecars]
    return max(counts, default=0)


def deletion_cost(pod: Json) -> int:
    """Return the cost that the pod's annotation gives to its deletion."""
    try:
        return int((pod["metadata"].get("annotations") or {}).get(DELETION_COST, "0"))
    except ValueError:
        return 0


def _bucket(since: float, now: float) -> int:
    """Ages are compared by powers of two, so that pods of about the same age are picked at random (by uid)."""
    age = now - since
    return -1 if age <= 0 or math.isinf(age) else int(math.log2(age * 1e9))


def deletion_rank(pod: Json, doubled_up: int, now: float) -> tuple[Any, ...]:
    """Return the sort key by which pods are deleted, the first first.

    Args:
        pod: a replica.
        doubled_up: how many related pods share its node.
        now: cluster time.
    """
    ready = is_ready(pod)
    since = ready_since(pod) if ready else 0.0
    return (
        bool(pod["spec"].get("nodeName")),
        _PHASE_ORDER.get(phase(pod), 0),
        ready,
        deletion_cost(pod),
        -doubled_up,
        _bucket(since, now) if ready and since < _NEVER else -1,
        -restarts(pod),
        _bucket(created(pod), now),
        pod["metadata"]["uid"],
    )


def from_template(template: Json, owner: Json, prefix: str = "") -> Json:
    """Return a new pod made after a workload's template, owned by the workload.

    Args:
        template: PodTemplateSpec.
        owner: the workload.
        prefix: of the generated name; the owner's name and a dash if empty.
    """
    wanted = template.get("metadata") or {}
    meta: Json = {"generateName": prefix or owner["metadata"]["name"] + "-"}
    for key in ("labels", "annotations"):
        if wanted.get(key):
            meta[key] = dict(wanted[key])
    if wanted.get("finalizers"):
        meta["finalizers"] = list(wanted["finalizers"])
    meta["namespace"] = owner["metadata"]["namespace"]
    meta["ownerReferences"] = [controller_reference(owner)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": clone(template["spec"])}
