"""Whether an applied configuration fits its schema, before it is merged.

Mirrors ``structured-merge-diff/typed/validate.go``; its complaints reach the client in a 500 (``failed to create typed
patch object …``).
"""

from collections.abc import Iterator
from typing import Any

from k8s_tutor.apimachinery.apply.comparing import ShapeError, element_of, shape
from k8s_tutor.apimachinery.apply.fieldsets import path_text
from k8s_tutor.apimachinery.go_values import go_kind, go_print, go_syntax
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Type


def complaints(obj: Any, type: Type) -> str:
    """Return what the schema has against ``obj``, empty when nothing."""
    found = list(_check(obj, type, ""))
    if len(found) < 2:
        return "".join(found)
    lines = "".join(f"\n  {line}" for line in found)
    return f"errors:{lines}"


def misshapen(obj: Any, type: Type) -> bool:
    """Tell whether ``obj`` does not fit the schema; duplicates in a list are let pass, as on updates."""
    return any(": duplicate entries for key" not in found for found in _check(obj, type, ""))


def _check(value: Any, type: Type, path: str) -> Iterator[str]:
    if value is None:
        return
    kind = type.kind
    if kind in {STRUCT, MAP}:
        yield from _check_map(value, type, path)
    elif kind == LIST:
        yield from _check_list(value, type, path)
    elif kind in {"int32", "int64", "float"}:
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield f"{path}: expected numeric (int or float), got {go_kind(value)}"
    elif kind == "bool":
        if not isinstance(value, bool):
            yield f"{path}: expected boolean, got {_held(value)}"
    elif kind in {"Time", "MicroTime"}:
        # OpenAPI gives them a format, which makes them a scalar of any kind.
        if isinstance(value, dict | list):
            yield f"{path}: expected any scalar, got {_held(value)}"
    elif kind in {"string", "bytes", "Duration"} and not isinstance(value, str):
        yield f"{path}: expected string, got &value.valueUnstructured{{Value:{go_syntax(value)}}}"


def _held(value: Any) -> str:
    return f"&{{{go_print(value)}}}"


def _check_map(value: Any, type: Type, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected map, got {_held(value)}"
        return
    for key, item in value.items():
        if type.kind == MAP:
            if type.elem is not None:
                yield from _check(item, type.elem, f"{path}.{key}")
            continue
        field = type.fields.get(key)
        if field is not None:
            yield from _check(item, field.type, f"{path}.{key}")
        elif not type.preserve:
            yield f"{path}.{key}: field not declared in schema"


def _check_list(value: Any, type: Type, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: expected list, got {_held(value)}"
        return
    if type.elem is None:
        return
    keyed = shape(type, value) != "leaf"
    seen: set[str] = set()
    for index, item in enumerate(value):
        place = f"{path}[{index}]"
        if keyed:
            try:
                element = element_of(type, item)
            except ShapeError as error:
                yield f"{path}: element {index}: {error}"
                return  # upstream looks at no further item
            place = f"{path}{path_text((element,))}"
            if element in seen:
                yield f"{path}: duplicate entries for key {path_text((element,))}"
            seen.add(element)
        yield from _check(item, type.elem, place)
