"""PersistentVolumeClaim, with the pods that use it."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.describing.volumes import write_claim
from k8s_tutor.kubectl.text import long_time

GROUP = ""


def describe(view: View, body: Json) -> None:
    """Describe a claim."""
    metadata = body.get("metadata", {})
    write_claim(view, body, full=True)
    pods = view.list(f"/api/v1/namespaces/{metadata.get('namespace', '')}/pods")
    owners = {owner.get("uid") for owner in metadata.get("ownerReferences") or () if owner.get("kind") == "Pod"}
    using = [pod for pod in pods if _uses(pod, metadata.get("name", "")) or pod["metadata"].get("uid") in owners]
    view.column("Used By", sorted(pod["metadata"]["name"] for pod in using))
    conditions = (body.get("status") or {}).get("conditions")
    if conditions:
        view.line(0, "Conditions:")
        view.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage")
        view.line(1, "----\t------\t-----------------\t------------------\t------\t-------")
        for one in conditions:
            times = f"{long_time(one.get('lastProbeTime'))} \t{long_time(one.get('lastTransitionTime'))}"
            words = f"{one.get('type', '')} \t{one.get('status', '')} \t{times}"
            view.line(1, f"{words} \t{one.get('reason', '')} \t{one.get('message', '')}")
    write_events(view, body)


def _uses(pod: Json, claim: str) -> bool:
    volumes = pod.get("spec", {}).get("volumes") or ()
    return any((volume.get("persistentVolumeClaim") or {}).get("claimName") == claim for volume in volumes)
