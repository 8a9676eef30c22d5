"""Keeping so many pods alike: what ReplicaSet and ReplicationController share (upstream: ``replica_set.go``).

Pods are created in batches that double while all goes well (slow start), deleted by rank. The status is that of the pods
found before anything was created or deleted; the changes lead to the next pass.
"""

from collections.abc import Sequence
from typing import ClassVar

from k8s_tutor.apimachinery.labels import Selector
from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers import conditions
from k8s_tutor.sim.controllers.adoption import Claims
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.controllers.podcontrol import PodControl, ends_with_namespace, slow_start
from k8s_tutor.sim.controllers.pods import (
    deletion_rank,
    is_active,
    is_available,
    is_finished,
    is_ready,
    is_terminating,
    next_available,
)
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

BURST = 500
CROWD = 100
CROWD_SECONDS = 0.0002


class ReplicaManager(Controller):
    """Base of the two.

    Class attributes:
        resource, kind, api_version: of the owners.
    """

    resource: ClassVar[str]
    kind: ClassVar[str]

    def setup(self) -> None:
        self._pods = owner_index(self.client.store, "pods")
        self._pod_control = PodControl(self.client, self.events)
        self.watch(self.resource, self._owner_changed)
        self.watch("pods", self._pod_changed)
        self.watch_orphans("pods", self.resource, self.selector_of)

    def selector_of(self, owner: Json) -> Selector:
        """Return the owner's selector."""
        raise NotImplementedError

    def related(self, owner: Json) -> list[Json]:
        """Return the owners among whose pods crowding on a node is counted."""
        return [owner]

    def _owner_changed(self, event: Event) -> None:
        if event.type != "DELETED":
            self.enqueue(event.obj)

    def _pod_changed(self, event: Event) -> None:
        self.queue_owner(event.obj)
        if event.old is not None:
            self.queue_owner(event.old.obj)

    def queue_owner(self, pod: Json) -> None:
        """Queue the pod's owner, if it is of this kind."""
        owner = controller_of(pod)
        if owner and owner["kind"] == self.kind:
            key = (pod["metadata"].get("namespace", ""), owner["name"])
            count = self._pods.count(owner["uid"])
            # A pass looks at every pod: with a crowd, changes are gathered.
            self.queue.add_after(key, count * CROWD_SECONDS if count > CROWD else 0)

    def reconcile(self, namespace: str, name: str) -> None:
        owner = self.client.get(self.resource, name, namespace)
        if owner is None:
            return
        uid = owner["metadata"]["uid"]
        found = self._pods.owned(uid)
        terminating = sum(is_terminating(pod) and not is_finished(pod) for pod in found)
        claims = Claims(self.client, "pods", owner, self.selector_of(owner))
        orphans = (pod for pod in self._pods.orphans(namespace) if is_active(pod))
        active = claims.claim((pod for pod in found if is_active(pod)), orphans)
        if claims.adopted:
            return  # what adopting has changed brings the next pass
        failure: ApiError | None = None
        if not is_terminating(owner):
            failure = self._manage(owner, active)
        self._update_status(owner, active, terminating, failure)
        if failure is not None:
            raise failure
        wait = next_available(active, owner["spec"].get("minReadySeconds", 0), self.clock.now())
        if wait is not None:
            self.queue.add_after((namespace, name), wait)

    # -- creating and deleting

    def _manage(self, owner: Json, active: Sequence[Json]) -> ApiError | None:
        wanted = owner["spec"].get("replicas", 1)
        difference = len(active) - wanted
        if difference < 0:
            return self._create(owner, min(-difference, BURST))
        if difference > 0:
            return self._delete(owner, active, min(difference, BURST))
        return None

    def _create(self, owner: Json, count: int) -> ApiError | None:
        template = owner["spec"]["template"]
        _, failure = slow_start(count, lambda _: self._pod_control.create(owner, template))
        return None if failure is not None and ends_with_namespace(failure) else failure

    def _delete(self, owner: Json, active: Sequence[Json], count: int) -> ApiError | None:
        failure: ApiError | None = None
        for pod in self.victims(owner, active, count):
            failure = self._pod_control.delete(owner, pod) or failure
        return failure

    def victims(self, owner: Json, active: Sequence[Json], count: int) -> Sequence[Json]:
        """Return the pods to delete, by rank."""
        if count >= len(active):
            return active
        crowd: dict[str, int] = {}
        for other in self.related(owner):
            for pod in self._pods.owned(other["metadata"]["uid"]):
                if is_active(pod):
                    node = pod["spec"].get("nodeName", "")
                    crowd[node] = crowd.get(node, 0) + 1
        now = self.clock.now()
        ranked = sorted(active, key=lambda pod: deletion_rank(pod, crowd.get(pod["spec"].get("nodeName", ""), 0), now))
        return ranked[:count]

    # -- status

    def _update_status(self, owner: Json, active: Sequence[Json], terminating: int, failure: ApiError | None) -> None:
        current = self.client.get(self.resource, owner["metadata"]["name"], owner["metadata"]["namespace"])
        if current is None or current["metadata"]["uid"] != owner["metadata"]["uid"]:
            return
        status = self._status(owner, active, terminating, failure)
        old = current.get("status") or {}
        generation = owner["metadata"].get("generation", 0)
        if {key: value for key, value in old.items() if key != "observedGeneration"} == status and (
            old.get("observedGeneration", 0) == generation
        ):
            return
        new = clone(current)
        new["status"] = status | {"observedGeneration": generation}
        self.client.update_status(self.resource, new)

    def _status(self, owner: Json, active: Sequence[Json], terminating: int, failure: ApiError | None) -> Json:
        now = self.clock.now()
        labels = ((owner["spec"].get("template") or {}).get("metadata") or {}).get("labels") or {}
        seconds = owner["spec"].get("minReadySeconds", 0)
        counts = {
            "fullyLabeledReplicas": sum(_has(pod, labels) for pod in active),
            "readyReplicas": sum(map(is_ready, active)),
            "availableReplicas": sum(is_available(pod, seconds, now) for pod in active),
        }
        status: Json = {"replicas": len(active)} | {key: value for key, value in counts.items() if value}
        self.add_terminating(status, terminating)
        old = (owner.get("status") or {}).get("conditions")
        if old:
            status["conditions"] = list(old)
        failed = conditions.get(status, "ReplicaFailure")
        if failure is not None and failed is None:
            short = len(active) < owner["spec"].get("replicas", 1)
            new = {
                "type": "ReplicaFailure",
                "status": "True",
                "lastTransitionTime": rfc3339(now),
                "reason": "FailedCreate" if short else "FailedDelete",
                "message": failure.message,
            }
            conditions.set_moving(status, new)
        elif failure is None and failed is not None:
            conditions.remove(status, "ReplicaFailure")
        return status

    def add_terminating(self, status: Json, terminating: int) -> None:
        """Tell how many pods are being deleted, where the kind's status has a field for it."""


def _has(pod: Json, labels: Json) -> bool:
    own = pod["metadata"].get("labels") or {}
    return all(own.get(key) == value for key, value in labels.items())
