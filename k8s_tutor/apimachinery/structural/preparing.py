"""What happens to a custom resource before it is validated: unknown fields go, nulls and defaults are settled.

Mirrors ``apiextensions-apiserver/pkg/apiserver/schema/pruning`` and ``…/defaulting``.
"""

from typing import Any

from k8s_tutor.apimachinery.structural.types import Schema, preserves
from k8s_tutor.apimachinery.unstructured import clone

_RESOURCE_FIELDS = frozenset({"apiVersion", "kind", "metadata"})


def prune(obj: Any, schema: Schema, *, root: bool = True) -> tuple[Any, list[str]]:
    """Return ``obj`` without fields the schema does not know, and the sorted paths of those fields.

    ``metadata`` of resources is left alone: it is an ObjectMeta, which the caller conforms as such.
    """
    gone: list[str] = []
    clean = _prune(obj, schema, "", gone, resource=root)
    return clean, sorted(gone)


def _prune(value: Any, schema: Schema, path: str, gone: list[str], *, resource: bool) -> Any:
    if isinstance(value, list):
        items = schema.get("items")
        if not isinstance(items, dict):
            return value
        embedded = bool(items.get("x-kubernetes-embedded-resource"))
        return [_prune(item, items, f"{path}[{index}]", gone, resource=embedded) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    keep_all = preserves(schema) or additional is True or schema.get("x-kubernetes-int-or-string")
    out = {}
    for key, item in value.items():
        place = f"{path}.{key}" if path else key
        inner = properties.get(key)
        if resource and key in _RESOURCE_FIELDS:
            out[key] = item
        elif inner is not None:
            embedded = bool(inner.get("x-kubernetes-embedded-resource"))
            out[key] = _prune(item, inner, place, gone, resource=embedded)
        elif isinstance(additional, dict):
            embedded = bool(additional.get("x-kubernetes-embedded-resource"))
            out[key] = _prune(item, additional, place, gone, resource=embedded)
        elif keep_all:
            out[key] = item
        else:
            gone.append(place)
    return out


def apply_defaults(obj: Any, schema: Schema) -> Any:
    """Return ``obj`` with defaults filled in; nulls where none may be are taken as absent."""
    if isinstance(obj, list):
        items = schema.get("items")
        return [apply_defaults(item, items) for item in obj] if isinstance(items, dict) else obj
    if not isinstance(obj, dict):
        return obj
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    out = {}
    for key, item in obj.items():
        inner = properties.get(key, additional)
        if not isinstance(inner, dict):
            out[key] = item
        elif item is None and not inner.get("nullable") and inner.get("type"):
            # A null where none may be counts as not given, so that the default takes its place.
            continue
        else:
            out[key] = apply_defaults(item, inner)
    for key, inner in properties.items():
        if key not in out and "default" in inner:
            out[key] = apply_defaults(clone(inner["default"]), inner)
    return out
