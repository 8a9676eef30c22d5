"""Which parts of a configuration would replace a list, map or struct as a whole (upstream: ``policy/mutating/patch/smd.go``)."""

from collections.abc import Iterator
from typing import Any

from k8s_tutor.apimachinery.apply.comparing import child_type, shape
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Type


def atomics(value: Any, type: Type | None, path: str = "") -> Iterator[str]:
    """Yield the paths of all atomic parts that a value has."""
    if type is None:
        return
    if isinstance(value, dict) and type.kind in {STRUCT, MAP}:
        if type.atomic:
            yield path
        for key, item in value.items():
            field = child_type(type, key) if type.kind == STRUCT and key in type.fields else None
            yield from atomics(item, field, f"{path}.{key}")
    elif isinstance(value, list) and type.kind == LIST:
        if shape(type, value) == "leaf":
            yield path
        for index, item in enumerate(value):
            yield from atomics(item, type.elem, f"{path}[{index}]")
