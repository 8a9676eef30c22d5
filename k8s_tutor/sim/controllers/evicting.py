"""How a controller drives a pod off: the reason stands in a condition before the pod is deleted."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.conditions import set_in_place
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient


def evict(client: LocalClient, pod: Json, reason: str, message: str, now: str) -> None:
    """Set the condition DisruptionTarget and delete the pod, unless it is gone."""
    meta = pod["metadata"]

    def mark(obj: Json) -> None:
        found = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": now,
            "reason": reason,
            "message": message,
        }
        if obj["metadata"].get("generation"):
            found["observedGeneration"] = obj["metadata"]["generation"]
        set_in_place(obj.setdefault("status", {}), found)

    try:
        client.change("pods", meta["namespace"], meta["name"], mark, "status")
        client.delete("pods", meta["name"], meta["namespace"])
    except ApiError as error:
        if error.code != 404:
            raise
