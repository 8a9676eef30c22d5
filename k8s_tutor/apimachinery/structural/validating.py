"""All that a custom resource is validated for, in upstream's order.

Mirrors ``apiextensions-apiserver/pkg/registry/customresource``: the schema's values, embedded resources, uniqueness in
lists, and then the CEL rules, which are left out, with a note, when an error before makes them meaningless.
"""

from collections.abc import Iterator
from typing import Any, Final

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.structural.errors import FieldError
from k8s_tutor.apimachinery.structural.rules import check_rules
from k8s_tutor.apimachinery.structural.types import Schema
from k8s_tutor.apimachinery.structural.values import check

_BLOCKING: Final = frozenset(
    {"FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"}
)
_UNCHECKED: Final = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete "
    "validation"
)


def validate(obj: dict[str, Any], schema: Schema, old: dict[str, Any] | None = None) -> list[FieldError]:
    """Return all complaints about a custom resource (its metadata is the server's matter).

    Args:
        obj: the object, pruned and defaulted.
        schema: its version's ``openAPIV3Schema``.
        old: the stored object on an update: what has not changed is not complained about.
    """
    errors = list(_ratcheted(obj, old, check(obj, schema, "")))
    errors += _embedded(obj, schema, "", root=True)
    errors += _ratcheted(obj, old, _unique(obj, schema, ""))
    if has_rules(schema):
        if any(error.reason in _BLOCKING for error in errors):
            errors.append(FieldError("FieldValueInvalid", "<nil>", None, _UNCHECKED))
        else:
            errors += check_rules(obj, old, schema, "")
    return errors


def _ratcheted(obj: Any, old: Any, errors: Iterator[FieldError]) -> Iterator[FieldError]:
    for error in errors:
        if old is None or not _is_unchanged(obj, old, error.field):
            yield error


def _is_unchanged(obj: Any, old: Any, field: str) -> bool:
    """Tell whether the value at a field path is what it was."""
    steps = field.replace("[", ".").replace("]", "").split(".")
    for step in steps:
        if isinstance(obj, dict) and isinstance(old, dict) and step in obj and step in old:
            obj, old = obj[step], old[step]
        elif isinstance(obj, list) and isinstance(old, list) and step.isdigit() and int(step) < min(len(obj), len(old)):
            obj, old = obj[int(step)], old[int(step)]
        else:
            return False
    return bool(obj == old)


def has_rules(schema: Schema) -> bool:
    """Tell whether a schema has CEL rules anywhere."""
    if schema.get("x-kubernetes-validations"):
        return True
    inner = [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("additionalProperties")]
    return any(has_rules(item) for item in [*inner, *(schema.get("allOf") or ())] if isinstance(item, dict))


def _children(value: Any, schema: Schema, path: str) -> Iterator[tuple[Any, Schema, str]]:
    if isinstance(value, dict):
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        for key, item in value.items():
            if key in properties:
                yield item, properties[key], f"{path}.{key}" if path else key
            elif isinstance(additional, dict):
                yield item, additional, f"{path}[{key}]"
    elif isinstance(value, list) and isinstance(items := schema.get("items"), dict):
        for index, item in enumerate(value):
            yield item, items, f"{path}[{index}]"


def _embedded(value: Any, schema: Schema, path: str, *, root: bool = False) -> Iterator[FieldError]:
    if not root and schema.get("x-kubernetes-embedded-resource") and isinstance(value, dict):
        for key in ("apiVersion", "kind"):
            if not value.get(key):
                yield FieldError("FieldValueRequired", f"{path}.{key}", detail="must not be empty")
        name = (value.get("metadata") or {}).get("name")
        for complaint in names.is_path_segment(name) if isinstance(name, str) else ():
            yield FieldError("FieldValueInvalid", f"{path}.metadata.name", name, complaint)
    for item, inner, place in _children(value, schema, path):
        yield from _embedded(item, inner, place)


def _unique(value: Any, schema: Schema, path: str) -> Iterator[FieldError]:
    if isinstance(value, list):
        kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys") or ()
        seen: list[Any] = []
        for index, item in enumerate(value):
            who = item
            if kind == "map":
                who = {key: item[key] for key in keys if key in item} if isinstance(item, dict) else item
            if kind in {"set", "map"}:
                if who in seen:
                    yield FieldError("FieldValueDuplicate", f"{path}[{index}]", who)
                seen.append(who)
    for item, inner, place in _children(value, schema, path):
        yield from _unique(item, inner, place)
