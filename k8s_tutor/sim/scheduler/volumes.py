"""Which PersistentVolume suits which claim (upstream: ``component-helpers/storage/volume``).

Used by the scheduler (for claims that wait for a pod) and by the volume binder (for all others).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from k8s_tutor.apimachinery.labels import from_label_selector
from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.scheduler.nodematch import selector_matches

SELECTED_NODE = "volume.kubernetes.io/selected-node"
BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
NO_PROVISIONER = "kubernetes.io/no-provisioner"
WAIT = "WaitForFirstConsumer"


def class_of(obj: Json) -> str:
    """Return the class of a claim or volume; "" is none."""
    annotations = obj["metadata"].get("annotations") or {}
    return str(annotations.get(BETA_CLASS, obj["spec"].get("storageClassName")) or "")


def is_bound(claim: Json) -> bool:
    """Tell whether a claim is fully bound."""
    annotations = claim["metadata"].get("annotations") or {}
    return bool(claim["spec"].get("volumeName")) and BIND_COMPLETED in annotations


def reserved_for(volume: Json, claim: Json) -> Json:
    """Return the volume as it is once it points to the claim; marked as the program's choice where nobody named it."""
    meta = claim["metadata"]
    new = clone(volume)
    chosen_by_user = bool(volume["spec"].get("claimRef"))
    new["spec"]["claimRef"] = {
        "kind": "PersistentVolumeClaim",
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": "v1",
        "resourceVersion": meta["resourceVersion"],
    }
    if not chosen_by_user:
        new["metadata"].setdefault("annotations", {})[BOUND_BY_CONTROLLER] = "yes"
    return new


def waits_for_pod(storage_class: Json | None) -> bool:
    """Tell whether a claim's class delays binding until a pod uses it."""
    return storage_class is not None and storage_class.get("volumeBindingMode") == WAIT


def claim_names(pod: Json) -> Iterator[tuple[str, bool]]:
    """Yield the names of the claims a pod uses, and whether each is made for it (ephemeral)."""
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("persistentVolumeClaim"):
            yield volume["persistentVolumeClaim"]["claimName"], False
        elif volume.get("ephemeral"):
            yield f"{pod['metadata']['name']}-{volume['name']}", True


def refers_to(volume: Json, claim: Json) -> bool:
    """Tell whether the volume is reserved for exactly this claim."""
    reference = volume["spec"].get("claimRef")
    meta = claim["metadata"]
    if not reference or (reference.get("namespace"), reference.get("name")) != (meta["namespace"], meta["name"]):
        return False
    return not reference.get("uid") or reference["uid"] == meta["uid"]


def suits_node(volume: Json, name: str, labels: Mapping[str, str]) -> bool:
    """Tell whether a volume can be reached from a node."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    return required is None or selector_matches(required, name, labels)


def _capacity(volume: Json) -> Quantity:
    return Quantity.parse((volume["spec"].get("capacity") or {}).get("storage", "0"))


def requested_storage(claim: Json) -> Quantity:
    """Return how much storage a claim asks for."""
    return Quantity.parse(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0"))


def _mode(obj: Json) -> str:
    return str(obj["spec"].get("volumeMode") or "Filesystem")


def mismatch(volume: Json, claim: Json) -> str:
    """Return why a volume that a claim names cannot hold it, or ""."""
    name = volume["metadata"]["name"]
    if volume["metadata"].get("deletionTimestamp"):
        return f'the volume is marked for deletion "{name}"'
    if _capacity(volume) < requested_storage(claim):
        return "requested PV is too small"
    if class_of(volume) != class_of(claim):
        return "storageClassName does not match"
    key = "volumeAttributesClassName"
    if (volume["spec"].get(key) or "") != (claim["spec"].get(key) or ""):
        return "volumeAttributesClassName does not match"
    if _mode(volume) != _mode(claim):
        return "incompatible volumeMode"
    if not set(claim["spec"].get("accessModes") or ()) <= set(volume["spec"].get("accessModes") or ()):
        return "incompatible accessMode"
    return ""


def find_matching(
    claim: Json,
    volumes: Iterable[Json],
    reachable: Callable[[Json], bool] | None = None,
    taken: Collection[str] = (),
    *,
    delay: bool = False,
) -> Json | None:
    """Return the smallest volume that can hold the claim, or the one reserved for it.

    Args:
        claim: the claim.
        volumes: all volumes.
        reachable: whether a volume can be reached from the node in question; None: no node yet.
        taken: names of volumes already chosen for the pod's other claims.
        delay: the claim waits for a pod: without a node nothing is chosen.
    """
    spec = claim["spec"]
    wanted = requested_storage(claim)
    selector = from_label_selector(spec["selector"]) if spec.get("selector") is not None else None
    modes = set(spec.get("accessModes") or ())
    best: Json | None = None
    for volume in volumes:
        name = volume["metadata"]["name"]
        if name in taken or volume["metadata"].get("deletionTimestamp") or _mode(volume) != _mode(claim):
            continue
        here = reachable is None or reachable(volume)
        if refers_to(volume, claim):
            if _capacity(volume) >= wanted and here:
                return volume
            continue
        if (reachable is None and delay) or volume["spec"].get("claimRef") or not here:
            continue
        if (volume.get("status") or {}).get("phase") != "Available" or class_of(volume) != class_of(claim):
            continue
        if selector is not None and not selector.matches(volume["metadata"].get("labels")):
            continue
        if not modes <= set(volume["spec"].get("accessModes") or ()) or _capacity(volume) < wanted:
            continue
        if best is None or _capacity(volume) < _capacity(best):
            best = volume
    return best
