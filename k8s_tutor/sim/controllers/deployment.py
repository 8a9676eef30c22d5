"""The Deployment controller: rolls from one ReplicaSet to the next (upstream: ``pkg/controller/deployment``).

One pass does one step: make the new ReplicaSet or scale it up; else scale old ones down; then tell the status. As
upstream, a pass that has already written the Deployment (its revision) fails on its second write and is repeated: the
states that this shows in between are part of what a watcher sees of a rollout.
"""

from collections.abc import Sequence

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers import conditions
from k8s_tutor.sim.controllers import deployment_rollback as rollback
from k8s_tutor.sim.controllers import deployment_scaling as scaling
from k8s_tutor.sim.controllers import deployment_status as statuses
from k8s_tutor.sim.controllers.adoption import Claims
from k8s_tutor.sim.controllers.base import Controller, selector_of
from k8s_tutor.sim.controllers.deployment_newset import DEPLOYMENTS, REPLICA_SETS, NewReplicaSets
from k8s_tutor.sim.controllers.index import owner_index
from k8s_tutor.sim.controllers.pods import created, is_finished, is_terminating
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.machinery.store import Event

SELECTING_ALL = "This deployment is selecting all pods. A non-empty selector is required."


class DeploymentController(Controller):
    """Rolls Deployments out."""

    name = "deployment-controller"

    def setup(self) -> None:
        store = self.client.store
        self._sets = owner_index(store, REPLICA_SETS)
        self._pods = owner_index(store, "pods")
        self._new_sets = NewReplicaSets(self.client, self.events, self.clock)
        self.watch(DEPLOYMENTS, self._changed)
        self.watch(REPLICA_SETS, self._set_changed)
        self.watch_orphans(REPLICA_SETS, DEPLOYMENTS)
        self.watch("pods", self._pod_changed)

    def _changed(self, event: Event) -> None:
        if event.type != "DELETED":
            self.enqueue(event.obj)

    def _set_changed(self, event: Event) -> None:
        for obj in (event.obj, event.old.obj if event.old else None):
            owner = controller_of(obj) if obj else None
            if obj and owner and owner["kind"] == "Deployment":
                # A turn later: the ReplicaSet's own controller has already begun to act on the change by then.
                self.clock.call_soon(self.queue.add, (obj["metadata"]["namespace"], owner["name"]))

    def _pod_changed(self, event: Event) -> None:
        """A Recreate rollout goes on when the last old pod is gone."""
        if event.type != "DELETED":
            return
        owner = controller_of(event.obj)
        if not owner or owner["kind"] != "ReplicaSet":
            return
        namespace = event.obj["metadata"]["namespace"]
        replica_set = self.client.get(REPLICA_SETS, owner["name"], namespace)
        parent = controller_of(replica_set) if replica_set else None
        deployment = self.client.get(DEPLOYMENTS, parent["name"], namespace) if parent else None
        if deployment and not scaling.is_rolling(deployment):
            self.enqueue(deployment)

    # -- one pass

    def reconcile(self, namespace: str, name: str) -> None:
        stored = self.client.get(DEPLOYMENTS, name, namespace)
        if stored is None:
            return
        deployment = clone(stored)
        spec = deployment["spec"]
        if not any(spec["selector"].values()):
            self.events.event(stored, "Warning", "SelectingAll", SELECTING_ALL)
            return
        claims = Claims(self.client, REPLICA_SETS, stored, selector_of(stored))
        sets = claims.claim(self._sets.owned(stored["metadata"]["uid"]), self._sets.orphans(namespace))
        if is_terminating(deployment):
            self._tell_status(deployment, *self._new_sets.new_and_old(deployment, sets))
            return
        self._check_paused(deployment)
        if spec.get("paused"):
            self._scale_only(deployment, sets)
        elif rollback.wanted_revision(deployment) is not None:
            self._roll_back(deployment, sets)
        elif self._is_scaled(deployment, sets):
            self._scale_only(deployment, sets)
        elif scaling.is_rolling(deployment):
            self._roll(deployment, sets)
        else:
            self._recreate(deployment, sets)

    def _update_status(self, deployment: Json) -> None:
        self.client.update_status(DEPLOYMENTS, clone(deployment))

    def _check_paused(self, deployment: Json) -> None:
        status = deployment.setdefault("status", {})
        current = conditions.get(status, "Progressing")
        reason = current.get("reason") if current else None
        if not statuses.has_deadline(deployment) or reason == statuses.TIMED_OUT:
            return
        now, paused = self.clock.now(), bool(deployment["spec"].get("paused"))
        if paused == (reason == "DeploymentPaused"):
            return
        word = "paused" if paused else "resumed"
        new = statuses.condition("Progressing", "Unknown", f"Deployment{word.title()}", f"Deployment is {word}", now)
        conditions.set_moving(status, new)
        self._update_status(deployment)

    # -- scaling

    def _scale_set(self, replica_set: Json, count: int, deployment: Json, *, force: bool = False) -> tuple[bool, Json]:
        """Scale a ReplicaSet; returns whether it was, and how it is now."""
        before = scaling.size(replica_set)
        wanted = scaling.size_annotations(deployment)
        have = replica_set["metadata"].get("annotations") or {}
        stale = any(have.get(key) != value for key, value in wanted.items())
        if before == count and not (force and stale):
            return False, replica_set
        copy = clone(replica_set)
        copy["spec"]["replicas"] = count
        copy["metadata"].setdefault("annotations", {}).update(wanted)
        updated = self.client.update(REPLICA_SETS, copy)
        if before == count:
            return False, updated
        text = f"Scaled {'up' if before < count else 'down'} replica set {copy['metadata']['name']} from {before} to {count}"
        self.events.event(deployment, "Normal", "ScalingReplicaSet", text)
        return True, updated

    def _is_scaled(self, deployment: Json, sets: Sequence[Json]) -> bool:
        new, old = self._new_sets.new_and_old(deployment, sets)
        for rs in (*old, *((new,) if new else ())):
            desired = scaling.annotation_number(rs, scaling.DESIRED)
            if scaling.size(rs) and desired is not None and desired != deployment["spec"]["replicas"]:
                return True
        return False

    def _scale_only(self, deployment: Json, sets: Sequence[Json]) -> None:
        new, old = self._new_sets.new_and_old(deployment, sets)
        self._scale(deployment, new, old)
        if deployment["spec"].get("paused") and rollback.wanted_revision(deployment) is None:
            self._clean_up(deployment, old)
        self._tell_status(deployment, new, old)

    def _scale(self, deployment: Json, new: Json | None, old: list[Json]) -> None:
        everyone = [*old, *((new,) if new else ())]
        active = [rs for rs in everyone if scaling.size(rs)]
        if not everyone:
            return
        if len(active) <= 1:
            only = active[0] if active else new or max(old, key=created)
            self._scale_set(only, deployment["spec"]["replicas"], deployment)
        elif scaling.is_saturated(deployment, new):
            for rs in old:
                self._scale_set(rs, 0, deployment)
        elif scaling.is_rolling(deployment):
            for rs, count in scaling.proportional(deployment, active):
                self._scale_set(rs, count, deployment, force=True)

    # -- strategies

    def _roll(self, deployment: Json, sets: Sequence[Json]) -> None:
        new, old = self._new_sets.new_and_old(deployment, sets, create=True)
        if new is None:
            return
        desired = deployment["spec"]["replicas"]
        have = scaling.size(new)
        count = desired
        if have < desired:
            count = scaling.new_size(deployment, scaling.wanted_total([*old, new]), have)
        scaled, _ = self._scale_set(new, count, deployment) if have != desired else (False, new)
        if not scaled and not self._scale_down_old(deployment, new, old):
            if statuses.is_complete(deployment, deployment.get("status") or {}):
                self._clean_up(deployment, old)
        self._tell_rollout(deployment, new, old)

    def _scale_down_old(self, deployment: Json, new: Json, old: list[Json]) -> bool:
        """Scale down what may go: pods of old ReplicaSets that are unhealthy, then as many as availability allows."""
        least = deployment["spec"]["replicas"] - scaling.max_unavailable(deployment)
        missing = scaling.size(new) - scaling.counted([new], "availableReplicas")
        spare = scaling.wanted_total([*old, new]) - least - missing
        if not scaling.wanted_total(old) or spare <= 0:
            return False
        active = sorted((rs for rs in old if scaling.size(rs)), key=lambda rs: (created(rs), rs["metadata"]["name"]))
        done = 0
        for index, rs in enumerate(active):
            unhealthy = scaling.size(rs) - scaling.counted([rs], "availableReplicas")
            count = min(spare - done, unhealthy)
            if count > 0:
                _, active[index] = self._scale_set(rs, scaling.size(rs) - count, deployment)
                done += count
        more = scaling.counted([*active, new], "availableReplicas") - least
        for rs in active:
            count = min(scaling.size(rs), more)
            if count > 0:
                self._scale_set(rs, scaling.size(rs) - count, deployment)
                more -= count
                done += count
        return done > 0

    def _recreate(self, deployment: Json, sets: Sequence[Json]) -> None:
        new, old = self._new_sets.new_and_old(deployment, sets)
        scaled = False
        for index, rs in enumerate(old):
            if scaling.size(rs):
                scaled_now, old[index] = self._scale_set(rs, 0, deployment)
                scaled = scaled or scaled_now
        if scaled or self._old_pods_run(new, old):
            self._tell_rollout(deployment, new, old)
            return
        if new is None:
            new, old = self._new_sets.new_and_old(deployment, sets, create=True)
        if new is not None:
            self._scale_set(new, deployment["spec"]["replicas"], deployment)
        if statuses.is_complete(deployment, deployment.get("status") or {}):
            self._clean_up(deployment, old)
        self._tell_rollout(deployment, new, old)

    def _old_pods_run(self, new: Json | None, old: Sequence[Json]) -> bool:
        if scaling.counted(old, "replicas"):
            return True
        return any(not is_finished(pod) for rs in old for pod in self._pods.owned(rs["metadata"]["uid"]))

    def _clean_up(self, deployment: Json, old: Sequence[Json]) -> None:
        limit = deployment["spec"].get("revisionHistoryLimit")
        if limit is None or limit == statuses.NO_DEADLINE:
            return
        alive = sorted((rs for rs in old if not is_terminating(rs)), key=lambda rs: (scaling.revision(rs), created(rs)))
        for rs in alive[: max(0, len(alive) - limit)]:
            meta, status = rs["metadata"], rs.get("status") or {}
            observed = status.get("observedGeneration", 0)
            if status.get("replicas") or scaling.size(rs) or meta.get("generation", 0) > observed:
                continue
            self.client.delete(REPLICA_SETS, meta["name"], meta["namespace"])

    def _roll_back(self, deployment: Json, sets: Sequence[Json]) -> None:
        new, old = self._new_sets.new_and_old(deployment, sets, create=True)
        kind, reason, message = rollback.roll_back(deployment, [*old, *((new,) if new else ())])
        updated = self.client.update(DEPLOYMENTS, deployment)
        self.events.event(updated, kind, reason, message)

    # -- status

    def _tell_status(self, deployment: Json, new: Json | None, old: Sequence[Json]) -> None:
        everyone = [*old, *((new,) if new else ())]
        status = statuses.calculate(deployment, everyone, new, self.clock.now())
        if status != (deployment.get("status") or {}):
            self._update_status(deployment | {"status": status})

    def _tell_rollout(self, deployment: Json, new: Json | None, old: Sequence[Json]) -> None:
        now = self.clock.now()
        everyone = [*old, *((new,) if new else ())]
        status = statuses.calculate(deployment, everyone, new, now)
        statuses.add_progress(deployment, status, new, now)
        statuses.add_failure(status, everyone, new)
        if status != (deployment.get("status") or {}):
            self._update_status(deployment | {"status": status})
            return
        left = statuses.seconds_to_deadline(deployment, status, now)
        if left is not None:
            meta = deployment["metadata"]
            self.queue.add_after((meta["namespace"], meta["name"]), left + 1 if left >= 1 else 0.5)
