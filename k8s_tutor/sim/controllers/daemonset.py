"""The DaemonSet controller: one pod on every node that wants it (upstream: ``pkg/controller/daemon``).

The scheduler binds the pods; this controller writes the node into their affinity. Updates replace pods node by node, by
deleting the old first (``maxUnavailable``) or by starting the new first (``maxSurge``).
"""

from collections.abc import Sequence

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.adoption import Claims
from k8s_tutor.sim.controllers.base import Controller, selector_of
from k8s_tutor.sim.controllers.daemonset_nodes import (
    HASH_LABEL,
    is_updated,
    node_of,
    pod_template,
    should_run,
)
from k8s_tutor.sim.controllers.daemonset_update import DaemonSetPass, roll
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.controllers.podcontrol import PodControl, ends_with_namespace, slow_start
from k8s_tutor.sim.controllers.pods import (
    is_finished,
    is_ready,
    is_terminating,
    phase,
)
from k8s_tutor.sim.controllers.revisions import History
from k8s_tutor.sim.controllers.scaled import scaled
from k8s_tutor.sim.controllers.templatehash import template_hash
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

SETS = "daemonsets.apps"
BURST = 250
FAILED_BACKOFF = (1.0, 900.0)
_ALWAYS = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")


def _hash_of_template(data: Json, collisions: int) -> str:
    template = {key: value for key, value in data["spec"]["template"].items() if key != "$patch"}
    return template_hash(template, collisions or None)


