"""Object metadata: uids, generated names, keys, owner references."""

import secrets
import uuid

from k8s_tutor.apimachinery.unstructured import Json

# As upstream's util/rand: no vowels and no 0/1/3, so that no words come about.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
MAX_GENERATED_PREFIX = 58


def new_uid() -> str:
    """Return a fresh object uid."""
    return str(uuid.uuid4())


def suffix(length: int = 5) -> str:
    """Return a random suffix of generated names."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def generated_name(prefix: str) -> str:
    """Return ``prefix`` with a random suffix, as the API server's SimpleNameGenerator."""
    return prefix[:MAX_GENERATED_PREFIX] + suffix()


def key_of(obj: Json) -> tuple[str, str]:
    """Return namespace ("" if cluster-wide) and name."""
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]


def controller_of(obj: Json) -> Json | None:
    """Return the owner reference that is the controller, or None."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            return reference  # type: ignore[no-any-return]
    return None


def controller_reference(owner: Json) -> Json:
    """Return the owner reference with which a controller marks what it makes."""
    meta = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


TOPOLOGY = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


def topology_of(node: Json) -> dict[str, str]:
    """Return the labels of a node that its pods carry too."""
    labels = node["metadata"].get("labels") or {}
    return {key: labels[key] for key in TOPOLOGY if key in labels}
