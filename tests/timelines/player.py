"""Plays a scenario in virtual time and writes down what a person would see, one line for each change.

A scenario is a text file: a head in YAML (title, upstream component, rule, cluster, actions), a line of ``---``, then the
timeline. Generated names become stable ones (``web-HASH1-POD``); lines of one moment are sorted, so that a file reads the
same on every run. ``UPDATE_TIMELINES=1`` writes the timelines anew (to be read before they are committed).
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

if TYPE_CHECKING:
    from k8s_tutor.sim.registry.client import LocalClient

ClusterFactory = Callable[..., Awaitable[Cluster]]
NAMESPACE = "t"
WARM_UP = 20.0
RESOURCES = {
    "Pod": "pods",
    "Deployment": "deployments.apps",
    "ReplicaSet": "replicasets.apps",
    "StatefulSet": "statefulsets.apps",
    "DaemonSet": "daemonsets.apps",
    "Job": "jobs.batch",
    "CronJob": "cronjobs.batch",
    "Event": "events",
    "EndpointSlice": "endpointslices.discovery.k8s.io",
    "ResourceQuota": "resourcequotas",
    "PodDisruptionBudget": "poddisruptionbudgets.policy",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers.autoscaling",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "PersistentVolume": "persistentvolumes",
    "Node": "nodes",
    "Namespace": "namespaces",
    "ReplicationController": "replicationcontrollers",
    "ConfigMap": "configmaps",
    "Service": "services",
    "StorageClass": "storageclasses.storage.k8s.io",
    "PriorityClass": "priorityclasses.scheduling.k8s.io",
}
NAMED = ("ReplicaSet", "Job", "Pod", "EndpointSlice")
HIDDEN = frozenset(
    {
        "conditions",
        "observedGeneration",
        "startTime",
        "completionTime",
        "currentRevision",
        "updateRevision",
        "uncountedTerminatedPods",
        "collisionCount",
        "lastScaleTime",
        "currentMetrics",
    }
)


@dataclass(slots=True)
class Scenario:
    """One file."""

    path: Path
    head: Json
    head_text: str
    timeline: str


def load(path: Path) -> Scenario:
    """Read a scenario's file."""
    head, _, timeline = path.read_text().partition("\n---\n")
    return Scenario(path, yaml.safe_load(head), head, timeline)


