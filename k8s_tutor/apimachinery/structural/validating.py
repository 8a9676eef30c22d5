"""All that a custom resource is validated for, in upstream's order.

Mirrors ``apiextensions-apiserver/pkg/registry/customresource``: the schema's values, embedded resources, uniqueness in
lists, and then the CEL rules, which are left out, with a note, when an error before makes them meaningless.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from k8s_tutor.apimachinery.patches.json_patch import json_equal
from k8s_tutor.apimachinery.structural import embedding
from k8s_tutor.apimachinery.structural.errors import FieldError
from k8s_tutor.apimachinery.structural.rules import check_rules, item_key, items_by_key
from k8s_tutor.apimachinery.structural.types import Schema
from k8s_tutor.apimachinery.structural.values import check

BLOCKING: Final = frozenset(
    {"FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"}
)
_UNCHECKED: Final = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete "
    "validation"
)


def validate(
    obj: dict[str, Any],
    schema: Schema,
    old: dict[str, Any] | None = None,
    more: Sequence[FieldError] = (),
    *,
    blocked: bool = False,
    status: bool = False,
) -> list[FieldError]:
    """Return all complaints about a custom resource (its metadata is the server's matter).

    Args:
        obj: the object, pruned and defaulted.
        schema: its version's ``openAPIV3Schema``.
        old: the stored object on an update: what has not changed is not complained about.
        more: complaints of the scale subresource, which come after those about values.
        blocked: whether the metadata is so wrong that no rules are run.
        status: the change is one of status, through its subresource.
    """
    found = _check_status(obj, schema) if status else check(obj, schema, "")
    errors = [*_ratcheted(obj, old, schema, found), *more]
    if not status:
        errors += embedding.check(obj, schema, "")
    if old is None or not any(_unique(old, schema, "")):
        errors += _unique(obj, schema, "")
    if has_rules(schema):
        if blocked or any(error.reason in BLOCKING for error in errors):
            errors.append(FieldError("FieldValueInvalid", "<nil>", None, _UNCHECKED))
        else:
            errors += [found.error for found in check_rules(obj, old, schema) if not found.ratcheted]
    return errors


def rule_warnings(obj: dict[str, Any], schema: Schema, old: dict[str, Any]) -> list[FieldError]:
    """Return what rules have against parts of a valid object that have not changed."""
    return [found.error for found in check_rules(obj, old, schema) if found.ratcheted] if has_rules(schema) else []


def _check_status(obj: dict[str, Any], schema: Schema) -> Iterator[FieldError]:
    """Yield complaints about status alone, whose texts do not name it, though their fields do."""
    inner = (schema.get("properties") or {}).get("status")
    if "status" not in obj or inner is None:
        return
    for error in check(obj["status"], inner, ""):
        yield error._replace(field=f"status.{error.field}" if error.field not in {"", "<nil>"} else "status")


def _ratcheted(obj: Any, old: Any, schema: Schema, errors: Iterator[FieldError]) -> Iterator[FieldError]:
    for error in errors:
        # What is required is missing in the object around it, and is no news if that has not changed.
        field = error.field.rpartition(".")[0] if error.reason == "FieldValueRequired" else error.field
        if old is None or not _is_unchanged(obj, old, schema, field):
            yield error


def _is_unchanged(obj: Any, old: Any, schema: Schema, field: str) -> bool:
    """Tell whether the value at a field path, or one around it, is what it was; only list-maps know items again."""
    steps = field.replace("[", ".").replace("]", "").split(".") if field else []
    for step in steps:
        if json_equal(obj, old):
            return True
        if isinstance(obj, dict) and isinstance(old, dict) and step in obj and step in old:
            obj, old = obj[step], old[step]
            properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
            schema = properties.get(step) or (additional if isinstance(additional, dict) else {})
        elif isinstance(obj, list) and isinstance(old, list) and step.isdigit() and int(step) < len(obj):
            obj = obj[int(step)]
            old = items_by_key(old, schema).get(item_key(obj, schema))
            schema = schema.get("items") or {}
        else:
            return False
    return old is not None and json_equal(obj, old)


def has_rules(schema: Schema) -> bool:
    """Tell whether a schema has CEL rules anywhere."""
    if schema.get("x-kubernetes-validations"):
        return True
    inner = [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("additionalProperties")]
    return any(has_rules(item) for item in [*inner, *(schema.get("allOf") or ())] if isinstance(item, dict))


def _unique(value: Any, schema: Schema, path: str) -> Iterator[FieldError]:
    kind = schema.get("x-kubernetes-list-type")
    if isinstance(value, list) and kind == "map":
        yield from _unique_keys(value, schema.get("x-kubernetes-list-map-keys") or (), path)
    elif isinstance(value, list) and kind == "set":
        yield from _duplicates(value, path)
    for item, inner, place in embedding.children(value, schema, path):
        yield from _unique(item, inner, place)


def _unique_keys(value: list[Any], keys: Sequence[str], path: str) -> Iterator[FieldError]:
    for index, item in enumerate(value):
        if item is not None and not isinstance(item, dict):
            detail = "must be an object for an array of list-type map"
            yield FieldError("FieldValueInvalid", f"{path}[{index}]", item, detail)
            return
    yield from _duplicates([{key: item[key] for key in keys if key in item} if item else {} for item in value], path)


def _duplicates(value: list[Any], path: str) -> Iterator[FieldError]:
    """Yield the second of each kind."""
    for index, item in enumerate(value):
        if value[:index].count(item) == 1:
            yield FieldError("FieldValueDuplicate", f"{path}[{index}]", item)
