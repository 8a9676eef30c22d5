"""Values as Go's ``%+v`` prints them, for error texts that show a patch."""

import re
from typing import Any

from k8s_tutor.apimachinery.schema.tables import is_struct

JSON_ERROR = re.compile(r"json: cannot unmarshal (\w+)(?: [^ ]+)? into Go (?:struct field [^ ]+|value) of type (.+)")
KINDS = {"number": "int64", "array": "slice", "object": "map"}


def go_map(value: Any) -> str:
    """Return ``map[a:1 b:[x y]]``."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_map(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(go_map(item) for item in value) + "]"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def unstructured_error(why: str) -> str:
    """Return a type error in the words of ``runtime.DefaultUnstructuredConverter``, which decodes strategic patches.

    Args:
        why: in the words of Go's JSON decoder; anything else is returned as it is.
    """
    found = JSON_ERROR.fullmatch(why)
    if found is None:
        return why
    given, wanted = KINDS.get(found[1], found[1]), found[2]
    if wanted.startswith("[]"):
        return f"cannot restore slice from {given}"
    if wanted.startswith("map["):
        return f"cannot restore map from {given}"
    if is_struct(wanted):
        return f"cannot restore struct from: {given}"
    kind = wanted if "." not in wanted else "string"
    if given == "int64" and kind == "string":
        return f"cannot convert int64 to {wanted}"
    return f"unrecognized type: {kind}"
