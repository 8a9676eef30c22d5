"""Short names for pod templates: ``pod-template-hash`` and the names of ControllerRevisions.

As upstream's ``ComputeHash``: FNV-1a of the template as Go prints it and the collision count, written in the alphabet of
generated names (``apimachinery/hashing.py``).
"""

from k8s_tutor.apimachinery.hashing import compute_hash
from k8s_tutor.apimachinery.schema.tables import type_named
from k8s_tutor.apimachinery.unstructured import Json


def template_hash(template: Json, collisions: int | None = None) -> str:
    """Return the hash of a template: the very one that real controllers compute."""
    kind = type_named("io.k8s.api.core.v1.PodTemplateSpec")
    assert kind is not None  # noqa: S101 - a generated type
    return compute_hash(template, kind, collisions)
