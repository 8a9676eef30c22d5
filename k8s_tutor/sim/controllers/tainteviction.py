"""The taint eviction controller: NoExecute taints drive pods off a node (upstream: ``pkg/controller/tainteviction``).

At once if a pod does not tolerate a taint; after ``tolerationSeconds`` (the shortest of those that apply) if it tolerates
it for a time; never if it tolerates it for good.
"""

from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.evicting import evict
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.scheduler.nodematch import tolerates

if TYPE_CHECKING:
    from k8s_tutor.sim.timers import Timer

NO_EXECUTE = "NoExecute"
MESSAGE = "Taint manager: deleting due to NoExecute taint"


def no_execute(node: Json | None) -> list[Json]:
    """Return the node's taints that drive pods off."""
    taints = ((node or {}).get("spec") or {}).get("taints") or ()
    return [taint for taint in taints if taint.get("effect") == NO_EXECUTE]


def is_tolerated(pod: Json, taints: list[Json]) -> bool:
    """Tell whether the pod tolerates every taint, be it only for a time."""
    tolerations = pod["spec"].get("tolerations") or ()
    return all(any(tolerates(item, taint) for item in tolerations) for taint in taints)


def seconds_left(pod: Json, taints: list[Json]) -> float | None:
    """Return how long the pod may stay in spite of taints that it tolerates; None: for good."""
    tolerations = pod["spec"].get("tolerations") or ()
    used = (item for item in tolerations if any(tolerates(item, taint) for taint in taints))
    limits = [item["tolerationSeconds"] for item in used if item.get("tolerationSeconds") is not None]
    return float(max(0, min(limits))) if limits else None


class TaintEvictionController(Controller):
    """Evicts pods."""

    name = "taint-eviction-controller"

    def setup(self) -> None:
        self._timers: dict[str, Timer] = {}
        self._on_node: dict[str, dict[str, tuple[str, str]]] = {}
        self.watch("nodes", self._node_changed)
        self.watch("pods", self._pod_changed)

    def stop(self) -> None:
        super().stop()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def reconcile(self, namespace: str, name: str) -> None:
        """A namespace means a pod, none means a node."""
        if namespace:
            pod = self.client.get("pods", name, namespace)
            if pod is not None:
                self._look_at(pod)
            return
        for key in tuple(self._on_node.get(name, {}).values()):
            self.queue.add(key)

    def _node_changed(self, event: Event) -> None:
        old = event.old.obj if event.old else None
        if no_execute(old) != no_execute(event.obj):
            self.enqueue(event.obj)

    def _pod_changed(self, event: Event) -> None:
        pod, old = event.obj, event.old.obj if event.old else None
        meta, node = pod["metadata"], pod["spec"].get("nodeName")
        if event.type == "DELETED":
            self._cancel(pod)
            self._on_node.get(node or "", {}).pop(meta["uid"], None)
            return
        if not node:
            return
        self._on_node.setdefault(node, {})[meta["uid"]] = (meta["namespace"], meta["name"])
        was = old["spec"] if old else {}
        if was.get("nodeName") != node or was.get("tolerations") != pod["spec"].get("tolerations"):
            if no_execute(self.client.get("nodes", node)):
                self.queue.add((meta["namespace"], meta["name"]))

    def _look_at(self, pod: Json) -> None:
        taints = no_execute(self.client.get("nodes", pod["spec"].get("nodeName", "")))
        if not taints:
            self._cancel(pod)
            return
        if not is_tolerated(pod, taints):
            self._cancel(pod)
            self._evict(pod)
            return
        left = seconds_left(pod, taints)
        if left is None:
            self._cancel(pod)
        elif pod["metadata"]["uid"] in self._timers:
            return  # the time that runs stays
        elif left == 0:
            self._evict(pod)
        else:
            meta = pod["metadata"]
            timer = self.clock.call_later(left, self._due, meta["namespace"], meta["name"], meta["uid"])
            self._timers[meta["uid"]] = timer

    def _due(self, namespace: str, name: str, uid: str) -> None:
        self._timers.pop(uid, None)
        pod = self.client.get("pods", name, namespace)
        if pod is not None and pod["metadata"]["uid"] == uid:
            self._evict(pod)

    def _cancel(self, pod: Json) -> None:
        found = self._timers.pop(pod["metadata"]["uid"], None)
        if found is not None:
            found.cancel()
            self._tell(pod, "Cancelling deletion of")

    def _tell(self, pod: Json, what: str) -> None:
        """Such events name the pod only, without its uid: ``kubectl describe pod`` does not find them."""
        meta = pod["metadata"]
        named = {"namespace": meta["namespace"], "name": meta["name"]}
        about = {"apiVersion": "v1", "kind": "Pod", "metadata": named}
        self.events.event(about, "Normal", "TaintManagerEviction", f"{what} Pod {meta['namespace']}/{meta['name']}")

    def _evict(self, pod: Json) -> None:
        self._tell(pod, "Marking for deletion")
        evict(self.client, pod, "DeletionByTaintManager", MESSAGE, rfc3339(self.clock.now()))
