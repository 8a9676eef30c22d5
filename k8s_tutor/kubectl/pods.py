"""Finding the pod that ``exec``, ``logs``, ``attach`` and ``port-forward`` mean: by name, or through its workload."""

import time

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.actions import all_containers, container_names
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.infos import Info, Want, list_all, read_named, resolve
from k8s_tutor.kubectl.podspecs import selector_text
from k8s_tutor.kubectl.text import quoted

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def read(call: Call, word: str) -> Info:
    """Read ``NAME`` (a pod) or ``TYPE/NAME``."""
    kind, slash, name = word.partition("/")
    resource = resolve(call, kind if slash else "pods")
    want = Want(resource, call.namespace if resource.namespaced else "", name if slash else word)
    return Info(resource, want.namespace, want.name, read_named(call, want))


def attachable(call: Call, info: Info, timeout: float = 60.0) -> Json:
    """Return the pod itself, or one of a workload's pods: the readiest.

    Raises:
        CommandError: there is none in time.
    """
    if info.resource.kind == "Pod":
        return info.object
    try:
        selector = selector_text(info.object)
    except CommandError as error:
        raise CommandError(f"cannot attach to *v1.{info.resource.kind}: {error}") from None
    return first_pod(call, info.namespace, selector, timeout)[0]


def first_pod(call: Call, namespace: str, selector: str, timeout: float) -> tuple[Json, int]:
    """Return the best of the pods with a selector, and how many there are; waits for one."""
    limit = time.monotonic() + timeout
    while True:
        found = list_all(call, f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector)
        if found:
            return min(found, key=_rank), len(found)
        if time.monotonic() >= limit or call.cancelled.wait(0.3):
            raise CommandError("timed out waiting for the condition")


def _rank(pod: Json) -> tuple[bool, bool, int, bool, int]:
    """Assigned before not, Running before Pending, ready before not, fewer restarts before more."""
    status = pod.get("status") or {}
    phases = {"Running": 0, "Pending": 1, "Unknown": 2}
    restarts = max((one.get("restartCount", 0) for one in status.get("containerStatuses") or ()), default=0)
    return (
        not pod["spec"].get("nodeName"),
        bool(pod["metadata"].get("deletionTimestamp")),
        phases.get(status.get("phase", ""), 3),
        not is_ready(pod),
        restarts,
    )


def is_ready(pod: Json) -> bool:
    """Whether a pod's Ready condition is true."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def choose_container(call: Call, pod: Json, name: str, *, quiet: bool = False) -> Json:
    """Return the named container, the annotated one, or the first, saying so when there were others.

    Raises:
        CommandError: no container of this name.
    """
    name = name or (pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER, "")
    if name:
        found = next((one for one in all_containers(pod) if one["name"] == name), None)
        if found is None:
            pod_name = pod["metadata"]["name"]
            raise CommandError(f"container {name} is not valid for pod {pod_name} out of: {container_names(pod)}")
        return found
    everything = all_containers(pod)
    if not everything:
        where = f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"
        raise CommandError(f"pod {where} does not have any containers")
    if len(everything) > 1 and (len(pod["spec"]["containers"]) > 1 or len(everything) > len(pod["spec"]["containers"])):
        if not quiet:
            call.err(f"Defaulted container {quoted(everything[0]['name'])} out of: {container_names(pod)}")
    return everything[0]
