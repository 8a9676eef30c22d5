"""Which OpenAPI schemas are structural (upstream: apiextensions ``pkg/apiserver/schema/validation.go``).

A structural schema names the type of every field outside of ``allOf``, ``anyOf``, ``oneOf`` and ``not``, and inside of
those nothing but constraints, for fields that are also specified outside.
"""

import re
from typing import TYPE_CHECKING

from k8s_tutor.sim.resources.shared.check import At

if TYPE_CHECKING:
    from k8s_tutor.apimachinery.unstructured import Json

_EMPTY_TYPE = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}
_NESTED = (
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
    ("x-kubernetes-embedded-resource", "must be false to be structural"),
    ("x-kubernetes-int-or-string", "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-map-type", "must be undefined to be structural"),
)
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]


def check_structure(v: At) -> None:
    """Check that a schema is structural; complaints come sorted by their text."""
    inner = At([], v.path, v.value)
    _check(inner, "root")
    _check_completeness(inner, inner)
    v.errors.extend(sorted(inner.errors, key=lambda error: f"{error.field}: {error.message}"))


def _check(v: At, level: str) -> None:
    schema: Json = v.value
    kind, embedded = v.text("type"), bool(schema.get("x-kubernetes-embedded-resource"))
    if kind == "array" and schema.get("items") is None:
        v.required("items", "must be specified")
    if isinstance(schema.get("items"), dict):
        _check(v.at("items"), "item")
    properties = v.at("properties")
    for name, inner in (schema.get("properties") or {}).items():
        _check(properties.key(name, inner), "field")
    if schema.get("additionalProperties") is not None:
        if level == "root":
            v.forbidden("additionalProperties", "must not be used at the root")
        if isinstance(schema["additionalProperties"], dict):
            _check(v.at("additionalProperties"), "field")
    _check_extensions(v)
    _check_values(v, level)
    _check_type(v, level, kind, embedded=embedded)
    _check_meta(v, level, checked=level == "root" or embedded)
    if embedded and not schema.get("x-kubernetes-preserve-unknown-fields") and not schema.get("properties"):
        v.required(
            "properties",
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
        )


def _check_extensions(v: At) -> None:
    if not v.get("x-kubernetes-int-or-string"):
        return
    for name in ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"):
        if v.get(name):
            v.invalid(name, "must be false if x-kubernetes-int-or-string is true")


def _check_type(v: At, level: str, kind: str, *, embedded: bool) -> None:
    if embedded and kind != "object":
        complaint = "must be object if x-kubernetes-embedded-resource is true"
        v.invalid("type", complaint) if kind else v.required("type", complaint)
    elif not kind and not v.get("x-kubernetes-int-or-string") and not v.get("x-kubernetes-preserve-unknown-fields"):
        v.required("type", _EMPTY_TYPE[level])
    if embedded and v.get("additionalProperties") is not None:
        v.forbidden("additionalProperties", "must not be used if x-kubernetes-embedded-resource is set")
    if level == "root" and kind and kind != "object":
        v.invalid("type", "must be object at the root")


def _check_meta(v: At, level: str, *, checked: bool) -> None:
    properties: Json = v.get("properties") or {}
    at = v.at("properties")
    for name in ("kind", "apiVersion"):
        if checked and name in properties and properties[name].get("type") != "string":
            at.key(name, properties[name]).invalid_text("type", "must be string")
    metadata = properties.get("metadata")
    if metadata is None:
        return
    place = at.key("metadata", metadata)
    if checked and metadata.get("type") != "object":
        place.invalid_text("type", "must be object")
    if level == "root":
        rest = {
            key: value
            for key, value in metadata.items()
            if key not in ("type", "default") and value not in (None, "", [], {}, False)
        }
        if set(rest.get("properties") or ()) <= {"name", "generateName"}:
            rest.pop("properties", None)
        if rest:
            complaint = (
                "must not specify anything other than name and generateName, but metadata is implicitly specified"
            )
            place.forbidden("", complaint)


def _check_values(v: At, level: str) -> None:
    """Check the constraints of a schema: nested schemas and the pattern."""
    schema: Json = v.value
    loose = bool(schema.get("x-kubernetes-int-or-string"))
    if not (loose and schema.get("anyOf") == _INT_OR_STRING):
        for item in v.each("anyOf"):
            _check_nested(item, level, rules=False)
    for number, item in enumerate(v.each("allOf")):
        first = loose and number == 0 and (item.get("anyOf") == _INT_OR_STRING)
        _check_nested(item, level, rules=False, skip_any=first)
    for item in v.each("oneOf"):
        _check_nested(item, level, rules=False)
    if schema.get("not") is not None:
        _check_nested(v.at("not"), level, rules=False)
    if v.text("pattern"):
        try:
            re.compile(v.text("pattern"))
        except re.error as error:
            v.invalid("pattern", f"must be a valid regular expression, but isn't: error parsing regexp: {error}")


def _check_nested(v: At, level: str, *, rules: bool, skip_any: bool = False) -> None:
    schema: Json = v.value
    if skip_any:
        _check_values(At(v.errors, v.path, {key: value for key, value in schema.items() if key != "anyOf"}), level)
    else:
        _check_values(v, level)
    if isinstance(schema.get("items"), dict):
        _check_nested(v.at("items"), level, rules=rules)
    properties = v.at("properties")
    for name, inner in (schema.get("properties") or {}).items():
        _check_nested(properties.key(name, inner), "field", rules=rules)
    if v.text("type"):
        v.forbidden("type", "must be empty to be structural")
    if schema.get("additionalProperties") is not None:
        v.forbidden("additionalProperties", "must be undefined to be structural")
    for name, complaint in _NESTED:
        if schema.get(name) not in (None, "", [], {}, False):
            v.forbidden(name, complaint)
    if schema.get("x-kubernetes-validations") and not rules:
        v.forbidden("x-kubernetes-validations", "must be empty to be structural")
    if "metadata" in (schema.get("properties") or {}):
        properties.key("metadata").forbidden("", "must not be specified in a nested context")


def _check_completeness(outer: At, nested: At) -> None:
    """Fields that constraints speak of must be specified outside of them (looked at from the root only)."""
    if nested.value is None:
        return
    if outer.value is None:
        outer.required("", f"because it is defined in {nested.path}")
        return
    if nested.get("not") is not None:
        _check_nested_completeness(outer, nested.at("not"))
    for name in ("allOf", "anyOf", "oneOf"):
        for item in nested.each(name):
            _check_nested_completeness(outer, item)


def _check_nested_completeness(outer: At, nested: At) -> None:
    _check_completeness(outer, nested)
    if nested.get("items") is not None:
        _check_pair(outer.at("items"), nested.at("items"))
    inside, outside = nested.at("properties"), outer.at("properties")
    for name, value in (nested.get("properties") or {}).items():
        _check_pair(outside.key(name, outside.get(name)), inside.key(name, value))


def _check_pair(outer: At, nested: At) -> None:
    if outer.value is None:
        outer.required("", f"because it is defined in {nested.path}")
    else:
        _check_nested_completeness(outer, nested)
