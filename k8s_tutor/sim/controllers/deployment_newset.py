"""The ReplicaSet of a Deployment's present template: found, brought up to date, or made (upstream: ``deployment/sync.go``)."""

from collections.abc import Sequence

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.controllers import conditions
from k8s_tutor.sim.controllers import deployment_scaling as scaling
from k8s_tutor.sim.controllers import deployment_status as statuses
from k8s_tutor.sim.controllers.podcontrol import ends_with_namespace
from k8s_tutor.sim.controllers.templatehash import template_hash
from k8s_tutor.sim.machinery.meta import controller_reference
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.client import LocalClient

DEPLOYMENTS = "deployments.apps"
REPLICA_SETS = "replicasets.apps"
MAX_NAME = 253


class NewReplicaSets:
    """Finds and makes new ReplicaSets, and numbers them.

    Args:
        client: the controller's.
        events: the controller's.
        clock: the cluster's time.
    """

    def __init__(self, client: LocalClient, events: Recorder, clock: Clock) -> None:
        self._client = client
        self._events = events
        self._clock = clock

    def new_and_old(
        self, deployment: Json, sets: Sequence[Json], *, create: bool = False
    ) -> tuple[Json | None, list[Json]]:
        """Return the ReplicaSet of the present template (made if asked) and all others; revisions are brought up to date."""
        new = scaling.find_new(deployment, sets)
        old = [rs for rs in sets if new is None or rs["metadata"]["uid"] != new["metadata"]["uid"]]
        next_revision = max(map(scaling.revision, old), default=0) + 1
        if new is not None:
            return self._sync_new(deployment, new, next_revision), old
        return (self._create_new(deployment, old, next_revision) if create else None), old

    def _sync_new(self, deployment: Json, new: Json, next_revision: int) -> Json:
        copy = clone(new)
        seconds = deployment["spec"].get("minReadySeconds", 0)
        changed = scaling.sync_annotations(deployment, copy, next_revision, exists=True)
        if changed or copy["spec"].get("minReadySeconds", 0) != seconds:
            copy["spec"].pop("minReadySeconds", None)
            if seconds:
                copy["spec"]["minReadySeconds"] = seconds
            return self._client.update(REPLICA_SETS, copy)
        needs = self._set_revision(deployment, copy["metadata"]["annotations"][scaling.REVISION])
        status = deployment.setdefault("status", {})
        if statuses.has_deadline(deployment) and conditions.get(status, "Progressing") is None:
            text = f'Found new replica set "{copy["metadata"]["name"]}"'
            found = statuses.condition("Progressing", "True", "FoundNewReplicaSet", text, self._clock.now())
            conditions.set_moving(status, found)
            needs = True
        if needs:
            self._client.update_status(DEPLOYMENTS, clone(deployment))
        return new

    def _set_revision(self, deployment: Json, revision: str) -> bool:
        annotations = deployment["metadata"].setdefault("annotations", {})
        if annotations.get(scaling.REVISION) == revision:
            return False
        annotations[scaling.REVISION] = revision
        return True

    def _create_new(self, deployment: Json, old: Sequence[Json], revision: int) -> Json:
        new = self._make(deployment)
        count = scaling.new_size(deployment, scaling.wanted_total(old), 0)
        new["spec"]["replicas"] = count
        scaling.sync_annotations(deployment, new, revision, exists=False)
        name = new["metadata"]["name"]
        try:
            made = self._client.create(REPLICA_SETS, new)
        except ApiError as error:
            self._not_created(deployment, name, error)
            raise
        if count > 0:
            text = f"Scaled up replica set {name} from 0 to {count}"
            self._events.event(deployment, "Normal", "ScalingReplicaSet", text)
        self._set_revision(deployment, str(revision))
        if statuses.has_deadline(deployment):
            text = f'Created new replica set "{name}"'
            found = statuses.condition("Progressing", "True", "NewReplicaSetCreated", text, self._clock.now())
            conditions.set_moving(deployment.setdefault("status", {}), found)
        self._client.update_status(DEPLOYMENTS, clone(deployment))
        return made

    def _make(self, deployment: Json) -> Json:
        meta, spec = deployment["metadata"], deployment["spec"]
        hashed = template_hash(spec["template"], (deployment.get("status") or {}).get("collisionCount"))
        template, selector = clone(spec["template"]), clone(spec["selector"])
        labels = template.setdefault("metadata", {}).setdefault("labels", {})
        labels[scaling.HASH_LABEL] = hashed
        selector.setdefault("matchLabels", {})[scaling.HASH_LABEL] = hashed
        new_spec = {"replicas": 0, "selector": selector, "template": template}
        if spec.get("minReadySeconds"):
            new_spec["minReadySeconds"] = spec["minReadySeconds"]
        return {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{meta['name'][: MAX_NAME - 1 - len(hashed)]}-{hashed}",
                "namespace": meta["namespace"],
                "labels": dict(labels),
                "ownerReferences": [controller_reference(deployment)],
            },
            "spec": new_spec,
        }

    def _not_created(self, deployment: Json, name: str, error: ApiError) -> None:
        status = deployment.setdefault("status", {})
        if error.reason == "AlreadyExists":  # another template with the same hash: try with another one
            status["collisionCount"] = status.get("collisionCount", 0) + 1
            self._client.update_status(DEPLOYMENTS, clone(deployment))
            return
        if ends_with_namespace(error):
            return
        text = f'Failed to create new replica set "{name}": {error.message}'
        if statuses.has_deadline(deployment):
            found = statuses.condition("Progressing", "False", "ReplicaSetCreateError", text, self._clock.now())
            conditions.set_moving(status, found)
            self._client.update_status(DEPLOYMENTS, clone(deployment))
        self._events.event(deployment, "Warning", "ReplicaSetCreateError", text)
