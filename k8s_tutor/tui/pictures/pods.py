"""What a pod looks like in every picture: a sign, a word and a style."""

from k8s_tutor.apimachinery.unstructured import Json

STYLES = {"●": "green", "◐": "yellow", "✗": "red", "○": "dim", "✓": "cyan"}
BAD = ("BackOff", "Err", "Error", "OOMKilled", "CreateContainer", "Invalid", "Evicted", "Failed")


def is_ready(pod: Json) -> bool:
    """Whether the pod's Ready condition is true."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def word(pod: Json) -> str:
    """Return the STATUS that ``kubectl get pods`` would show, for the usual cases."""
    status = pod.get("status", {})
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    reason = str(status.get("reason") or status.get("phase") or "Pending")
    initialising = status.get("initContainerStatuses") or ()
    for index, container in enumerate(initialising):
        state = container.get("state", {})
        if state.get("terminated", {}).get("exitCode") == 0 or container.get("started"):
            continue
        waiting = state.get("waiting", {}).get("reason", "")
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        if "terminated" in state:
            return f"Init:{state['terminated'].get('reason', 'Error')}"
        return f"Init:{index}/{len(initialising)}"
    for container in reversed(status.get("containerStatuses") or ()):
        state = container.get("state", {})
        found = state.get("waiting", {}).get("reason") or state.get("terminated", {}).get("reason")
        if found:
            reason = str(found)
    return reason


def sign(pod: Json) -> str:
    """Return the pod's sign."""
    text = word(pod)
    if text == "Terminating":
        return "○"
    if text in ("Completed", "Succeeded"):
        return "✓"
    if any(bad in text for bad in BAD):
        return "✗"
    return "●" if is_ready(pod) else "◐"


def restarts(pod: Json) -> int:
    """Return how often its containers were restarted."""
    return sum(c.get("restartCount", 0) for c in pod.get("status", {}).get("containerStatuses") or ())


def ready_count(pod: Json) -> str:
    """Return the READY column, ``1/2``."""
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    return f"{sum(bool(c.get('ready')) for c in statuses)}/{len(pod['spec'].get('containers', ()))}"
