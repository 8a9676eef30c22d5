"""The types that rules of a schema see, and how large the values can be.

Mirrors ``apiserver/pkg/cel/common`` (``SchemaDeclType``): where a schema sets no limit, a value can be as large as fits
into the largest request.
"""

from typing import Any, Final

from k8s_tutor.apimachinery.cel import Scope
from k8s_tutor.apimachinery.cel.cost import Path, Sizes
from k8s_tutor.apimachinery.cel.ranges import Range
from k8s_tutor.apimachinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Declared,
    Type,
    list_of,
    map_of,
    named,
    optional_of,
    struct,
    structs,
)
from k8s_tutor.apimachinery.structural.escaping import escape
from k8s_tutor.apimachinery.structural.types import Schema

LARGEST_REQUEST: Final = 3 * 1024 * 1024
_TEXT: Final = {"type": "string"}
_META: Final[Schema] = {
    "apiVersion": _TEXT,
    "kind": _TEXT,
    "metadata": {"type": "object", "properties": {"name": _TEXT, "generateName": _TEXT}},
}
#: By format: the type of a text, the longest and the shortest.
_FORMATS: Final[dict[Any, tuple[Type, int, int]]] = {
    "duration": (DURATION, 32, 3),
    "date": (TIMESTAMP, 12, 12),
    "date-time": (TIMESTAMP, 32, 21),
}


def declare(schema: Schema, *, resource: bool = False) -> Declared | None:
    """Return the type of a schema's values, None where rules can not see them.

    Args:
        schema: the schema.
        resource: its values are objects of their own, with metadata.
    """
    if schema.get("x-kubernetes-int-or-string"):
        most = schema.get("maxLength")
        return Declared(DYN, largest=LARGEST_REQUEST - 2 if most is None else max(most, 0) * 4, smallest=1)
    match schema.get("type"):
        case "array":
            return _array(schema)
        case "object":
            return _object(schema, resource=resource)
        case "string":
            return _text(schema)
        case "boolean":
            return Declared(BOOL, smallest=4)
        case "number":
            return Declared(DOUBLE, smallest=1)
        case "integer":
            return Declared(INT, smallest=1)
        case _:
            return None


def _inner(schema: Any) -> Declared | None:
    return (
        declare(schema, resource=bool(schema.get("x-kubernetes-embedded-resource")))
        if isinstance(schema, dict)
        else None
    )


def _array(schema: Schema) -> Declared | None:
    item = _inner(schema.get("items"))
    if item is None:
        return None
    most = schema.get("maxItems")
    count = (LARGEST_REQUEST - 2) // (item.smallest + 1) if most is None else max(most, 0)
    return Declared(list_of(item.type), item=item, largest=count, smallest=2)


def _object(schema: Schema, *, resource: bool) -> Declared | None:
    if isinstance(schema.get("additionalProperties"), dict):
        value = _inner(schema["additionalProperties"])
        if value is None:
            return None
        most = schema.get("maxProperties")
        count = (LARGEST_REQUEST - 2) // (value.smallest + 6) if most is None else max(most, 0)
        key = Declared(STRING, smallest=2)
        return Declared(map_of(STRING, value.type), key=key, item=value, largest=count, smallest=2)
    properties = {**(schema.get("properties") or {}), **(_META if resource else {})}
    required = set(schema.get("required") or ())
    fields, smallest = {}, 2
    for name, inner in properties.items():
        found = _inner(inner)
        if found is None:
            continue
        fields[escape(name)] = found
        if name in required and inner.get("default") is None:
            smallest += len(name) + found.smallest + 4
    return Declared(struct("object"), fields, smallest=smallest)


def _text(schema: Schema) -> Declared:
    form, most = schema.get("format"), schema.get("maxLength")
    if form in _FORMATS:
        type_, longest, shortest = _FORMATS[form]
        return Declared(type_, largest=longest, smallest=shortest)
    if form == "byte":
        return Declared(BYTES, largest=LARGEST_REQUEST - 2 if most is None else max(most, 0), smallest=2)
    if most is not None:
        return Declared(STRING, largest=max(most, 0) * 4, smallest=2)
    words = [len(word.encode()) for word in schema.get("enum") or () if isinstance(word, str)]
    return Declared(STRING, largest=max(words) if words else LARGEST_REQUEST - 2, smallest=2)


def scope_of(declared: Declared, *, optional_old: bool = False) -> Scope:
    """Return what the rules of a schema may name; ``optional_old``: ``oldSelf`` is an optional value."""
    shown = named(declared, "selfType")
    old = optional_of(shown.type) if optional_old else shown.type
    return Scope({"self": shown.type, "oldSelf": old}, structs(shown))


def sizes_of(declared: Declared) -> Sizes:
    """Return how large the values within a schema's can be, by their paths."""

    def size(path: Path) -> Range | None:
        at: Declared | None = declared
        for step in path[1:]:
            if at is None:
                return None
            if step in {"@items", "@values"}:
                at = at.item
            elif step == "@keys":
                at = at.key
            else:
                at = at.fields.get(step)
        return None if at is None else Range(0, at.largest)

    return size


def cardinality(declared: Declared) -> int:
    """Return how often a value of this type fits into a request at most."""
    return LARGEST_REQUEST // (declared.smallest + 1)
