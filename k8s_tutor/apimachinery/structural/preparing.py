"""What happens to a custom resource before it is validated: unknown fields go, nulls and defaults are settled.

Mirrors ``apiextensions-apiserver/pkg/apiserver/schema/pruning`` and ``…/defaulting``.
"""

from typing import Any

from k8s_tutor.apimachinery.structural.types import Schema, preserves
from k8s_tutor.apimachinery.unstructured import clone

PRESERVE = "x-kubernetes-preserve-unknown-fields"
_RESOURCE_FIELDS = frozenset({"apiVersion", "kind", "metadata"})


def prune(obj: Any, schema: Schema, *, root: bool = True) -> tuple[Any, list[str]]:
    """Return ``obj`` without fields the schema does not know, and the sorted paths of those fields.

    ``metadata`` of resources is left alone: it is an ObjectMeta, which the caller conforms as such.
    """
    gone: list[str] = []
    clean = _prune(obj, schema, "", gone, resource=root)
    return clean, sorted(gone)


def _prune(value: Any, schema: Schema | None, path: str, gone: list[str], *, resource: bool) -> Any:
    """Prune by a schema; without one (an item of no array, a value of any map) nothing is known."""
    keep_all = schema is not None and preserves(schema)
    if isinstance(value, list):
        if keep_all:
            return _prune_items(value, {**(_inner(schema, "items") or {}), PRESERVE: True}, path, gone)
        return _prune_items(value, _inner(schema, "items"), path, gone)
    if not isinstance(value, dict):
        return value
    properties: Schema = (schema or {}).get("properties") or {}
    out = {}
    for key, item in value.items():
        place = f"{path}.{key}" if path else key
        inner = properties.get(key)
        if resource and key in _RESOURCE_FIELDS:
            out[key] = item
        elif inner is not None or (schema or {}).get("additionalProperties") is not None:
            inner = _inner(schema, "additionalProperties") if inner is None else inner
            out[key] = item if keep_all and inner is None else _prune(item, inner, place, gone, resource=_embeds(inner))
        elif keep_all:
            out[key] = item
        else:
            gone.append(place)
    return out


def _prune_items(value: list[Any], items: Schema | None, path: str, gone: list[str]) -> list[Any]:
    embedded = _embeds(items)
    return [_prune(item, items, f"{path}[{index}]", gone, resource=embedded) for index, item in enumerate(value)]


def _inner(schema: Schema | None, key: str) -> Schema | None:
    found = (schema or {}).get(key)
    return found if isinstance(found, dict) else None


def _embeds(schema: Schema | None) -> bool:
    return bool(schema and schema.get("x-kubernetes-embedded-resource"))


def _is_null(value: Any, schema: Any) -> bool:
    return value is None and isinstance(schema, dict) and not schema.get("nullable")


def apply_defaults(obj: Any, schema: Schema) -> Any:
    """Return ``obj`` with defaults filled in; nulls where none may be are taken as absent."""
    if isinstance(obj, list):
        items = schema.get("items")
        if not isinstance(items, dict):
            return obj
        filled = (clone(items.get("default")) if _is_null(item, items) else item for item in obj)
        return [apply_defaults(item, items) for item in filled]
    if not isinstance(obj, dict):
        return obj
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    out = {}
    for key, item in obj.items():
        inner = properties.get(key, additional)
        if not isinstance(inner, dict):
            out[key] = item
        elif _is_null(item, inner):
            # A null where none may be counts as not given, so that the default takes its place.
            if key not in properties and "default" in inner:
                out[key] = apply_defaults(clone(inner["default"]), inner)
        else:
            out[key] = apply_defaults(item, inner)
    for key, inner in properties.items():
        if key not in out and "default" in inner:
            out[key] = apply_defaults(clone(inner["default"]), inner)
    return out
