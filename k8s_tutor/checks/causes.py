"""Why something is not as it should be, in the cluster's own words: states, conditions, events, log lines.

From the object that a check looked at, the search goes down to what really failed: a Deployment's pods, a Service's
endpoints, a pod's containers and the warnings about them. The most telling line comes first.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from k8s_tutor.apimachinery import labels
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.objects import Object, ObjectQuery, label
from k8s_tutor.client import ApiError

LINES: Final = 4
_QUIET: Final = frozenset({"ContainerCreating", "PodInitializing", "Completed"})


def explain(context: CheckContext, obj: Object) -> tuple[str, ...]:
    """Return what the cluster tells about an object that is not as it should be; nothing offline."""
    if context.client is None:
        return ()
    kind = obj.get("kind")
    lines: Iterator[str]
    if kind == "Pod":
        lines = _of_pod(context, obj)
    elif kind == "Service":
        lines = _of_service(context, obj)
    elif isinstance(_at(obj, "spec", "selector"), Mapping) and "template" in obj.get("spec", {}):
        lines = _of_workload(context, obj)
    else:
        lines = _of_anything(context, obj)
    return tuple(dict.fromkeys(lines))[:LINES]


def explain_absence(context: CheckContext, query: ObjectQuery) -> tuple[str, ...]:
    """Say what is there instead of an object that is missing."""
    others = [obj for obj in context.find(ObjectQuery(query.kind, query.api_version, namespace=query.namespace)) if obj]
    lines = []
    if others:
        names = ", ".join(sorted(obj["metadata"].get("name", "") for obj in others)[:5])
        lines.append(f"{query.kind} here: {names}")
    if context.client is not None and query.name and not query.all_namespaces:
        elsewhere = context.find(ObjectQuery(query.kind, query.api_version, query.name, all_namespaces=True))
        places = {obj["metadata"].get("namespace", "") for obj in elsewhere} - {
            "",
            query.namespace or context.namespace,
        }
        if places:
            lines.append(f"{query.kind} {query.name} is in the namespace {', '.join(sorted(places))}")
    return tuple(lines)


def next_command(context: CheckContext, obj: Object | None, query: ObjectQuery) -> str:
    """Return the command that shows most about it."""
    where = query.namespace or ("" if obj is None else obj["metadata"].get("namespace", ""))
    option = f" -n {where}" if where and where != context.namespace else ""
    kind = query.kind.lower()
    if obj is None:
        return f"kubectl get {kind}{option}"
    name = obj["metadata"].get("name", "")
    if obj.get("kind") == "Pod" and any(_exit(status) is not None for status in _statuses(obj)):
        return f"kubectl logs {name}{option} --previous"
    return f"kubectl describe {kind} {name}{option}"


def _of_pod(context: CheckContext, pod: Object) -> Iterator[str]:
    for status in _statuses(pod):
        yield from _of_container(pod, status)
    for condition in _at(pod, "status", "conditions") or ():
        if condition.get("status") == "False" and condition.get("message") and condition.get("type") == "PodScheduled":
            yield f"{label(pod)}: {condition.get('reason')}: {condition['message']}"
    yield from _warnings(context, pod)
    yield from _last_words(context, pod)
    for condition in _at(pod, "status", "conditions") or ():
        if condition.get("status") == "False" and condition.get("message"):
            yield f"{label(pod)}: {condition['type']} is False: {condition['message']}"


def _statuses(pod: Object) -> list[Mapping[str, Any]]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _exit(status: Mapping[str, Any]) -> int | None:
    for state in ("state", "lastState"):
        ended = _at(status, state, "terminated")
        if ended and ended.get("exitCode"):
            return int(ended["exitCode"])
    return None


def _of_container(pod: Object, status: Mapping[str, Any]) -> Iterator[str]:
    name = f"{label(pod)}, container {status.get('name')}"
    waiting = _at(status, "state", "waiting")
    if waiting and waiting.get("reason") not in _QUIET:
        message = f": {waiting['message']}" if waiting.get("message") else ""
        yield f"{name}: {waiting.get('reason')}{message}"
    for state in ("state", "lastState"):
        ended = _at(status, state, "terminated")
        if ended and (ended.get("exitCode") or ended.get("reason") == "OOMKilled"):
            yield f"{name}: {ended.get('reason')}, exit code {ended.get('exitCode')}, restarts {status.get('restartCount', 0)}"


def _last_words(context: CheckContext, pod: Object) -> Iterator[str]:
    """The last line that a container printed before it failed."""
    for status in _statuses(pod):
        if _exit(status) is None or context.client is None:
            continue
        previous = not _at(status, "state", "terminated")
        query = {"container": status["name"], "tailLines": 1, "previous": "true" if previous else None}
        path = f"/api/v1/namespaces/{pod['metadata'].get('namespace')}/pods/{pod['metadata'].get('name')}/log"
        try:
            text = (
                context.client.request("GET", path, query=query, accept="*/*").data.decode("utf-8", "replace").strip()
            )
        except ApiError:
            continue
        if text:
            yield f"log of {status['name']}: {text.splitlines()[-1][:300]}"


def _of_workload(context: CheckContext, obj: Object) -> Iterator[str]:
    for condition in _at(obj, "status", "conditions") or ():
        bad = condition.get("status") == "False" or condition.get("type") in {
            "ReplicaFailure",
            "Failed",
            "FailureTarget",
        }
        if bad and condition.get("message"):
            yield f"{label(obj)}: {condition.get('reason') or condition['type']}: {condition['message']}"
    pods = _selected(context, obj, _at(obj, "spec", "selector"))
    for pod in pods:
        if not _ready(pod):
            lines = list(_of_pod(context, pod))
            yield from lines[:2]
            if lines:
                break
    yield from _warnings(context, obj)
    owned = context.find(ObjectQuery("ReplicaSet", "apps/v1")) if obj.get("kind") == "Deployment" else []
    for replica_set in owned:
        if _owned(replica_set, obj):
            yield from _warnings(context, replica_set)


def _of_service(context: CheckContext, service: Object) -> Iterator[str]:
    selector = _at(service, "spec", "selector")
    if not selector:
        yield f"{label(service)} has no selector"
        return
    wanted = ",".join(f"{key}={value}" for key, value in selector.items())
    pods = _selected(context, service, {"matchLabels": selector})
    if not pods:
        yield f"no Pod has the labels {wanted} that {label(service)} selects"
        here = context.find(ObjectQuery("Pod", "v1"))
        for pod in here[:2]:
            own = ",".join(f"{key}={value}" for key, value in (pod["metadata"].get("labels") or {}).items())
            yield f"{label(pod)} has the labels {own or '(none)'}"
        return
    for pod in pods:
        if not _ready(pod):
            yield f"{label(pod)} is selected, but not ready"
            yield from _of_pod(context, pod)
    ports = {entry.get("containerPort") for pod in pods for entry in _ports(pod)}
    names = {entry.get("name") for pod in pods for entry in _ports(pod)}
    for port in service["spec"].get("ports") or ():
        target = port.get("targetPort", port.get("port"))
        if ports and target not in ports and target not in names:
            declared = ", ".join(sorted(map(str, ports)))
            yield f"{label(service)} sends to port {target}; the pods declare {declared}"
    yield from _warnings(context, service)


def _ports(pod: Object) -> Iterator[Mapping[str, Any]]:
    for container in pod["spec"].get("containers") or ():
        yield from container.get("ports") or ()


def _of_anything(context: CheckContext, obj: Object) -> Iterator[str]:
    for condition in _at(obj, "status", "conditions") or ():
        if condition.get("status") == "False" and condition.get("message"):
            yield f"{label(obj)}: {condition.get('reason') or condition.get('type')}: {condition['message']}"
    yield from _warnings(context, obj)


def _warnings(context: CheckContext, obj: Object) -> Iterator[str]:
    """Warning events about an object, the latest first."""
    uid = obj["metadata"].get("uid")
    events = [
        event
        for event in context.find(ObjectQuery("Event", "v1", namespace=obj["metadata"].get("namespace", "")))
        if event.get("type") == "Warning" and _at(event, "involvedObject", "uid") == uid
    ]
    events.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""), reverse=True)
    for event in events[:3]:
        yield f"{label(obj)}: {event.get('reason')}: {event.get('message', '').strip()}"


def _selected(context: CheckContext, obj: Object, selector: Mapping[str, Any] | None) -> Sequence[Object]:
    chosen = labels.from_label_selector(selector) if selector else None
    if chosen is None:
        return []
    pods = context.find(ObjectQuery("Pod", "v1", namespace=obj["metadata"].get("namespace", "")))
    return [pod for pod in pods if chosen.matches(pod["metadata"].get("labels") or {})]


def _owned(obj: Object, owner: Object) -> bool:
    uid = owner["metadata"].get("uid")
    return any(reference.get("uid") == uid for reference in obj["metadata"].get("ownerReferences") or ())


def _ready(pod: Object) -> bool:
    conditions = _at(pod, "status", "conditions") or ()
    return any(found.get("type") == "Ready" and found.get("status") == "True" for found in conditions)


def _at(obj: Any, *path: str) -> Any:
    for step in path:
        obj = obj.get(step) if isinstance(obj, Mapping) else None
    return obj
