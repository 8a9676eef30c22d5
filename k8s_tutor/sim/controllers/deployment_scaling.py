"""The arithmetic of rollouts, as pure functions (upstream: ``deployment/util``, ``rolling.go``, ``sync.go``)."""

from collections.abc import Iterable, Sequence

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.pods import created
from k8s_tutor.sim.controllers.scaled import fenceposts, scaled

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
ROLLBACK_TO = "deprecated.deployment.rollback.to"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
NOT_COPIED = frozenset({LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED, MAXIMUM, ROLLBACK_TO})
HASH_LABEL = "pod-template-hash"
HISTORY_CHARS = 2000


def size(replica_set: Json) -> int:
    """Return how many replicas a ReplicaSet should have."""
    return int(replica_set["spec"].get("replicas", 1))


def counted(replica_sets: Iterable[Json], field: str) -> int:
    """Sum a field of the ReplicaSets' statuses."""
    return sum((rs.get("status") or {}).get(field, 0) for rs in replica_sets)


def wanted_total(replica_sets: Iterable[Json]) -> int:
    """Sum how many replicas the ReplicaSets should have."""
    return sum(map(size, replica_sets))


def is_rolling(deployment: Json) -> bool:
    """Tell whether the strategy is RollingUpdate."""
    return bool(deployment["spec"]["strategy"]["type"] == "RollingUpdate")


def _posts(deployment: Json) -> tuple[int, int]:
    rolling = deployment["spec"]["strategy"].get("rollingUpdate") or {}
    return fenceposts(rolling.get("maxSurge"), rolling.get("maxUnavailable"), deployment["spec"]["replicas"])


def max_surge(deployment: Json) -> int:
    """Return how many more pods than desired there may be."""
    return _posts(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: Json) -> int:
    """Return how many pods may be unavailable."""
    desired = int(deployment["spec"]["replicas"])
    return min(_posts(deployment)[1], desired) if is_rolling(deployment) and desired else 0


def new_size(deployment: Json, total: int, current: int) -> int:
    """Return the size the new ReplicaSet grows to now.

    Args:
        deployment: it.
        total: replicas that all its ReplicaSets should have at present.
        current: the new one's part of them.
    """
    desired = int(deployment["spec"]["replicas"])
    if not is_rolling(deployment):
        return desired
    rolling = deployment["spec"]["strategy"].get("rollingUpdate") or {}
    most = desired + scaled(rolling.get("maxSurge"), desired, round_up=True)
    if total >= most:
        return current
    return current + min(most - total, desired - current)


def annotation_number(obj: Json, key: str) -> int | None:
    """Return an annotation that is a number, or None."""
    try:
        value = int((obj["metadata"].get("annotations") or {})[key])
    except (KeyError, ValueError):
        return None
    return value if value >= 0 else None


def revision(replica_set: Json) -> int:
    """Return the ReplicaSet's revision; 0 if it has none."""
    return annotation_number(replica_set, REVISION) or 0


def _fraction(replica_set: Json, deployment: Json) -> int:
    desired, own = int(deployment["spec"]["replicas"]), size(replica_set)
    if desired == 0:
        return -own
    before = annotation_number(replica_set, MAXIMUM) or (deployment.get("status") or {}).get("replicas", 0)
    if not before:
        return 0
    exact = own * (desired + max_surge(deployment)) / before
    return int(exact + 0.5) - own


def proportional(deployment: Json, active: Sequence[Json]) -> list[tuple[Json, int]]:
    """Return the new sizes when a Deployment is scaled in the middle of a rollout: each ReplicaSet by its share."""
    desired = int(deployment["spec"]["replicas"])
    allowed = desired + max_surge(deployment) if desired > 0 else 0
    to_add = allowed - wanted_total(active)
    if to_add >= 0:
        ordered = sorted(active, key=lambda rs: (size(rs), created(rs), rs["metadata"]["name"]), reverse=True)
    else:
        ordered = sorted(active, key=lambda rs: (-size(rs), created(rs), rs["metadata"]["name"]))
    sizes: list[int] = []
    added = 0
    for rs in ordered:
        share = 0
        if size(rs) and to_add not in {0, added}:
            fraction, left = _fraction(rs, deployment), to_add - added
            share = min(fraction, left) if to_add > 0 else max(fraction, left)
        sizes.append(size(rs) + share)
        added += share
    if to_add and sizes:
        sizes[0] = max(0, sizes[0] + to_add - added)
    return list(zip(ordered, sizes, strict=True))


def same_template(one: Json, other: Json) -> bool:
    """Tell whether two pod templates are the same but for the hash label."""
    return one.get("spec") == other.get("spec") and _bare(one) == _bare(other)


def _bare(template: Json) -> Json:
    meta = {key: value for key, value in (template.get("metadata") or {}).items() if value is not None}
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH_LABEL}
    return {key: value for key, value in (meta | {"labels": labels}).items() if value}


def find_new(deployment: Json, replica_sets: Iterable[Json]) -> Json | None:
    """Return the ReplicaSet with the Deployment's template; the oldest if there are several."""
    template = deployment["spec"]["template"]
    for rs in sorted(replica_sets, key=lambda rs: (created(rs), rs["metadata"]["name"])):
        if same_template(rs["spec"]["template"], template):
            return rs
    return None


def sync_annotations(deployment: Json, replica_set: Json, new_revision: int, *, exists: bool) -> bool:
    """Bring the new ReplicaSet's annotations up to date, in place; returns whether anything changed.

    The Deployment's own annotations are copied; the revision only grows, and those it had before are remembered.
    """
    annotations = replica_set["metadata"].setdefault("annotations", {})
    before = dict(annotations)
    annotations |= {
        key: value for key, value in (deployment["metadata"].get("annotations") or {}).items() if key not in NOT_COPIED
    }
    old_text = annotations.get(REVISION)
    old = annotation_number(replica_set, REVISION) or 0
    if old < new_revision:
        annotations[REVISION] = str(new_revision)
        if old_text is not None:
            earlier = [item for item in annotations.get(REVISION_HISTORY, "").split(",") if item]
            while earlier and len(",".join([*earlier, old_text])) > HISTORY_CHARS:
                del earlier[0]
            annotations[REVISION_HISTORY] = ",".join([*earlier, old_text])
    if not exists:
        annotations |= size_annotations(deployment)
    return bool(annotations != before)


def size_annotations(deployment: Json) -> dict[str, str]:
    """Return what a ReplicaSet remembers of the Deployment's size when it was scaled."""
    desired = int(deployment["spec"]["replicas"])
    return {DESIRED: str(desired), MAXIMUM: str(desired + max_surge(deployment))}


def is_saturated(deployment: Json, replica_set: Json | None) -> bool:
    """Tell whether the ReplicaSet has all of the Deployment's pods, available."""
    if replica_set is None:
        return False
    desired = deployment["spec"]["replicas"]
    available = counted([replica_set], "availableReplicas")
    numbers = {size(replica_set), annotation_number(replica_set, DESIRED), available}
    return bool(numbers == {desired})
