"""Which pods stand behind a Service, on which ports: what EndpointSlices and Endpoints share.

Upstream: ``k8s.io/endpointslice`` and ``pkg/controller/endpoint``.
"""

from collections.abc import Sequence
from typing import Any

from k8s_tutor.apimachinery.hashing import fnv128a, for_hash
from k8s_tutor.apimachinery.schema.tables import type_named
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.pods import condition, is_finished, is_ready, is_terminating
from k8s_tutor.sim.machinery.store import Event

HEADLESS_LABEL = "service.kubernetes.io/headless"
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
CROWD = 100
CROWD_DELAY = 0.1


def is_headless(service: Json) -> bool:
    """Tell whether the Service has no address of its own."""
    return service["spec"].get("clusterIP") in {"None", "", None}


def selects(service: Json, labels: Json) -> bool:
    """Tell whether a Service's selector matches a pod's labels."""
    selector = service["spec"].get("selector")
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def is_endpoint(pod: Json, *, terminating: bool) -> bool:
    """Tell whether a pod can be an endpoint: it has an address and has not ended."""
    if is_finished(pod) or not (pod.get("status") or {}).get("podIP"):
        return False
    return terminating or not is_terminating(pod)


def has_hostname(pod: Json, service: Json) -> bool:
    """Tell whether the pod has a name of its own under the Service's."""
    spec = pod["spec"]
    return bool(spec.get("hostname")) and spec.get("subdomain") == service["metadata"]["name"]


def find_port(pod: Json, port: Json) -> int | None:
    """Return the number of a Service's target port in a pod; None if the pod names no such port."""
    target = port.get("targetPort") or port["port"]
    if isinstance(target, int):
        return target
    spec = pod["spec"]
    sidecars = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    for container in (*spec["containers"], *sidecars):
        for item in container.get("ports") or ():
            if item.get("name") == target and (item.get("protocol") or "TCP") == (port.get("protocol") or "TCP"):
                return int(item["containerPort"])
    return None


def ports_of(pod: Json, service: Json) -> list[Json]:
    """Return the ports under which a pod serves the Service, as endpoints name them."""
    found = []
    for port in service["spec"].get("ports") or ():
        number = find_port(pod, port)
        if number is not None:
            item = {"name": port.get("name") or "", "protocol": port.get("protocol") or "TCP", "port": number}
            if port.get("appProtocol"):
                item["appProtocol"] = port["appProtocol"]
            found.append(item)
    return found


def in_slice_order(ports: list[Json]) -> list[Json]:
    """Return ports as slices list them: by a hash of each, upstream's ``portsInOrder``."""
    return sorted(ports, key=_port_hash) if len(ports) > 1 else ports


def _port_hash(port: Json) -> int:
    kind = type_named("io.k8s.api.discovery.v1.EndpointPort")
    assert kind is not None  # noqa: S101 - a generated type
    return fnv128a(for_hash(port, kind).encode())


def target(pod: Json) -> Json:
    """Return the reference to a pod."""
    meta = pod["metadata"]
    return {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}


class TriggerTimes:
    """When the endpoints of each Service last had reason to change: its creation, or a pod that became ready or not.

    Upstream: ``TriggerTimeTracker``. What had been seen the last time counts no more; of what is new, the earliest does.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[str, dict[str, str]]] = {}

    def next(self, service: Json, pods: Sequence[Json]) -> str:
        """Return the time to write; empty if nothing has happened since the last time."""
        meta = service["metadata"]
        made: str = meta["creationTimestamp"]
        known = self._seen.get((meta["namespace"], meta["name"]))
        before, old = known or ("", {})
        times: dict[str, str] = {}
        for pod in pods:
            ready = condition(pod, "Ready")
            if ready and ready.get("lastTransitionTime"):
                times[pod["metadata"]["name"]] = ready["lastTransitionTime"]
        self._seen[meta["namespace"], meta["name"]] = (made, times)
        if known is None:
            return made
        fresh = [time for name, time in times.items() if time > old.get(name, "")]
        return min([*fresh, *([made] if made > before else [])], default="")

    def forget(self, namespace: str, name: str) -> None:
        """Forget a Service that is gone."""
        self._seen.pop((namespace, name), None)


def note_trigger(meta: Json, time: str) -> None:
    """Write the time into an object's metadata, or take an old one away."""
    annotations = meta.setdefault("annotations", {})
    annotations.pop(TRIGGER, None)
    if time:
        annotations[TRIGGER] = time
    if not annotations:
        del meta["annotations"]


def _shown(pod: Json) -> tuple[Any, ...]:
    meta, status = pod["metadata"], pod.get("status") or {}
    place = (pod["spec"].get("nodeName"), status.get("podIP"))
    return meta.get("labels"), "deletionTimestamp" in meta, is_finished(pod), is_ready(pod), place


class ServiceFollower(Controller):
    """Base: queues a Service when it, or a pod behind it, changes."""

    def setup(self) -> None:
        self.triggers = TriggerTimes()
        self.watch("services", self._service_changed)
        self.watch("pods", self._pod_changed)

    def _service_changed(self, event: Event) -> None:
        self.enqueue(event.obj)

    def _pod_changed(self, event: Event) -> None:
        if not self.client.store.count("services"):
            return
        old = event.old.obj if event.old else None
        if event.type == "MODIFIED" and old is not None and _shown(old) == _shown(event.obj):
            return
        versions = [pod["metadata"].get("labels") or {} for pod in (event.obj, old) if pod is not None]
        for service in self.client.list("services", event.obj["metadata"]["namespace"]):
            if any(selects(service, labels) for labels in versions):
                self._enqueue_service(service)

    def _enqueue_service(self, service: Json) -> None:
        """A Service with a crowd behind it is looked at ten times a second at most."""
        meta = service["metadata"]
        key = (meta["namespace"], meta["name"])
        crowded = self.crowd.get(key, 0)
        if crowded > CROWD:
            self.queue.add_after(key, CROWD_DELAY * crowded / CROWD)
        else:
            self.queue.add(key)

    @property
    def crowd(self) -> dict[tuple[str, str], int]:
        """Return how many endpoints each Service had when it was last looked at."""
        found: dict[tuple[str, str], int] = self.__dict__.setdefault("_crowd", {})
        return found

    def selected(self, service: Json) -> list[Json]:
        """Return the pods that the Service selects, whatever their state."""
        pods = self.client.list("pods", service["metadata"]["namespace"])
        return [pod for pod in pods if selects(service, pod["metadata"].get("labels") or {})]
