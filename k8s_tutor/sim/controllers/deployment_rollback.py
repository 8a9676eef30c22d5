"""Rolling a Deployment back by its deprecated annotation (upstream: ``deployment/rollback.go``)."""

from collections.abc import Sequence

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers import deployment_scaling as scaling


def wanted_revision(deployment: Json) -> int | None:
    """Return the revision that the annotation asks for; 0: the last one."""
    try:
        return int((deployment["metadata"].get("annotations") or {}).get(scaling.ROLLBACK_TO, ""))
    except ValueError:
        return None


def roll_back(deployment: Json, sets: Sequence[Json]) -> tuple[str, str, str]:
    """Give the Deployment (in place) the template of the wanted revision, if it is another; returns an event's type and words."""
    wanted = wanted_revision(deployment) or _last_revision(sets)
    found = next((rs for rs in sets if wanted and scaling.revision(rs) == wanted), None)
    deployment["metadata"].get("annotations", {}).pop(scaling.ROLLBACK_TO, None)
    name = deployment["metadata"]["name"]
    if found is None:
        text = "Unable to find the revision to rollback to." if wanted else "Unable to find last revision."
        return "Warning", "DeploymentRollbackRevisionNotFound", text
    if scaling.same_template(deployment["spec"]["template"], found["spec"]["template"]):
        text = f'The rollback revision contains the same template as current deployment "{name}"'
        return "Warning", "DeploymentRollbackTemplateUnchanged", text
    _take_template(deployment, found)
    return "Normal", "DeploymentRollback", f'Rolled back deployment "{name}" to revision {wanted}'


def _last_revision(sets: Sequence[Json]) -> int:
    revisions = sorted((scaling.revision(rs) for rs in sets), reverse=True)
    return revisions[1] if len(revisions) > 1 else 0


def _take_template(deployment: Json, replica_set: Json) -> None:
    template = clone(replica_set["spec"]["template"])
    template["metadata"].get("labels", {}).pop(scaling.HASH_LABEL, None)
    deployment["spec"]["template"] = template
    annotations = deployment["metadata"].get("annotations") or {}
    kept = {key: value for key, value in annotations.items() if key in scaling.NOT_COPIED}
    theirs = replica_set["metadata"].get("annotations") or {}
    kept |= {key: value for key, value in theirs.items() if key not in scaling.NOT_COPIED}
    deployment["metadata"]["annotations"] = kept