class Player:
    """Plays one scenario on a fresh cluster."""

    def __init__(self, scenario: Scenario, cluster: Cluster) -> None:
        self.head = scenario.head
        self.cluster = cluster
        self.clock = cluster.clock
        self.client: LocalClient = cluster.client("admin", "kubectl")
        self.start = 0.0
        self.names: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.last: dict[tuple[str, str], str] = {}
        self.lines: list[tuple[float, str]] = []

    async def play(self) -> str:
        """Return the timeline's text."""
        await self.clock.advance(WARM_UP + self.head.get("offset", 0))
        self.client.create("namespaces", {"metadata": {"name": NAMESPACE}})
        await self.clock.settle()
        for kind in NAMED:
            self.cluster.store.subscribe(RESOURCES[kind], lambda event: self._name(event.obj))
        for kind in self.head["show"]:
            self.cluster.store.subscribe(RESOURCES[kind], self._seen)
        self.start = self.clock.now()
        for action in self.head["actions"]:
            await self.clock.advance(self.start + action["at"] - self.clock.now())
            try:
                self._act(action)
            except ApiError as error:
                self._note(f"! {error.message}")
        await self.clock.advance(self.start + self.head["until"] - self.clock.now())
        return self._text()

    # -- acting

    def _act(self, action: Json) -> None:
        for manifest in action.get("create", ()):
            namespaced = manifest["kind"] not in {"Node", "PersistentVolume", "StorageClass", "PriorityClass"}
            meta = {"namespace": NAMESPACE} if namespaced else {}
            obj = manifest | {"metadata": manifest["metadata"] | meta}
            self.client.create(RESOURCES[manifest["kind"]], yaml.safe_load(yaml.safe_dump(obj)))
        for kind in ("patch", "status"):
            if kind in action:
                resource, name = action[kind].split("/")
                self._patch(resource, name, action["with"], "status" if kind == "status" else "")
        if "delete" in action:
            resource, name = action["delete"].split("/")
            self.client.delete(
                RESOURCES[resource],
                self._pick(resource, name),
                self._where(resource),
                propagation=action.get("propagation"),
                grace=action.get("grace"),
            )
        if "evict" in action:
            name = self._pick("Pod", action["evict"])
            body = {"metadata": {"name": name, "namespace": NAMESPACE}}
            self.client.create("pods", body, "eviction", name)
        for word, call in (("stop", self.cluster.components.stop), ("start", self.cluster.components.start)):
            if word in action:
                call(action[word])

    def _where(self, resource: str) -> str:
        return "" if resource in {"Node", "Namespace", "PersistentVolume", "StorageClass"} else NAMESPACE

    def _pick(self, resource: str, name: str) -> str:
        """``app=web`` stands for the oldest living object with that label."""
        if "=" not in name:
            return name
        key, value = name.split("=")
        found = self.client.list(RESOURCES[resource], self._where(resource) or None)
        living = [obj["metadata"] for obj in found if "deletionTimestamp" not in obj["metadata"]]
        labelled = [meta for meta in living if (meta.get("labels") or {}).get(key) == value]
        return str(min(labelled, key=lambda meta: (meta["creationTimestamp"], meta["name"]))["name"])

    def _patch(self, resource: str, name: str, change: Json, subresource: str) -> None:
        self.client.change(
            RESOURCES[resource],
            self._where(resource),
            self._pick(resource, name),
            lambda obj: _merge(obj, change),
            subresource,
        )

    # -- seeing

    def _seen(self, event: Event) -> None:
        obj = event.obj
        meta = obj["metadata"]
        if meta.get("namespace", NAMESPACE) != NAMESPACE and obj["kind"] != "Event":
            return
        kind = obj["kind"]
        if kind == "Event":
            if event.type != "DELETED" and self._is_ours(obj):
                self._note(self._event(obj))
            return
        what = "DELETED" if event.type == "DELETED" else shows(obj)
        key = (kind, meta["name"])
        if self.last.get(key) != what:
            self.last[key] = what
            self._note(f"{kind}/{meta['name']}  {what}")

    def _is_ours(self, obj: Json) -> bool:
        about = obj["involvedObject"]
        shown = self.head.get("events", ["controller", "scheduler", "kubelet"])
        source = (obj.get("source") or {}).get("component") or obj.get("reportingComponent", "")
        family = "kubelet" if source == "kubelet" else "scheduler" if "scheduler" in source else "controller"
        return family in shown and (about.get("namespace") == NAMESPACE or about["kind"] == "Node")

    def _event(self, obj: Json) -> str:
        about, count = obj["involvedObject"], obj.get("count", 1)
        times = f" (x{count})" if count > 1 else ""
        mark = "" if obj["type"] == "Normal" else f"{obj['type']} "
        return f"Event {about['kind']}/{about['name']}  {mark}{obj['reason']}: {obj['message']}{times}"

    def _name(self, obj: Json) -> None:
        meta = obj["metadata"]
        owner = (meta.get("ownerReferences") or [{}])[0]
        name, parent = meta["name"], owner.get("name", "")
        if name in self.names or not parent:
            return
        if obj["kind"] in {"ReplicaSet", "Job"}:
            count = self.counts[parent] = self.counts.get(parent, 0) + 1
            word = "HASH" if obj["kind"] == "ReplicaSet" else "RUN"
            self.names[name] = f"{parent}-{word}{count}"
        elif obj["kind"] == "Pod" and owner.get("kind") != "StatefulSet":
            index = (meta.get("annotations") or {}).get("batch.kubernetes.io/job-completion-index")
            base = self.names.get(parent, parent)
            self.names[name] = f"{base}-POD" if index is None else f"{base}-{index}-POD"
        elif obj["kind"] == "EndpointSlice":
            self.names[name] = f"{parent}-SLICE"

    def _note(self, line: str) -> None:
        self.lines.append((self.clock.now() - self.start, line))

    def _text(self) -> str:
        longest = sorted(self.names, key=len, reverse=True)

        def clean(line: str) -> str:
            for name in longest:
                line = line.replace(name, self.names[name])
            line = re.sub(r"(-(?:HASH|RUN)\d+)-[bcdfghjklmnpqrstvwxz2456789]{5}\b", r"\1-POD", line)
            line = re.sub(r'(pods "[a-z0-9-]+?)-[bcdfghjklmnpqrstvwxz2456789]{5}"', r'\1-POD"', line)
            line = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID", line)
            return re.sub(r"\b10\.244\.\d+\.\d+\b", "POD-IP", line)

        shown = sorted((round(time, 1), clean(line)) for time, line in self.lines)
        return "".join(f"{time:7.1f}  {line}\n" for time, line in shown)


