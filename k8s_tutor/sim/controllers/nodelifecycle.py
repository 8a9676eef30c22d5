"""The node lifecycle controller: notices nodes that no longer report, and keeps pods away from them.

Upstream: ``pkg/controller/nodelifecycle``. Looks every 5 s; a node whose kubelet has neither renewed its Lease nor its
status for 50 s becomes ``Unknown``, and its pods are marked not ready. Conditions are turned into taints: those that keep
new pods away at once, those that drive pods out at the pace of the node's zone (``nodelifecycle_zones``).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from k8s_tutor.apimachinery.times import parse_time, rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.nodelifecycle_zones import Zones
from k8s_tutor.sim.controllers.pods import condition
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.ticking import never

PERIOD = 5.0
GRACE = 50.0
STARTUP_GRACE = 60.0
EVICTION_PERIOD = 0.1
LEASES = "leases.coordination.k8s.io"
LEASE_NAMESPACE = "kube-node-lease"
NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
TICK, EVICTIONS = ("", ""), ("evictions", "")
STOPPED = "Kubelet stopped posting node status."
NEVER = "Kubelet never posted node status."
CONDITIONS = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
TAINTS = {
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
    ("Ready", "False"): NOT_READY,
    ("Ready", "Unknown"): UNREACHABLE,
}
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


@dataclass(slots=True)
class _Health:
    """When a node was heard of last, and whether it is given up."""

    probed: float
    heartbeats: Any
    lease: Any
    grace: float = GRACE
    lost: bool = False


class NodeLifecycleController(Controller):
    """Watches over nodes."""

    name = "node-controller"

    def setup(self) -> None:
        self._health: dict[str, _Health] = {}
        self._zones = Zones()
        self.watch("nodes", self._changed)
        self.clock.call_soon(self.queue.add, TICK)
        self.every(PERIOD, TICK, limit=self._until)

    def _until(self) -> float:
        """Return until when no node is given up if nothing happens: kubelets that run go on to renew their leases."""
        return min(
            (
                health.probed + health.grace
                for name, health in self._health.items()
                if not health.lost and name not in self.client.store.beating
            ),
            default=never(),
        )

    def _changed(self, event: Event) -> None:
        if event.type != "DELETED":
            self.enqueue(event.obj)

    def reconcile(self, namespace: str, name: str) -> None:
        if name:
            node = self.client.get("nodes", name)
            if node is not None:
                self._taint(name)
                self._label(node)
        elif namespace:
            self._give_up()
        else:
            self._monitor()

    # -- health

    def _monitor(self) -> None:
        nodes = self.client.list("nodes")
        known = {node["metadata"]["name"] for node in nodes}
        now = self.clock.now()
        for name in known - set(self._health):
            self.events.event(_about(self.client.get("nodes", name)), "Normal", "RegisteredNode", _registered(name))
        for name in set(self._health) - known:
            gone = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": name}}
            text = f"Node {name} event: Removing Node {name} from Controller"
            self.events.event(gone, "Normal", "RemovingNode", text)
            del self._health[name]
        for name in known - set(self._health):
            self._set_evicting(name, "")
        for node in nodes:
            self._look_at(node, now)
        self._judge_zones(now)

    def _look_at(self, node: Json, now: float) -> None:
        name = node["metadata"]["name"]
        lease = self.client.get(LEASES, name, LEASE_NAMESPACE)
        renewed = lease["spec"].get("renewTime") if lease else None
        beats = [c.get("lastHeartbeatTime") for c in (node.get("status") or {}).get("conditions") or ()]
        health = self._health.get(name)
        ready = condition(node, "Ready")
        first = health is None
        if health is None:
            made = parse_time(node["metadata"]["creationTimestamp"])
            health = self._health[name] = _Health(now if ready else made, beats, renewed)
        # While time is lived through at once, renewals are left out: who runs has been heard of.
        trusted = self.clock.advancing and name in self.client.store.beating
        if trusted or health.heartbeats != beats or health.lease != renewed:
            health.probed, health.heartbeats, health.lease = now, beats, renewed
        health.grace = GRACE if ready else STARTUP_GRACE
        health.lost = not first and now > health.probed + health.grace
        if health.lost:
            node = self._lose(node, now)
            if ready is not None and ready["status"] == "True":
                self.events.event(node, "Normal", "NodeNotReady", f"Node {name} status is now: NodeNotReady")
                self._mark_pods(name)

    def _lose(self, node: Json, now: float) -> Json:
        """Write that nothing is known of the node."""
        time = rfc3339(now)

        def change(obj: Json) -> None:
            conditions = obj.setdefault("status", {}).setdefault("conditions", [])
            old = {item["type"]: item for item in conditions}
            for type_ in CONDITIONS:
                item = old.get(type_)
                if item is None:
                    conditions.append(
                        {
                            "type": type_,
                            "status": "Unknown",
                            "reason": "NodeStatusNeverUpdated",
                            "message": NEVER,
                            "lastHeartbeatTime": obj["metadata"]["creationTimestamp"],
                            "lastTransitionTime": time,
                        }
                    )
                elif item["status"] != "Unknown":
                    item |= {
                        "status": "Unknown",
                        "reason": "NodeStatusUnknown",
                        "message": STOPPED,
                        "lastTransitionTime": time,
                    }

        return self.client.change("nodes", "", node["metadata"]["name"], change, "status")

    def _mark_pods(self, name: str) -> None:
        """Pods of a lost node are not ready any more, so that nobody sends them requests."""
        now = rfc3339(self.clock.now())

        def change(obj: Json) -> None:
            for item in (obj.get("status") or {}).get("conditions") or ():
                if item["type"] == "Ready" and item["status"] == "True":
                    item |= {"status": "False", "lastTransitionTime": now}

        for pod in self.client.list("pods"):
            if pod["spec"].get("nodeName") == name:
                meta = pod["metadata"]
                ready = condition(pod, "Ready")
                if ready is None or ready["status"] != "True":
                    continue
                try:
                    self.client.change("pods", meta["namespace"], meta["name"], change, "status")
                except ApiError as error:
                    if error.code != 404:
                        raise
                self.events.event(pod, "Warning", "NodeNotReady", "Node is not ready")

    # -- taints that keep pods away

    def _taint(self, name: str) -> None:
        """Bring the taints that stand for conditions into line with them."""
        node = self.client.get("nodes", name)
        if node is None:
            return
        wanted = [
            key
            for item in (node.get("status") or {}).get("conditions") or ()
            if (key := TAINTS.get((item["type"], item["status"])))
        ]
        if (node.get("spec") or {}).get("unschedulable"):
            wanted.append(UNSCHEDULABLE)
        ours = {*TAINTS.values(), UNSCHEDULABLE}
        self._swap(node, "NoSchedule", wanted, ours - set(wanted))

    def _swap(self, node: Json, effect: str, wanted: Iterable[str], unwanted: Collection[str]) -> None:
        old = (node.get("spec") or {}).get("taints") or []
        kept = [taint for taint in old if taint["key"] not in unwanted or taint["effect"] != effect]
        present = {taint["key"] for taint in kept if taint["effect"] == effect}
        now = rfc3339(self.clock.now())
        added = [{"key": key, "effect": effect, "timeAdded": now} for key in wanted if key not in present]
        if not added and len(kept) == len(old):
            return
        new = clone(node)
        spec = new.setdefault("spec", {})
        if kept or added:
            spec["taints"] = kept + added
        else:
            spec.pop("taints", None)
        self.client.update("nodes", new)

    # -- taints that drive pods out

    def _judge_zones(self, now: float) -> None:
        """See to taints and queues by the nodes' present conditions, then to the pace of their zones."""
        nodes = self.client.list("nodes")
        ready = {node["metadata"]["name"]: (condition(node, "Ready") or {}).get("status") for node in nodes}
        for node in nodes:
            self._drive(node, ready[node["metadata"]["name"]], now)
        all_lost, all_back = self._zones.judge(
            ((node, ready[node["metadata"]["name"]] == "True") for node in nodes), now
        )
        if all_lost:
            for node in nodes:
                self._zones.of(node, now).waiting.pop(node["metadata"]["name"], None)
                self._set_evicting(node["metadata"]["name"], "")
        elif all_back:
            for health in self._health.values():
                health.probed = now
        if any(zone.waiting for zone in self._zones.by_name.values()):
            self.queue.add_after(EVICTIONS, EVICTION_PERIOD)

    def _drive(self, node: Json, status: str | None, now: float) -> None:
        name, waiting = node["metadata"]["name"], self._zones.of(node, now).waiting
        has = {taint["key"] for taint in (node.get("spec") or {}).get("taints") or () if taint["effect"] == "NoExecute"}
        if status == "True":
            waiting.pop(name, None)
            self._set_evicting(name, "")
        elif status is not None:
            key, other = (NOT_READY, UNREACHABLE) if status == "False" else (UNREACHABLE, NOT_READY)
            if other in has:
                self._set_evicting(name, key)
            elif key not in has:
                waiting[name] = None

    def _give_up(self) -> None:
        now = self.clock.now()
        for zone in self._zones.by_name.values():
            for name in zone.take(now):
                node = self.client.get("nodes", name)
                status = (condition(node, "Ready") or {}).get("status") if node else None
                if status in {"False", "Unknown"}:
                    self._set_evicting(name, NOT_READY if status == "False" else UNREACHABLE)
            pause = zone.pause()
            if pause is not None:
                self.queue.add_after(EVICTIONS, pause)

    def _set_evicting(self, name: str, key: str) -> None:
        """Let a node drive out pods for one reason, or for none."""
        node = self.client.get("nodes", name)
        if node is not None:
            self._swap(node, "NoExecute", [key] if key else [], {NOT_READY, UNREACHABLE} - {key})

    # -- labels

    def _label(self, node: Json) -> None:
        """The older names of the labels for system and architecture follow the newer ones."""
        labels = node["metadata"].get("labels") or {}
        wanted = {
            f"beta.{key}": labels[key]
            for key in ("kubernetes.io/os", "kubernetes.io/arch")
            if key in labels and labels.get(f"beta.{key}") != labels[key]
        }
        if wanted:

            def change(obj: Json) -> None:
                obj["metadata"]["labels"] |= wanted

            self.client.change("nodes", "", node["metadata"]["name"], change)


def _about(node: Json | None) -> Json:
    """An event about a node carries the node's name as its uid, as upstream's controllers write it."""
    name = node["metadata"]["name"] if node else ""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": node["metadata"]["uid"] if node else ""},
    }


def _registered(name: str) -> str:
    return f"Node {name} event: Registered Node {name} in Controller"
