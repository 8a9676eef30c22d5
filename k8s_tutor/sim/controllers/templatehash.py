"""Short names for pod templates: ``pod-template-hash`` and the names of ControllerRevisions.

As upstream's ``ComputeHash``: FNV-1a of the template and the collision count, written in the alphabet of generated names.
"""

from typing import Any

import orjson

from k8s_tutor.sim.machinery.meta import ALPHABET

Json = dict[str, Any]
_OFFSET = 2166136261
_PRIME = 16777619


def fnv1a(data: bytes) -> int:
    """Return the 32-bit FNV-1a hash."""
    value = _OFFSET
    for byte in data:
        value = (value ^ byte) * _PRIME & 0xFFFFFFFF
    return value


def safe(text: str) -> str:
    """Write a text in the alphabet of generated names, one letter for one."""
    return "".join(ALPHABET[ord(char) % len(ALPHABET)] for char in text)


def template_hash(template: Json, collisions: int | None = None) -> str:
    """Return the hash of a template; the same template gives the same hash."""
    data = orjson.dumps(template, option=orjson.OPT_SORT_KEYS)
    if collisions is not None:
        data += collisions.to_bytes(8, "little")
    return safe(str(fnv1a(data)))
