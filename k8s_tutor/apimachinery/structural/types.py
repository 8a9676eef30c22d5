"""A Type from a structural schema, for server-side apply, managed fields and strict decoding of custom resources."""

from collections.abc import Mapping
from typing import Any

from k8s_tutor.apimachinery.schema.tables import type_named
from k8s_tutor.apimachinery.schema.types import (
    ANY,
    ATOMIC,
    LIST,
    MAP,
    OMIT_EMPTY,
    OMIT_ZERO,
    REQUIRED,
    STRUCT,
    Field,
    Type,
)

Schema = Mapping[str, Any]

_LEAVES = {"string": "string", "integer": "int64", "number": "float", "boolean": "bool"}


def type_of(schema: Schema, *, root: bool = True) -> Type:
    """Return the type of a schema; the root, as any embedded resource, has apiVersion, kind and metadata."""
    kind = schema.get("type")
    atomic = schema.get("x-kubernetes-map-type") == ATOMIC
    if schema.get("x-kubernetes-int-or-string"):
        return Type("IntOrString", go="intstr.IntOrString")
    if kind == "array":
        items = schema.get("items") or {}
        list_type = schema.get("x-kubernetes-list-type") or ATOMIC
        keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
        return Type(LIST, elem=type_of(items, root=_is_resource(items)), list_type=list_type, keys=keys)
    if kind in _LEAVES:
        return Type(_LEAVES[kind], go=_LEAVES[kind])
    properties = schema.get("properties")
    if properties or root:
        return Type(STRUCT, load=lambda: _fields(schema, root=root), atomic=atomic, preserve=preserves(schema))
    values = schema.get("additionalProperties")
    if isinstance(values, Mapping):
        return Type(MAP, elem=type_of(values, root=_is_resource(values)), atomic=atomic)
    if values is True or preserves(schema) or kind is None:
        return Type(ANY, preserve=True, go="JSON")
    return Type(STRUCT, load=dict, atomic=atomic)


def preserves(schema: Schema) -> bool:
    """Tell whether fields that the schema does not know are kept."""
    return bool(schema.get("x-kubernetes-preserve-unknown-fields"))


def _is_resource(schema: Schema) -> bool:
    return bool(schema.get("x-kubernetes-embedded-resource"))


def _fields(schema: Schema, *, root: bool) -> dict[str, Field]:
    required = schema.get("required") or ()
    found = {}
    for name, inner in (schema.get("properties") or {}).items():
        flags = OMIT_EMPTY | OMIT_ZERO | (REQUIRED if name in required else 0)
        found[name] = Field(name, type_of(inner, root=_is_resource(inner)), flags, 0, {"default": inner.get("default")})
    if root:
        metadata = type_named("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
        assert metadata is not None  # noqa: S101 - a generated type
        for name in ("apiVersion", "kind"):
            found[name] = Field(name, Type("string", go="string"), 0, 0)
        found["metadata"] = Field("metadata", metadata, 0, 0)
    return found
