"""What a change of a node or a pod can mean for pods that wait (upstream: ``framework/events.go``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.scheduler.requests import pod_requests


def node_changes(old: Json | None, new: Json) -> list[str]:
    """Return the names of the events in a node's change; none for a heartbeat."""
    if old is None:
        return ["Node/Add"]
    found = []
    if old["spec"] != new["spec"]:
        if old["spec"].get("taints") != new["spec"].get("taints") or old["spec"].get("unschedulable") != new[
            "spec"
        ].get("unschedulable"):
            found.append("Node/UpdateNodeTaint")
    if (old["metadata"].get("labels") or {}) != (new["metadata"].get("labels") or {}):
        found.append("Node/UpdateNodeLabel")
    before, after = old.get("status") or {}, new.get("status") or {}
    if before.get("allocatable") != after.get("allocatable"):
        found.append("Node/UpdateNodeAllocatable")
    if before.get("declaredFeatures") != after.get("declaredFeatures"):
        found.append("Node/UpdateNodeDeclaredFeature")
    if before.get("images") != after.get("images"):
        found.append("Node/UpdateNodeImages")
    if _conditions(before) != _conditions(after):
        found.append("Node/UpdateNodeCondition")
    if (old["metadata"].get("annotations") or {}) != (new["metadata"].get("annotations") or {}):
        found.append("Node/UpdateNodeAnnotation")
    return found


def _conditions(status: Json) -> dict[str, str]:
    return {condition["type"]: condition["status"] for condition in status.get("conditions") or ()}


def pod_changes(old: Json, new: Json) -> list[str]:
    """Return the names of the events in a pod's change, without the word whose pod it is."""
    found = []
    if (old["metadata"].get("labels") or {}) != (new["metadata"].get("labels") or {}):
        found.append("UpdatePodLabel")
    before, after = old["spec"], new["spec"]
    if before is not after and before != after:
        if before.get("tolerations") != after.get("tolerations"):
            found.append("UpdatePodToleration")
        if before.get("schedulingGates") and not after.get("schedulingGates"):
            found.append("UpdatePodSchedulingGatesEliminated")
    if _generated_claims(old) != _generated_claims(new):
        found.append("UpdatePodGeneratedResourceClaim")
    if _resources_differ(old, new):
        bound = bool(after.get("nodeName"))
        was, now = pod_requests(old, from_status=bound), pod_requests(new, from_status=bound)
        if any(now.get(name, 0) < value for name, value in was.items()):
            found.append("UpdatePodScaleDown")
        if any(was.get(name, 0) < value for name, value in now.items()):
            found.append("UpdatePodScaleUp")
    return found


def _generated_claims(pod: Json) -> Any:
    return (pod.get("status") or {}).get("resourceClaimStatuses") or []


def _resources_differ(old: Json, new: Json) -> bool:
    def of(pod: Json) -> list[Any]:
        status = pod.get("status") or {}
        return [
            [container.get("resources") for container in pod["spec"].get("containers") or ()],
            [(item.get("resources"), item.get("allocatedResources")) for item in status.get("containerStatuses") or ()],
        ]

    return of(old) != of(new)
