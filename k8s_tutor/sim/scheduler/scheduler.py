"""The scheduler's life: watch nodes and pods, decide pod by pod, bind; report what cannot be placed.

One pod is decided in one callback of the clock, so that requests are served in between. A pod is counted on its node
(*assumed*) before it is bound. Pods whose claims have yet to be bound wait for them, assumed (upstream: ``scheduler.go``,
``eventhandlers.go``).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.base import Kit
from k8s_tutor.sim.machinery.pending import attempt
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.scheduler.algorithm import Algorithm, Chosen, Unschedulable
from k8s_tutor.sim.scheduler.binding import Waits
from k8s_tutor.sim.scheduler.cache import Cache
from k8s_tutor.sim.scheduler.changes import node_changes, pod_changes
from k8s_tutor.sim.scheduler.framework import ClusterEvent, PluginError
from k8s_tutor.sim.scheduler.plugins.profile import default_profile
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.scheduler.preemption import Candidate
from k8s_tutor.sim.scheduler.queue import QueuedPod, SchedulingQueue

NAME = "default-scheduler"
USER = "system:kube-scheduler"
MANAGER = "kube-scheduler"
FINISHED = frozenset({"Succeeded", "Failed"})
NOTE_LIMIT = 1024
WATCHED = {
    "persistentvolumes": "PersistentVolume",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "storageclasses.storage.k8s.io": "StorageClass",
    "csinodes.storage.k8s.io": "CSINode",
    "csidrivers.storage.k8s.io": "CSIDriver",
    "csistoragecapacities.storage.k8s.io": "CSIStorageCapacity",
    "volumeattachments.storage.k8s.io": "VolumeAttachment",
    "resourceclaims.resource.k8s.io": "ResourceClaim",
    "resourceslices.resource.k8s.io": "ResourceSlice",
    "deviceclasses.resource.k8s.io": "DeviceClass",
}


class Scheduler:
    """``default-scheduler``.

    Args:
        kit: clock, clients and logs of the cluster.
    """

    name = "kube-scheduler"

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.clock = kit.clock
        self.client = kit.client(USER, MANAGER)
        self._reviewed = self.client.reviewed()
        self.events = Recorder(kit.clock, self.client, NAME)
        self.cache = Cache()
        self.profile = default_profile(self)
        self.queue = SchedulingQueue(kit.clock, self.profile.by_name, self._wake, self.profile.pre_enqueue)
        self._algorithm = Algorithm(self, self.profile)
        self._nominated: dict[str, PodInfo] = {}
        self._waits = Waits(kit.clock, lambda pod, chosen: self.profile.ready(chosen.state, pod), self._waited)
        self._gated: set[str] = set()
        self._ends: list[Any] = []
        self._awake = False
        self._stopped = False

    # -- life

    def start(self) -> None:
        """Begin to watch."""
        for resource, callback in (("nodes", self._node_changed), ("pods", self._pod_changed)):
            self._ends.append(self.client.watch(resource, callback))
        for resource in WATCHED:
            self._ends.append(self.client.watch(resource, self._other_changed))

    def stop(self) -> None:
        """Stop at once, as when the component dies."""
        self._stopped = True
        for end in self._ends:
            end()
        self._ends.clear()
        self.queue.close()
        self._waits.close()

    # -- what plug-ins see (framework.Handle)

    def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """Return the labels of a namespace."""
        found = self.client.get("namespaces", namespace)
        return (found["metadata"].get("labels") or {}) if found else {}

    def nominated(self, node_name: str) -> Sequence[PodInfo]:
        """Return the pods for which room is being made on a node."""
        return [pod for pod in self._nominated.values() if pod.nominated_node == node_name] if self._nominated else ()

    def any_nominated(self) -> bool:
        """Tell whether room is being made for any pod."""
        return bool(self._nominated)

    def now(self) -> str:
        """Return the cluster's time, as objects write it."""
        return rfc3339(self.clock.now())

    # -- watching

    def _node_changed(self, event: Event) -> None:
        old = event.old.obj if event.old else None
        if event.type == "DELETED":
            self.cache.remove_node(event.obj["metadata"]["name"])
            self.queue.event(ClusterEvent("Node/Delete", event.obj, None))
            return
        changes = node_changes(old, event.obj)
        if changes:
            self.cache.set_node(event.obj)
        for change in changes:
            self.queue.event(ClusterEvent(change, old, event.obj))

    def _other_changed(self, event: Event) -> None:
        kind = WATCHED[event.resource]
        if event.type == "DELETED":
            self.queue.event(ClusterEvent(f"{kind}/Delete", event.obj, None))
        else:
            action = "Update" if event.old else "Add"
            self.queue.event(ClusterEvent(f"{kind}/{action}", event.old.obj if event.old else None, event.obj))
        self._waits.stir()

    def _pod_changed(self, event: Event) -> None:
        pod = event.obj
        uid = pod["metadata"]["uid"]
        over = event.type == "DELETED" or (pod.get("status") or {}).get("phase") in FINISHED
        if over:
            self._pod_over(uid, pod)
        elif pod["spec"].get("nodeName"):
            self._pod_bound(uid, pod, event.old.obj if event.old else None)
        elif pod["spec"].get("schedulerName", NAME) == NAME and uid not in self.cache.assumed:
            self._pod_pending(uid, pod, event.old.obj if event.old else None)

    def _pod_over(self, uid: str, pod: Json) -> None:
        self.queue.remove(uid)
        self._nominated.pop(uid, None)
        self._waits.drop(uid)
        self._gated.discard(uid)
        if self.cache.remove_pod(uid) is not None:
            self.queue.event(ClusterEvent("AssignedPod/Delete", pod, None))

    def _pod_bound(self, uid: str, pod: Json, old: Json | None) -> None:
        self.queue.remove(uid)
        self._nominated.pop(uid, None)
        known = uid in self.cache.where and uid not in self.cache.assumed
        if known and old is not None:
            changes = pod_changes(old, pod)
            if changes or bool(old["metadata"].get("deletionTimestamp")) != bool(
                pod["metadata"].get("deletionTimestamp")
            ):
                self.cache.add_pod(PodInfo(pod))
            else:
                self._refresh(uid, pod)
            for change in changes:
                self.queue.event(ClusterEvent(f"AssignedPod/{change}", old, pod))
            return
        self.cache.add_pod(PodInfo(pod))
        self.queue.event(ClusterEvent("AssignedPod/Add", None, pod))

    def _refresh(self, uid: str, pod: Json) -> None:
        """Take over a status that changes no sum."""
        node = self.cache.nodes.get(self.cache.where[uid])
        info = node.pods.get(uid) if node else None
        if info is not None:
            info.pod = pod

    def _pod_pending(self, uid: str, pod: Json, old: Json | None) -> None:
        if pod["spec"].get("schedulingGates"):
            self._gated.add(uid)
            return
        info = PodInfo(pod)
        if info.nominated_node:
            self._nominated[uid] = info
        else:
            self._nominated.pop(uid, None)
        self._gated.discard(uid)
        changes = pod_changes(old, pod) if old is not None else []
        self.queue.update(info, tuple(ClusterEvent(f"TargetPod/{change}", old, pod) for change in changes))

    # -- deciding

    def _wake(self) -> None:
        if not self._awake and not self._stopped:
            self._awake = True
            self.clock.call_soon(self._run)

    def _run(self) -> None:
        self._awake = False
        if self._stopped:
            return
        pod = self.queue.pop()
        if pod is None:
            return
        self._wake()
        self._schedule(pod)

    def _schedule(self, queued: QueuedPod) -> None:
        pod = queued.info
        stored = self.client.get("pods", pod.name, pod.namespace)
        if stored is None or stored["metadata"]["uid"] != pod.uid or stored["spec"].get("nodeName"):
            return
        if stored["metadata"].get("deletionTimestamp"):
            why = f"skip schedule deleting pod: {pod.namespace}/{pod.name}"
            self.events.event(stored, "Warning", "FailedScheduling", why)
            return
        if pod.pod is not stored:
            pod = queued.info = PodInfo(stored)
        try:
            result = self._algorithm.schedule(pod)
        except PluginError as error:
            self._failed(queued, pod, str(error))
            return
        if isinstance(result, Chosen):
            self._assign(queued, pod, result)
        else:
            self._refused(queued, pod, result)

    def _assign(self, queued: QueuedPod, pod: PodInfo, chosen: Chosen) -> None:
        self.cache.assume(pod, chosen.node.name)
        self._nominated.pop(pod.uid, None)
        try:
            self.profile.pre_bind(chosen.state, pod, chosen.node)
        except PluginError as error:
            self._give_up(queued, pod, chosen, str(error))
            return
        if self.profile.ready(chosen.state, pod):
            self._bind(queued, pod, chosen)
        else:
            self._waits.add(pod, chosen)
            self._expect(pod)

    def _expect(self, pod: PodInfo) -> None:
        """Tell where a pod will go that is not bound at once (``NominatedNodeNameForExpectation``)."""

        def nominate(obj: Json) -> None:
            obj.setdefault("status", {})["nominatedNodeName"] = pod.node_name

        try:
            self.client.change("pods", pod.namespace, pod.name, nominate, "status")
        except ApiError as error:
            self.kit.log(MANAGER, f"Failed to nominate a node for {pod.namespace}/{pod.name}: {error.message}")

    def _waited(self, pod: PodInfo, chosen: Chosen, why: str) -> None:
        queued = self.queue.get(pod.uid)
        if why and queued is not None:
            self._give_up(queued, pod, chosen, why)
        else:
            self._bind(queued, pod, chosen)

    def _give_up(self, queued: QueuedPod, pod: PodInfo, chosen: Chosen, why: str) -> None:
        """Take back what was done to bind a pod."""
        self.profile.unreserve(chosen.state, pod, chosen.node)
        self._failed(queued, pod, why)

    def _bind(self, queued: QueuedPod | None, pod: PodInfo, chosen: Chosen) -> None:
        attempt(lambda: self._write_binding(queued, pod, chosen))

    def _write_binding(self, queued: QueuedPod | None, pod: PodInfo, chosen: Chosen) -> None:
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid},
            "target": {"kind": "Node", "name": pod.node_name},
        }
        try:
            self._reviewed.create("pods", binding, "binding", pod.name)
        except ApiError as error:
            self.cache.remove_pod(pod.uid)
            self.profile.unreserve(chosen.state, pod, chosen.node)
            if queued is not None and error.code != 404:
                self._failed(queued, pod, f'running Bind plugin "DefaultBinder": {error.message}')
            return
        self.queue.remove(pod.uid)
        text = f"Successfully assigned {pod.namespace}/{pod.name} to {pod.node_name}"
        self.events.event(pod.pod, "Normal", "Scheduled", text)

    def _failed(self, queued: QueuedPod, pod: PodInfo, message: str) -> None:
        self.cache.remove_pod(pod.uid)
        pod.node_name = ""
        self.queue.refuse(queued, set())
        self._report(pod, "SchedulerError", message, "", clear=True)

    def _refused(self, queued: QueuedPod, pod: PodInfo, result: Unschedulable) -> None:
        self.queue.refuse(queued, result.rejectors)
        node = result.preempt.node if result.preempt else ""
        self._report(pod, "Unschedulable", result.message, node, clear=result.clear_nomination)
        if result.preempt is not None:
            self._preempt(pod, result.preempt)

    def _report(self, pod: PodInfo, reason: str, message: str, nominate: str, *, clear: bool) -> None:
        note = message if len(message) <= NOTE_LIMIT else message[: NOTE_LIMIT - 4] + " ..."
        self.events.event(pod.pod, "Warning", "FailedScheduling", note)
        now = self.now()

        def change(obj: Json) -> None:
            status = obj.setdefault("status", {})
            if nominate:
                status["nominatedNodeName"] = nominate
            elif clear:
                status.pop("nominatedNodeName", None)
            _set_condition(obj, "PodScheduled", "False", reason, message, now)

        def write() -> None:
            try:
                self._reviewed.change("pods", pod.namespace, pod.name, change, "status")
            except ApiError as error:
                self.kit.log(MANAGER, f"Error updating pod {pod.namespace}/{pod.name}: {error.message}")

        attempt(write)

    def _preempt(self, pod: PodInfo, candidate: Candidate) -> None:
        now = self.now()
        for other in tuple(self._nominated.values()):
            if other.nominated_node == candidate.node and other.priority < pod.priority:
                self._clear_nomination(other)
        why = f"{NAME}: preempting to accommodate a higher priority pod"
        for victim in candidate.victims:
            if victim.terminating:
                continue

            def mark(obj: Json) -> None:
                _set_condition(obj, "DisruptionTarget", "True", "PreemptionByScheduler", why, now)

            try:
                self.client.change("pods", victim.namespace, victim.name, mark, "status")
                self.client.delete("pods", victim.name, victim.namespace)
            except ApiError as error:
                self.kit.log(MANAGER, f"Tried to preempt pod {victim.namespace}/{victim.name}: {error.message}")
                continue
            text = f"Preempted by pod {pod.uid} on node {candidate.node}"
            self.events.event(victim.pod, "Normal", "Preempted", text)

    def _clear_nomination(self, pod: PodInfo) -> None:
        self._nominated.pop(pod.uid, None)

        def clear(obj: Json) -> None:
            obj.get("status", {}).pop("nominatedNodeName", None)

        try:
            self.client.change("pods", pod.namespace, pod.name, clear, "status")
        except ApiError as error:
            self.kit.log(MANAGER, f"Cannot clear the nomination of {pod.namespace}/{pod.name}: {error.message}")


def _set_condition(obj: Json, type_: str, status: str, reason: str, message: str, now: str) -> None:
    """Set a condition of a pod; its time changes with its status only."""
    conditions = obj.setdefault("status", {}).setdefault("conditions", [])
    new: Json = {"type": type_, "status": status, "lastProbeTime": None, "lastTransitionTime": now}
    new |= {"reason": reason, "message": message}
    if obj["metadata"].get("generation"):
        new["observedGeneration"] = obj["metadata"]["generation"]
    for index, condition in enumerate(conditions):
        if condition["type"] == type_:
            if condition["status"] == status:
                new["lastTransitionTime"] = condition.get("lastTransitionTime")
            conditions[index] = clone(new)
            return
    conditions.append(new)
