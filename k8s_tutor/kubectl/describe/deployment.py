"""Deployment, with its old and new ReplicaSets."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.templates import write_conditions, write_template
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.rollouts import owned_replica_sets, same_template
from k8s_tutor.kubectl.text import long_time, set_based

GROUP = "apps"


def describe(view: View, body: Json) -> None:
    """Describe a deployment."""
    metadata, spec, status = body.get("metadata", {}), body.get("spec", {}), body.get("status") or {}
    view.heading(body, labels=False)
    view.field(0, "CreationTimestamp", long_time(metadata.get("creationTimestamp")))
    view.labels("Labels", metadata.get("labels"))
    view.annotations("Annotations", metadata.get("annotations"))
    view.field(0, "Selector", set_based(spec.get("selector")))
    view.field(
        0,
        "Replicas",
        f"{spec.get('replicas', 1)} desired | {status.get('updatedReplicas', 0)} updated | {status.get('replicas', 0)} "
        f"total | {status.get('availableReplicas', 0)} available | {status.get('unavailableReplicas', 0)} unavailable",
    )
    strategy = spec.get("strategy") or {}
    view.field(0, "StrategyType", strategy.get("type", ""))
    view.field(0, "MinReadySeconds", spec.get("minReadySeconds", 0))
    rolling = strategy.get("rollingUpdate")
    if rolling:
        text = f"{rolling.get('maxUnavailable', '')} max unavailable, {rolling.get('maxSurge', '')} max surge"
        view.field(0, "RollingUpdateStrategy", text)
    write_template(view, spec.get("template"))
    write_conditions(view, body)
    _replica_sets(view, body)
    write_events(view, body)


def _replica_sets(view: View, body: Json) -> None:
    sets = owned_replica_sets(view.call.client, body)
    new = [one for one in sets if same_template(one, body)][:1]
    old = [one for one in sets if one not in new]
    if old or new:
        view.field(0, "OldReplicaSets", _shown(old))
        view.field(0, "NewReplicaSet", _shown(new))


def _shown(sets: list[Json]) -> str:
    texts = [
        f"{one['metadata']['name']} ({(one.get('status') or {}).get('replicas', 0)}/{one['spec'].get('replicas', 0)} "
        "replicas created)"
        for one in sets
    ]
    return ", ".join(texts) or "<none>"
