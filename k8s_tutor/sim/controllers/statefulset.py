"""The StatefulSet controller: pods with names and claims of their own, one after the other.

Upstream: ``pkg/controller/statefulset``. Ordered sets wait for each pod to be ready before the next is made, and for each
to be gone before the next is deleted; parallel ones do not. Updates go from the highest ordinal down to the partition.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.adoption import Claims
from k8s_tutor.sim.controllers.base import Controller, selector_of
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.controllers.pods import from_template, is_ready, is_terminating, next_available, phase
from k8s_tutor.sim.controllers.revisions import History, by_name, template_of
from k8s_tutor.sim.controllers.scaled import scaled
from k8s_tutor.sim.controllers.setpass import SetPass
from k8s_tutor.sim.controllers.statefulset_claims import SetClaims, mount
from k8s_tutor.sim.controllers.templatehash import data_hash
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

SETS = "statefulsets.apps"
REVISION_LABEL = "controller-revision-hash"
NAME_LABEL = "statefulset.kubernetes.io/pod-name"
INDEX_LABEL = "apps.kubernetes.io/pod-index"
_COUNTS = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")


class _Wait(Exception):  # noqa: N818 - not an error: this pass is over
    """An ordered set has to wait for a pod."""


def ordinal(pod: Json, set_: Json) -> int:
    """Return the pod's ordinal, or -1 if it is not named as one of the set's."""
    parent, _, number = pod["metadata"]["name"].rpartition("-")
    return int(number) if parent == set_["metadata"]["name"] and number.isdigit() else -1


def revision_of(pod: Json) -> str:
    """Return the name of the revision a pod was made from."""
    return str((pod["metadata"].get("labels") or {}).get(REVISION_LABEL, ""))


@dataclass(slots=True)
class _Pass(SetPass):
    current: Json
    update: Json
    replicas: list[Json | None]
    condemned: list[Json]
    start: int

    @property
    def ordered(self) -> bool:
        return bool(self.set["spec"].get("podManagementPolicy") != "Parallel")

    @property
    def rolls(self) -> bool:
        return bool(self.set["spec"]["updateStrategy"].get("type", "RollingUpdate") == "RollingUpdate")

    def unavailable(self, pod: Json | None) -> bool:
        return pod is None or is_terminating(pod) or not self.available(pod)


class StatefulSetController(Controller):
    """Keeps StatefulSets."""

    name = "statefulset-controller"

    def setup(self) -> None:
        self._pods = owner_index(self.client.store, "pods")
        self._history = History(self.client, "controller.kubernetes.io/hash", data_hash)
        self._claims = SetClaims(self.client, self.events)
        self.watch(SETS, self._changed)
        self.watch_owned("pods", "StatefulSet")
        self.watch_orphans("pods", SETS)

    def _changed(self, event: Event) -> None:
        if event.type != "DELETED":
            self.enqueue(event.obj)

    # -- one pass

    def reconcile(self, namespace: str, name: str) -> None:
        set_ = self.client.get(SETS, name, namespace)
        if set_ is None:
            return
        if not is_terminating(set_):
            self._history.adopt(set_)
        claims = Claims(self.client, "pods", set_, selector_of(set_))
        orphans = (pod for pod in self._pods.orphans(namespace) if ordinal(pod, set_) >= 0)
        pods = claims.claim(self._pods.owned(set_["metadata"]["uid"]), orphans)
        status, failure = self._update(set_, pods)
        self._write_status(set_, status)
        live = {revision_of(pod) for pod in pods} | {status["currentRevision"], status["updateRevision"]}
        self._history.truncate(set_, live)
        if failure is not None:
            raise failure
        wait = next_available(pods, int(set_["spec"].get("minReadySeconds") or 0), self.clock.now())
        if wait is not None:
            self.queue.add_after((namespace, name), wait)

    def _update(self, set_: Json, pods: Sequence[Json]) -> tuple[Json, ApiError | None]:
        """Do what can be done now; returns the status it leads to."""
        old = set_.get("status") or {}
        update, collisions = self._history.current(set_, old.get("collisionCount", 0))
        current = by_name(self._history.of(set_), old.get("currentRevision", "")) or update
        this = self._sort(set_, current, update, pods)
        status: Json = {
            "observedGeneration": set_["metadata"].get("generation", 0),
            "currentRevision": current["metadata"]["name"],
            "updateRevision": update["metadata"]["name"],
            "collisionCount": collisions,
        }
        if old.get("conditions"):
            status["conditions"] = old["conditions"]
        status |= self._counts(this, pods)
        if is_terminating(set_):
            return status, None
        failure: ApiError | None = None
        try:
            self._scale(this)
        except _Wait:
            return status | self._counts(this), None
        except ApiError as error:
            failure = error
        status |= self._counts(this)
        if failure is None and this.rolls:
            status["currentReplicas"] -= self._roll(this)
        return status, failure

    def _sort(self, set_: Json, current: Json, update: Json, pods: Sequence[Json]) -> _Pass:
        start = (set_["spec"].get("ordinals") or {}).get("start", 0)
        count = set_["spec"].get("replicas", 1)
        replicas: list[Json | None] = [None] * count
        condemned = []
        for pod in pods:
            number = ordinal(pod, set_)
            if start <= number < start + count:
                replicas[number - start] = pod
            elif number >= 0:
                condemned.append(pod)
        condemned.sort(key=lambda pod: ordinal(pod, set_), reverse=True)
        return _Pass(set_, self.clock.now(), current, update, replicas, condemned, start)

    def _counts(self, this: _Pass, pods: Sequence[Json] | None = None) -> Json:
        """Count pods by state and revision, of those listed or of those known now."""
        if pods is None:
            pods = [pod for pod in (*this.replicas, *this.condemned) if pod is not None]
        counts = dict.fromkeys(_COUNTS, 0)
        for pod in pods:
            counts["replicas"] += 1
            if phase(pod) == "Running" and is_ready(pod):
                counts["readyReplicas"] += 1
                counts["availableReplicas"] += this.available(pod)
            if not is_terminating(pod):
                counts["currentReplicas"] += revision_of(pod) == this.current["metadata"]["name"]
                counts["updatedReplicas"] += revision_of(pod) == this.update["metadata"]["name"]
        return counts

    def _scale(self, this: _Pass) -> None:
        """Make what is missing, then delete what is too much; an ordered set stops at the first that is not settled."""
        for index in range(len(this.replicas)):
            self._settle(this, index)
        everyone = [pod for pod in (*this.replicas, *reversed(this.condemned)) if pod is not None]
        first = next((pod for pod in everyone if this.unavailable(pod)), None)
        for pod in this.condemned:
            self._claims.own(this.set, pod, condemned=True)
        for pod in this.condemned:
            if is_terminating(pod):
                if this.ordered:
                    raise _Wait
                continue
            if this.ordered and pod is not first and not this.available(pod):
                raise _Wait
            self._delete(this.set, pod)
            if this.ordered:
                raise _Wait

    def _settle(self, this: _Pass, index: int) -> None:
        pod = this.replicas[index]
        if pod is not None and phase(pod) in {"Failed", "Succeeded"}:
            if not is_terminating(pod):
                self._delete(this.set, pod)
            if this.ordered:
                raise _Wait
            return
        if pod is None:
            self._create(this, this.start + index)  # counted from the next pass on
            if this.ordered:
                raise _Wait
            return
        if phase(pod) == "Pending":
            self._claims.create(this.set, pod["metadata"]["name"])
        if this.ordered and (is_terminating(pod) or not this.available(pod)):
            raise _Wait
        self._claims.own(this.set, pod, condemned=False)

    def _create(self, this: _Pass, number: int) -> None:
        old = int(this.rolling.get("partition") or 0)
        if not this.rolling and this.rolls:
            old = (this.set.get("status") or {}).get("currentReplicas", 0)
        revision = this.current if number < this.start + old else this.update
        set_, meta = this.set, this.set["metadata"]
        name = f"{meta['name']}-{number}"
        pod = from_template(template_of(revision), set_)
        pod["metadata"]["name"] = name
        pod["metadata"].setdefault("labels", {}).update(
            {NAME_LABEL: name, INDEX_LABEL: str(number), REVISION_LABEL: revision["metadata"]["name"]}
        )
        pod["spec"]["hostname"] = name
        if set_["spec"].get("serviceName"):
            pod["spec"]["subdomain"] = set_["spec"]["serviceName"]
        mount(pod, set_)
        try:
            self._claims.create(set_, name)
            made = self.client.create("pods", pod)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                self._tell(set_, name, "Create", error)
            raise
        self._claims.own(set_, made, condemned=False)
        self._tell(set_, name, "Create")

    def _delete(self, set_: Json, pod: Json) -> None:
        meta = pod["metadata"]
        try:
            self.client.delete("pods", meta["name"], meta["namespace"])
        except ApiError as error:
            if error.code == 404:
                return
            self._tell(set_, meta["name"], "Delete", error)
            raise
        self._tell(set_, meta["name"], "Delete")

    def _tell(self, set_: Json, pod_name: str, verb: str, error: ApiError | None = None) -> None:
        what = f"{verb} Pod {pod_name} in StatefulSet {set_['metadata']['name']}"
        if error is None:
            self.events.event(set_, "Normal", f"Successful{verb}", f"{what} successful")
        else:
            self.events.event(set_, "Warning", f"Failed{verb}", f"{what} failed error: {error.message}")

    # -- updating

    def _roll(self, this: _Pass) -> int:
        """Delete pods of old revisions, within what may be unavailable; returns how many."""
        count = len(this.replicas)
        most = max(1, scaled(this.rolling.get("maxUnavailable", 1), count, round_up=True))
        down = sum(this.unavailable(pod) for pod in this.replicas)
        targets = [pod for pod in reversed(this.replicas[int(this.rolling.get("partition") or 0) :]) if pod is not None]
        update = this.update["metadata"]["name"]
        old = [pod for pod in targets if revision_of(pod) != update and not is_terminating(pod)]
        deleted = 0
        if not this.ordered:
            for pod in [pod for pod in old if not this.available(pod)]:
                self._delete(this.set, pod)
                old.remove(pod)
                deleted += 1
        for pod in old[: max(0, most - down)]:
            self._delete(this.set, pod)
            deleted += 1
        return deleted

    def _write_status(self, set_: Json, status: Json) -> None:
        replicas = set_["spec"].get("replicas", 1)
        if status["updatedReplicas"] == status["readyReplicas"] == status["replicas"] == replicas:
            status["currentReplicas"] = status["updatedReplicas"]
            status["currentRevision"] = status["updateRevision"]
        old = set_.get("status") or {}
        watched = (*_COUNTS, "currentRevision", "updateRevision")
        if status["observedGeneration"] <= old.get("observedGeneration", 0) and all(
            status[key] == old.get(key, 0 if key in _COUNTS else None) for key in watched
        ):
            return
        current = self.client.get(SETS, set_["metadata"]["name"], set_["metadata"]["namespace"])
        if current is None:
            return
        new = clone(current)
        always = {"replicas", "availableReplicas"}
        new["status"] = {key: value for key, value in status.items() if value or key not in _COUNTS or key in always}
        self.client.update_status(SETS, new)