class DaemonSetController(Controller):
    """Keeps DaemonSets."""

    name = "daemonset-controller"

    def setup(self) -> None:
        self._pods = owner_index(self.client.store, "pods")
        self._pod_control = PodControl(self.client, self.events)
        self._history = History(self.client, HASH_LABEL, _hash_of_template)
        self._pauses: dict[tuple[str, str], tuple[float, float]] = {}
        self.watch(SETS, self._changed)
        self.watch_owned("pods", "DaemonSet")
        self.watch_orphans("pods", SETS)
        self.watch("nodes", self._node_changed)

    def _changed(self, event: Event) -> None:
        if event.type != "DELETED":
            self.enqueue(event.obj)

    def _node_changed(self, event: Event) -> None:
        """Labels and taints matter, not heartbeats; and only where a pod is missing, too many, or out of place."""
        node = event.obj
        if event.type == "DELETED":
            return
        if event.type == "MODIFIED" and event.old is not None:
            old = event.old.obj
            same_taints = (old.get("spec") or {}).get("taints") == (node.get("spec") or {}).get("taints")
            if same_taints and old["metadata"].get("labels") == node["metadata"].get("labels"):
                return
        for set_ in self.client.list(SETS):
            start, stay = should_run(set_, node)
            pods = self._pods.owned(set_["metadata"]["uid"])
            there = any(pod["spec"].get("nodeName") == node["metadata"]["name"] for pod in pods)
            misplaced = (set_.get("status") or {}).get("numberMisscheduled", 0)
            if (start and not there) or (there and (not stay or misplaced)):
                self.enqueue(set_)

    # -- one pass

    def reconcile(self, namespace: str, name: str) -> None:
        set_ = self.client.get(SETS, name, namespace)
        if set_ is None or is_terminating(set_):
            return
        if not any(set_["spec"]["selector"].values()):
            text = "This daemon set is selecting all pods. A non-empty selector is required."
            self.events.event(set_, "Warning", "SelectingAll", text)
            return
        self._history.adopt(set_)
        revision, _ = self._history.current(set_, (set_.get("status") or {}).get("collisionCount", 0))
        claims = Claims(self.client, "pods", set_, selector_of(set_))
        pods = claims.claim(self._pods.owned(set_["metadata"]["uid"]), self._pods.orphans(namespace))
        this = self._group(set_, pods, self._history.hash_of(revision))
        failure = self._manage(this)
        # What was just made or deleted is seen in the next pass only (upstream: expectations).
        rolls = failure is None and not this.acted
        if rolls and set_["spec"]["updateStrategy"].get("type", "RollingUpdate") == "RollingUpdate":
            failure = self._sync(this, *roll(this))
        used = {str((pod["metadata"].get("labels") or {}).get(HASH_LABEL)) for pod in pods} - {this.hash}
        used &= {self._history.hash_of(one) for one in self._history.of(set_)}
        self._history.truncate(set_, used | {this.hash}, count_used=used)
        if not (set_.get("status") or {}).get("observedGeneration"):
            # A new set's first status tells of the pods it has just made; later ones of what was there before.
            this = self._group(set_, self._pods.owned(set_["metadata"]["uid"]), this.hash)
        self._write_status(this)
        if failure is not None:
            raise failure

    def _group(self, set_: Json, pods: Sequence[Json], revision_hash: str) -> DaemonSetPass:
        by_node: dict[str, list[Json]] = {}
        for pod in pods:
            if not (is_finished(pod) and is_terminating(pod)):
                by_node.setdefault(node_of(pod), []).append(pod)
        return DaemonSetPass(set_, self.clock.now(), self.client.list("nodes"), by_node, revision_hash)

    def _manage(self, this: DaemonSetPass) -> ApiError | None:
        """Start pods on nodes without one; delete those that are too many, ended, or not wanted."""
        needing: list[str] = []
        surplus: list[Json] = []
        for node in this.nodes:
            name = node["metadata"]["name"]
            start, stay = should_run(this.set, node)
            pods = this.pods.get(name, [])
            if start and not pods:
                needing.append(name)
            elif stay:
                running = self._running(this, name, pods, surplus)
                if this.rolling.get("maxSurge") and self._surges(this):
                    if not running and start:
                        needing.append(name)
                    surplus += self._surplus_of_surge(this, running)
                else:
                    surplus += this.oldest_first(running)[1:]
            else:
                surplus += [pod for pod in pods if not is_terminating(pod)]
        known = {node["metadata"]["name"] for node in this.nodes}
        for name, pods in this.pods.items():
            if name not in known:
                surplus += [pod for pod in pods if not pod["spec"].get("nodeName") and not is_terminating(pod)]
        return self._sync(this, surplus, needing)

    def _surges(self, this: DaemonSetPass) -> bool:
        return scaled(this.rolling.get("maxSurge"), len(this.nodes), round_up=True) > 0

    def _running(self, this: DaemonSetPass, node: str, pods: Sequence[Json], surplus: list[Json]) -> list[Json]:
        found = []
        for pod in pods:
            if is_terminating(pod):
                continue
            meta = pod["metadata"]
            what = f"daemon pod {meta['namespace']}/{meta['name']} on node {node}"
            if phase(pod) == "Failed":
                if self._in_backoff(this, node):
                    continue
                self.events.event(this.set, "Warning", "FailedDaemonPod", f"Found failed {what}, will try to kill it")
                surplus.append(pod)
            elif phase(pod) == "Succeeded":
                text = f"Found succeeded {what}, will try to delete it"
                self.events.event(this.set, "Normal", "SucceededDaemonPod", text)
                surplus.append(pod)
            else:
                found.append(pod)
        return found

    def _in_backoff(self, this: DaemonSetPass, node: str) -> bool:
        """A failed pod is replaced after 1 s, the next after 2 s … 15 min."""
        key = (this.set["metadata"]["uid"], node)
        first, most = FAILED_BACKOFF
        delay, since = self._pauses.get(key, (0.0, 0.0))
        if delay and this.now < since + delay:
            meta = this.set["metadata"]
            self.queue.add_after((meta["namespace"], meta["name"]), since + delay - this.now)
            return True
        forgotten = this.now - since > 2 * most
        self._pauses[key] = (first if not delay or forgotten else min(delay * 2, most), this.now)
        return False

    def _surplus_of_surge(self, this: DaemonSetPass, running: Sequence[Json]) -> list[Json]:
        """Of several pods on a node the oldest new and the oldest old may stay, until the new one is available."""
        surplus: list[Json] = []
        new: Json | None = None
        old: Json | None = None
        for pod in this.oldest_first(running):
            if is_updated(pod, this.hash) and new is None:
                new = pod
            elif not is_updated(pod, this.hash) and old is None:
                old = pod
            else:
                surplus.append(pod)
        if new is not None and old is not None and (not is_ready(old) or this.available(new)):
            surplus.append(old)
        return surplus

    def _sync(self, this: DaemonSetPass, delete: Sequence[Json], needing: Sequence[str]) -> ApiError | None:
        needing = needing[:BURST]
        this.acted = bool(needing or delete)

        def create(number: int) -> ApiError | None:
            error = self._pod_control.create(this.set, pod_template(this.set, this.hash, needing[number]))
            return None if error is not None and ends_with_namespace(error) else error

        _, failure = slow_start(len(needing), create)
        for pod in delete[:BURST]:
            failure = self._pod_control.delete(this.set, pod) or failure
        return failure

    # -- status

    def _write_status(self, this: DaemonSetPass) -> None:
        set_ = this.set
        counts = dict.fromkeys((*_ALWAYS, "updatedNumberScheduled", "numberAvailable", "numberUnavailable"), 0)
        for node in this.nodes:
            pods = this.pods.get(node["metadata"]["name"])
            if not should_run(set_, node)[0]:
                counts["numberMisscheduled"] += bool(pods)
                continue
            counts["desiredNumberScheduled"] += 1
            if pods:
                first = this.oldest_first(pods)[0]
                counts["currentNumberScheduled"] += 1
                counts["numberReady"] += is_ready(first)
                counts["numberAvailable"] += this.available(first)
                counts["updatedNumberScheduled"] += is_updated(first, this.hash)
        counts["numberUnavailable"] = counts["desiredNumberScheduled"] - counts["numberAvailable"]
        old = set_.get("status") or {}
        generation = set_["metadata"].get("generation", 0)
        if all(old.get(key, 0) == value for key, value in counts.items()) and (
            old.get("observedGeneration", 0) >= generation
        ):
            return
        new = clone(set_)
        status = {key: value for key, value in counts.items() if value or key in _ALWAYS}
        kept = {key: old[key] for key in ("collisionCount", "conditions") if key in old}
        new["status"] = status | kept | {"observedGeneration": generation}
        self.client.update_status(SETS, new)
        if this.seconds and counts["numberReady"] != counts["numberAvailable"]:
            self.queue.add_after((set_["metadata"]["namespace"], set_["metadata"]["name"]), float(this.seconds))