def _merge(obj: Json, change: Json) -> None:
    for key, value in change.items():
        if value is None:
            obj.pop(key, None)
        elif isinstance(value, dict) and isinstance(obj.get(key), dict):
            _merge(obj[key], value)
        elif isinstance(value, list) and value and isinstance(value[0], dict) and "name" in value[0]:
            _merge_named(obj.setdefault(key, []), value)
        else:
            obj[key] = value


def _merge_named(items: list[Json], changes: list[Json]) -> None:
    for change in changes:
        found = next((item for item in items if item["name"] == change["name"]), None)
        if found is None:
            items.append(change)
        else:
            _merge(found, change)


# -- what a person sees


def shows(obj: Json) -> str:
    """Return what a person sees of an object."""
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    parts = ["deleting"] if meta.get("deletionTimestamp") else []
    if obj["kind"] == "Pod":
        parts += _pod(spec, status)
    elif obj["kind"] == "EndpointSlice":
        parts += sorted(map(_endpoint, obj.get("endpoints") or ()), key=_by_state) or ["no endpoints"]
    elif obj["kind"] == "Node":
        parts += [_conditions(status, only=("Ready",))]
        parts += [f"{taint['key']}:{taint['effect']}" for taint in spec.get("taints") or ()]
    else:
        parts += [f"wants {spec['replicas']}"] if "replicas" in spec else []
        parts += ["suspended"] if spec.get("suspend") else []
        parts += [f"volume {spec['volumeName']}"] if spec.get("volumeName") else []
        parts += list(_counts(status))
        parts += [_conditions(status)]
    return " ".join(filter(None, parts))


def _pod(spec: Json, status: Json) -> Iterator[str]:
    yield status.get("phase", "Pending")
    yield f"on {spec['nodeName']}" if spec.get("nodeName") else "unbound"
    ready = next((c for c in status.get("conditions") or () if c["type"] == "Ready"), None)
    if ready is not None:
        yield "ready" if ready["status"] == "True" else f"not ready ({ready.get('reason', '')})"
    for item in status.get("conditions") or ():
        if item["type"] == "DisruptionTarget" and item["status"] == "True":
            yield f"disrupted by {item['reason']}"
    if status.get("reason"):
        yield status["reason"]
    if status.get("nominatedNodeName"):
        yield f"nominated for {status['nominatedNodeName']}"
    for item in status.get("containerStatuses") or ():
        yield f"[{item['name']} {_state(item.get('state') or {})} restarts={item['restartCount']}]"


def _state(state: Json) -> str:
    for name, detail in state.items():
        if name == "running":
            return "running"
        code = f" {detail['exitCode']}" if "exitCode" in detail else ""
        return f"{detail.get('reason', name)}{code}"
    return "-"


def _endpoint(endpoint: Json) -> str:
    found = endpoint.get("conditions") or {}
    true = [name for name in ("ready", "serving", "terminating") if found.get(name)]
    return f"{(endpoint.get('targetRef') or {}).get('name', '?')}({','.join(true)})"


def _by_state(endpoint: str) -> tuple[str, str]:
    """Sort by the state first: names end at random."""
    name, _, state = endpoint.partition("(")
    return state, name


def _counts(status: Json) -> Iterator[str]:
    for key, value in sorted(status.items()):
        if key in HIDDEN or value in ({}, []):
            continue
        if isinstance(value, list):
            yield f"{key}={len(value)}"
        elif isinstance(value, dict):
            yield f"{key}=" + ",".join(f"{name}:{amount}" for name, amount in sorted(value.items()))
        else:
            yield f"{key}={value}"


def _conditions(status: Json, only: tuple[str, ...] = ()) -> str:
    found = status.get("conditions") or ()
    return " ".join(
        f"{item['type']}={item['status']}({item.get('reason', '')})"
        for item in found
        if not only or item["type"] in only
    )
