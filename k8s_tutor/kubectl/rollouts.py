"""Revisions of Deployments, DaemonSets and StatefulSets (kubectl, ``polymorphichelpers``: history, rollback, status)."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import APIResource, Client
from k8s_tutor.kubectl.text import set_based

REVISION = "deployment.kubernetes.io/revision"
CHANGE_CAUSE = "kubernetes.io/change-cause"
HASH = "pod-template-hash"


def owned_replica_sets(client: Client, deployment: Json) -> list[Json]:
    """Return the ReplicaSets that a Deployment controls, oldest first."""
    metadata, spec = deployment.get("metadata", {}), deployment.get("spec", {})
    path = f"/apis/apps/v1/namespaces/{metadata.get('namespace', '')}/replicasets"
    found = client.list(path, labelSelector=set_based(spec.get("selector")))
    return sorted(_controlled(found, metadata.get("uid")), key=_age)


def controller_revisions(client: Client, owner: Json) -> list[Json]:
    """Return the ControllerRevisions of a DaemonSet or StatefulSet, by revision."""
    metadata, spec = owner.get("metadata", {}), owner.get("spec", {})
    path = f"/apis/apps/v1/namespaces/{metadata.get('namespace', '')}/controllerrevisions"
    found = client.list(path, labelSelector=set_based(spec.get("selector")))
    return sorted(_controlled(found, metadata.get("uid")), key=lambda one: one.get("revision", 0))


def same_template(replica_set: Json, deployment: Json) -> bool:
    """Whether a ReplicaSet runs the Deployment's present template; the hash label does not count."""
    return without_hash(replica_set["spec"].get("template")) == without_hash(deployment["spec"].get("template"))


def without_hash(template: Json | None) -> Json:
    """Return a template without the label that the controller adds."""
    template = template or {}
    metadata = template.get("metadata") or {}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH}
    return {**template, "metadata": {**metadata, "labels": labels, "creationTimestamp": None}}


def revision(replica_set: Json) -> int:
    """Return a ReplicaSet's or Deployment's revision, 0 if it has none."""
    text = (replica_set.get("metadata", {}).get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdigit() else 0


def change_cause(body: Json) -> str:
    """Return why a revision was made."""
    return (body.get("metadata", {}).get("annotations") or {}).get(CHANGE_CAUSE) or "<none>"


def _controlled(found: list[Json], uid: str | None) -> list[Json]:
    return [
        one
        for one in found
        if any(
            owner.get("controller") and owner.get("uid") == uid
            for owner in one["metadata"].get("ownerReferences") or ()
        )
    ]


def _age(body: Json) -> tuple[str, str]:
    return body["metadata"].get("creationTimestamp", ""), body["metadata"].get("name", "")


def unvisited(what: str, resource: APIResource) -> str:
    """Return the refusal of a kind that has no rollouts (kubectl, ``apps.GroupKindElement``)."""
    group = resource.group
    kind = f"{resource.kind}.{group}" if group else resource.kind
    return f'error retrieving {what} for "{kind}", no visitor method exists for {{{group} {resource.kind}}}'
