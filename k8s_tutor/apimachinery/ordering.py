"""Objects in the order in which Go prints them, for the few messages that quote whole objects.

Go's encoder writes the fields of a struct as they are declared, and the keys of a map sorted.  A merge patch leaves the
text of what it does not touch alone and sorts the keys of what it does, since it reads only that.
"""

from typing import Any

import orjson

from k8s_tutor.apimachinery.patches.json_patch import apply_json_patch
from k8s_tutor.apimachinery.schema.tables import json_schema_type
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Type
from k8s_tutor.apimachinery.unstructured import Json, clone


def go_ordered(value: Any, type: Type | None) -> Any:
    """Return ``value`` with all keys in Go's order; the type is None where it is not known (all keys sorted)."""
    if type is not None and type.kind.startswith("Schema"):
        # The unions of CRD schemas: a schema, or a list of schemas.
        return (
            [go_ordered(item, json_schema_type()) for item in value]
            if isinstance(value, list)
            else go_ordered(value, json_schema_type())
        )
    if isinstance(value, dict):
        if type is not None and type.kind == STRUCT:
            known = [name for name in type.fields if name in value]
            rest = sorted(key for key in value if key not in type.fields)
            return {name: go_ordered(value[name], type.fields[name].type) for name in known} | {
                name: go_ordered(value[name], None) for name in rest
            }
        elem = type.elem if type is not None and type.kind == MAP else None
        return {key: go_ordered(value[key], elem) for key in sorted(value)}
    if isinstance(value, list):
        elem = type.elem if type is not None and type.kind == LIST else None
        return [go_ordered(item, elem) for item in value]
    return value


def merge_patched_text(current: Json, patch: Json, type: Type | None) -> str:
    """Return the JSON text of ``current`` after a merge patch, as Go's library leaves it."""
    return go_json(_merge(go_ordered(current, type), patch))


def json_patched_text(current: Json, operations: Any, type: Type | None) -> str:
    """Return the JSON text of ``current`` after a JSON patch.

    Only the objects on the way of an operation are sorted, and those that a test compares.
    """
    done = go_ordered(current, type)
    for operation in operations:
        ways = [text.split("/")[1:] for text in (operation.get("path"), operation.get("from")) if isinstance(text, str)]
        for way in ways:
            done = _sorted_on_way(done, way, deep=operation.get("op") == "test")
        done = apply_json_patch(done, [operation])
        for way in ways:
            done = _sorted_on_way(done, [*way[:-1], "-"])
    return go_json(done)


def _sorted_on_way(value: Any, steps: list[str], *, deep: bool = False) -> Any:
    if not steps:
        return go_ordered(value, None) if deep else value
    step = steps[0].replace("~1", "/").replace("~0", "~")
    if isinstance(value, dict):
        return {
            key: _sorted_on_way(value[key], steps[1:], deep=deep) if key == step else value[key]
            for key in sorted(value)
        }
    if isinstance(value, list):
        return [
            _sorted_on_way(item, steps[1:], deep=deep) if str(at) == step else item for at, item in enumerate(value)
        ]
    return value


def _merge(document: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return go_ordered(clone(patch), None)
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merge(result.get(key), value)
    return {key: result[key] for key in sorted(result)}


def go_json(value: Any) -> str:
    """Return compact JSON as ``encoding/json`` prints it, with angle brackets and ampersands escaped."""
    text = orjson.dumps(value).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
