"""What ``runtime.DefaultUnstructuredConverter`` says of a map that does not fit a type.

Strategic and server-side patches end in maps; their errors are not those of a JSON decoder.
"""

import re

from k8s_tutor.apimachinery.schema.tables import is_struct

JSON_ERROR = re.compile(r"json: cannot unmarshal (\w+)(?: ([^ ]+))? into Go (?:struct field [^ ]+|value) of type (.+)")
KINDS = {"number": "int64", "array": "slice", "object": "map"}


def unstructured_error(why: str) -> str:
    """Return a type error in the words of ``runtime.DefaultUnstructuredConverter``, which decodes maps.

    Args:
        why: in the words of Go's JSON decoder; anything else is returned as it is.
    """
    found = JSON_ERROR.fullmatch(why)
    if found is None:
        return f"error decoding from json: {why}" if why.startswith("illegal base64") else why
    given, wanted = KINDS.get(found[1], found[1]), found[3]
    if why.endswith("into Go value of type int32"):
        return why  # an IntOrString reads its JSON itself
    if given == "int64" and "." in (found[2] or "") and wanted.startswith("int"):
        return f"cannot convert float64 to {wanted}"
    if wanted.startswith("[]"):
        return f"cannot restore slice from {given}"
    if wanted.startswith("map[") or wanted.endswith("ResourceList"):
        return f"cannot restore map from {given}"
    if is_struct(wanted):
        return f"cannot restore struct from: {given}"
    kind = wanted if "." not in wanted else "string"
    if given == "int64" and kind == "string" and "." not in (found[2] or ""):
        return f"cannot convert int64 to {wanted}"
    return f"unrecognized type: {kind}"
