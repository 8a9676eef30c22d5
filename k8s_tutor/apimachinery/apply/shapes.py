"""Whether an applied configuration fits its schema, before it is merged.

Mirrors ``structured-merge-diff/typed/validate.go``; its complaints reach the client in a 500 (``failed to create typed
patch object …``).
"""

from collections.abc import Iterator
from typing import Any

from k8s_tutor.apimachinery.apply.comparing import ShapeError, element_of, shape
from k8s_tutor.apimachinery.apply.fieldsets import path_text
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Type

_GO = {"string": "string", "int": "int64", "float": "float64", "bool": "bool", "dict": "map[string]interface {}"}


def complaints(obj: Any, type: Type) -> str:
    """Return what the schema has against ``obj``, empty when nothing."""
    found = list(_check(obj, type, ""))
    if len(found) < 2:
        return "".join(found)
    lines = "".join(f"\n  {line}" for line in found)
    return f"errors:{lines}"


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
            yield f"{path}: expected numeric (int or float), got {_go(value)}"
    elif kind == "bool":
        if not isinstance(value, bool):
            yield f"{path}: expected boolean, got {_go(value)}"
    elif kind in {"string", "bytes", "Time", "MicroTime", "Duration"} and not isinstance(value, str):
        yield f"{path}: expected string, got &value.valueUnstructured{{Value:{_print(value)}}}"


def _go(value: Any) -> str:
    return _GO.get(value.__class__.__name__, "[]interface {}")


def _print(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else f"{_go(value)}{{…}}"


def _check_map(value: Any, type: Type, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected map, got &{{{value}}}"
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
        yield f"{path}: expected list, got &{{{value}}}"
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
                continue
            place = f"{path}{path_text((element,))}"
            if element in seen:
                yield f"{path}: duplicate entries for key {path_text((element,))}"
            seen.add(element)
        yield from _check(item, type.elem, place)
