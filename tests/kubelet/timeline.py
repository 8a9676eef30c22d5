"""A pod's life as readable lines: each change of what a person would see, with its second."""

import re

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.store import Event
from tests.kubelet.conftest import Node

SHORT = {
    "PodReadyToStartContainers": "sandbox",
    "Initialized": "init",
    "Ready": "ready",
    "ContainersReady": "containers",
}
FIELDS = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")


class Timeline:
    """Watches a node's pods and the kubelet's events from now on."""

    def __init__(self, node: Node) -> None:
        self._clock = node.clock
        self._start = node.clock.now()
        self._last: dict[str, str] = {}
        self.lines: list[str] = []
        for resource in ("pods", "events"):
            node.cluster.store.subscribe(resource, self._changed)

    def _changed(self, event: Event) -> None:
        obj = event.obj
        if event.resource == "events":
            if obj["source"].get("component") == "kubelet" and obj["involvedObject"]["kind"] == "Pod":
                self._add("  " + _event(obj))
            return
        name = obj["metadata"]["name"]
        shown = f"{name}: gone" if event.type == "DELETED" else f"{name}: {_pod(obj)}"
        if self._last.get(name) != shown:
            self._last[name] = shown
            self._add(shown)

    def _add(self, text: str) -> None:
        text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID", text)
        text = re.sub(r"10\.244\.\d+\.\d+", "IP", text)
        self.lines.append(f"{self._clock.now() - self._start:7.1f}  {text}".rstrip())

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines) + "\n"


def _event(obj: Json) -> str:
    where = (obj["involvedObject"].get("fieldPath") or "pod").removeprefix("spec.")
    count = f" x{obj['count']}" if obj["count"] > 1 else ""
    mark = "!" if obj["type"] == "Warning" else "-"
    return f"{mark} {obj['reason']} [{where}] {obj['message'].strip()}{count}"


def _state(state: Json) -> str:
    if "running" in state:
        return "running"
    if "waiting" in state:
        return f"waiting({state['waiting'].get('reason', '')})"
    if "terminated" in state:
        return f"{state['terminated']['reason']}/{state['terminated']['exitCode']}"
    return ""


def _pod(obj: Json) -> str:
    status = obj["status"]
    parts = [status["phase"]]
    if obj["metadata"].get("deletionTimestamp"):
        parts.append(f"deleting({obj['metadata']['deletionGracePeriodSeconds']})")
    if status.get("reason"):
        parts.append(status["reason"])
    held = [one for one in status.get("conditions") or () if one["type"] in SHORT]
    good = [SHORT[one["type"]] for one in held if one["status"] == "True"]
    parts.append("+" + ",".join(good) if good else "-")
    for field in FIELDS:
        for one in status.get(field) or ():
            last = _state(one["lastState"])
            marks = ("R" if one["ready"] else "") + ("S" if one.get("started") else "")
            extra = f" after {last}" if last else ""
            parts.append(f"{one['name']}={_state(one['state'])}{extra} #{one['restartCount']} {marks}".rstrip())
    return "  ".join(parts)
