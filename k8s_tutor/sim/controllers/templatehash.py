"""Short names for pod templates: ``pod-template-hash`` and the names of ControllerRevisions.

As upstream's ``ComputeHash``: FNV-1a of the template as Go prints it and the collision count, written in the alphabet of
generated names (``apimachinery/hashing.py``). StatefulSets hash what their revisions keep instead, as JSON text
(``HashControllerRevision``).
"""

import json
from functools import lru_cache

from k8s_tutor.apimachinery.hashing import compute_hash, fnv1, safe_encode
from k8s_tutor.apimachinery.schema.tables import type_named
from k8s_tutor.apimachinery.unstructured import Json


def template_hash(template: Json, collisions: int | None = None) -> str:
    """Return the hash of a template: the very one that real controllers compute."""
    kind = type_named("io.k8s.api.core.v1.PodTemplateSpec")
    assert kind is not None  # noqa: S101 - a generated type
    return compute_hash(template, kind, collisions)


# Go's JSON writes these characters so that they are safe in HTML.
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def data_hash(data: Json, collisions: int) -> str:
    """Return the hash of a revision's data."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for char, escaped in _ESCAPED.items():
        text = text.replace(char, escaped)
    return _hash_of_text(f"{text}{collisions}")


@lru_cache(maxsize=1024)
def _hash_of_text(text: str) -> str:
    return safe_encode(str(fnv1(text.encode())))
