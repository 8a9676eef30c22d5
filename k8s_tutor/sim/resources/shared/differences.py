"""What changed between two specs, as a unified difference of their JSON (apimachinery ``util/diff``)."""

import difflib
import json

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.internal import internal


def _lines(kind: str, value: Json) -> list[str]:
    return json.dumps(internal(kind, value), indent=1, ensure_ascii=False).splitlines()


def difference(kind: str, old: Json, new: Json) -> str:
    """Return the difference of two objects of an internal type."""
    lines = list(difflib.unified_diff(_lines(kind, old), _lines(kind, new), lineterm="", n=3))[2:]
    return "\n".join(lines) + "\n"
