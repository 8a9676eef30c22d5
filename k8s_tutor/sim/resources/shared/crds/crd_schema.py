"""The schema of a CustomResourceDefinition: what is no structural schema, defaults, list and map types, CEL rules.

Mirrors ``apiextensions-apiserver``: ``pkg/apiserver/schema/validation.go`` (structure), ``…/defaulting/validation.go``
(defaults) and ``pkg/apis/apiextensions/validation`` (everything else). Schemas are the plain dicts of
``openAPIV3Schema``; they are sound custom-resource schemas only if no complaint remains.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from k8s_tutor.apimachinery import structural
from k8s_tutor.apimachinery.cel.ranges import LARGEST
from k8s_tutor.apimachinery.structural.values import check as check_value
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.crds.crd_rules import Budget, check_compiled, check_written, most_items
from k8s_tutor.sim.resources.shared.crds.crd_structure import check_structure

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_UNSUPPORTED = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
_META = ("metadata", "kind", "apiVersion")
_ROOT_FIELDS = (
    "Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems"
    " MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations"
)
_ROOT_NAMES = frozenset(
    [
        "description",
        "type",
        "format",
        "title",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "pattern",
        "maxItems",
        "minItems",
        "uniqueItems",
        "multipleOf",
        "required",
        "items",
        "properties",
        "externalDocs",
        "example",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    ]
)


class _Place(NamedTuple):
    """What is forbidden at a place of the schema, because of what is around it."""

    no_default: str = ""
    in_meta: bool = False
    uncorrelated: str = ""
    times: int | None = 1

    def within(self, schema: Json) -> "_Place":
        """Return the place of what is within a schema's value, which occurs as often as that can hold it."""
        inner = most_items(schema)
        times = None if self.times is None or inner is None else min(self.times * inner, LARGEST)
        return self._replace(times=times)


def walk(schema: Any) -> Iterator[Json]:
    """Walk a schema and all schemas in it."""
    if not isinstance(schema, dict):
        return
    yield schema
    for key in ("items", "not", "additionalProperties", "additionalItems"):
        yield from walk(schema.get(key))
    for key in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(key) or ():
            yield from walk(inner)
    for key in ("properties", "patternProperties", "definitions"):
        for inner in (schema.get(key) or {}).values():
            yield from walk(inner)


def check_schema(v: At, *, has_status: bool) -> None:
    """Check the ``openAPIV3Schema`` the cursor stands at."""
    before = len(v.errors)
    if has_status:
        _check_root(v)
    if v.get("nullable"):
        v.forbidden("nullable", "nullable cannot be true at the root")
    check_structure(v)
    if len(v.errors) == before:
        _check_defaults(v, root=True)
    sound = len(v.errors) == before
    rules: list[Callable[[Budget], None]] = []
    _check_node(v, _Place(), rules, root=True)
    if sound and len(v.errors) == before:
        budget = Budget()
        for check in rules:
            check(budget)
        budget.check(v)


def _check_root(v: At) -> None:
    """Where status is a subresource only these fields may stand at the root."""
    kind = v.text("type")
    if kind and kind != "object":
        complaint = (
            'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
        )
        v.invalid("type", complaint)
    elif any(value not in (None, "", [], {}, False) and name not in _ROOT_NAMES for name, value in v.value.items()):
        v.invalid(
            "",
            f"only [{_ROOT_FIELDS}] fields are allowed at the root of the schema if the status subresource is enabled",
        )


def _check_defaults(v: At, *, root: bool = False, in_meta: bool = False) -> None:
    schema = v.value
    embedded = root or bool(schema.get("x-kubernetes-embedded-resource"))
    if "default" in schema and schema["default"] is not None:
        _check_default(v, schema, in_meta=in_meta and not embedded)
    items = schema.get("items")
    if isinstance(items, dict):
        _check_defaults(v.at("items"), in_meta=in_meta and not embedded)
    properties = v.at("properties")
    for name, inner in sorted((schema.get("properties") or {}).items()):
        _check_defaults(properties.key(name, inner), in_meta=(in_meta and not embedded) or (embedded and name in _META))


def _check_default(v: At, schema: Json, *, in_meta: bool) -> None:
    default = schema["default"]
    if not in_meta:
        pruned, unknown = structural.prune(default, schema, root=False)
        if unknown or pruned != default:
            v.invalid("default", "must not have unknown fields")
    for error in check_value(default, schema, ""):
        inner = error.field.removeprefix("<nil>")
        path = f"{v.path}.default{'.' if inner and not inner.startswith('[') else ''}{inner}"
        body = error.body if inner else re.sub(r": must be of type", ":  in body must be of type", error.body)
        v.errors.append(FieldError(error.reason, path, body))


def _check_node(v: At, place: _Place, rules: list[Callable[[Budget], None]], *, root: bool = False) -> None:
    schema: Json | None = v.value
    if schema is None:
        return
    _check_standard(v, place)
    if schema.get("uniqueItems"):
        v.forbidden("uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic")
    _check_inner(v, place, rules, root=root)
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        v.invalid("x-kubernetes-preserve-unknown-fields", "must be true or undefined")
    _check_kind_of(v, "x-kubernetes-map-type", "object", ("atomic", "granular"))
    _check_list(v)
    if schema.get("x-kubernetes-validations"):
        check_written(v)
        rules.append(partial(_check_rules, v, place, root))


def _check_rules(v: At, place: _Place, root: bool, budget: Budget) -> None:
    check_compiled(v, budget, uncorrelated=place.uncorrelated, root=root, times=place.times)


def _check_standard(v: At, place: _Place) -> None:
    kind = v.text("type")
    if kind and kind not in _TYPES:
        v.unsupported("type", _TYPES)
    if v.get("default") is not None and place.no_default:
        v.forbidden("default", f"must not be set {place.no_default}")
    for name in _UNSUPPORTED:
        if v.get(name):
            v.forbidden(name, f"{name} is not supported")
    if kind == "null":
        v.forbidden("type", "type cannot be set to null, use nullable as an alternative")
    if isinstance(v.get("items"), list) and v.get("items"):
        v.forbidden("items", "items must be a schema object and not an array")
    if place.in_meta and v.get("x-kubernetes-embedded-resource"):
        v.forbidden("x-kubernetes-embedded-resource", "must not be used inside of resource meta")


def _check_inner(v: At, place: _Place, rules: list[Callable[[Budget], None]], *, root: bool) -> None:
    schema: Json = v.value
    place = place.within(schema)
    additional = schema.get("additionalProperties")
    if additional is not None:
        if schema.get("properties") and additional is not True:
            v.forbidden("additionalProperties", "additionalProperties and properties are mutual exclusive")
        if isinstance(additional, dict):
            inner = place
            if place.in_meta:
                inner = place._replace(no_default="inside additionalProperties applying to object metadata")
            _check_node(v.at("additionalProperties"), inner, rules)
    properties = v.at("properties")
    for name, child in sorted((schema.get("properties") or {}).items()):
        inner = place
        if schema.get("x-kubernetes-map-type") == "atomic" and not inner.uncorrelated:
            inner = inner._replace(uncorrelated=v.path)
        if (root or schema.get("x-kubernetes-embedded-resource")) and name in _META:
            inner = inner._replace(in_meta=True)
            if root:
                inner = inner._replace(no_default=f"in top-level {name}")
        _check_node(properties.key(name, child), inner, rules)
    if schema.get("not") is not None:
        _check_node(v.at("not"), place, [])
    for name in ("allOf", "oneOf", "anyOf"):
        for item in v.each(name):
            _check_node(item, place, [])
    if isinstance(schema.get("items"), dict):
        inner = place
        if schema.get("x-kubernetes-list-type") != "map" and not inner.uncorrelated:
            inner = inner._replace(uncorrelated=v.path)
        _check_node(v.at("items"), inner, rules)


def _check_kind_of(v: At, name: str, kind: str, allowed: tuple[str, ...]) -> bool:
    """Check a map or list type; tells whether the schema's own type fits."""
    value = v.get(name)
    if value is None:
        return True
    fits = v.text("type") == kind
    if not v.text("type"):
        v.required("type", f"must be {kind} if {name} is specified")
    elif not fits:
        v.invalid("type", f"must be {kind} if {name} is specified")
    if name == "x-kubernetes-map-type" and value not in allowed:
        v.unsupported(name, allowed)
    return fits


def _check_list(v: At) -> None:
    """Check the rules of ``x-kubernetes-list-type`` and its keys."""
    name, keys_name = "x-kubernetes-list-type", "x-kubernetes-list-map-keys"
    kind, keys = v.get(name), v.get(keys_name) or []
    items = v.at("items")
    if isinstance(items.value, list):
        return  # refused elsewhere
    fits = _check_kind_of(v, name, "array", ())
    if fits and kind == "set" and items.value is not None:
        complaint = "must be atomic as item of a list with x-kubernetes-list-type=set"
        inner = items.text("type")
        if inner == "array" and items.get(name) not in (None, "atomic"):
            items.invalid(name, complaint)
        elif inner == "object" and items.get("x-kubernetes-map-type") != "atomic":
            items.invalid("x-kubernetes-map-type", complaint, items.get(name))
    if kind is not None and kind not in ("atomic", "set", "map"):
        v.unsupported(name, ("atomic", "set", "map"))
    if keys and kind is None:
        v.required(name, f"must be map if {keys_name} is non-empty")
    elif keys and kind != "map":
        v.invalid(name, f"must be map if {keys_name} is non-empty")
    if kind == "map":
        _check_map_list(v, items, keys, keys_name)
    if kind in ("set", "map") and items.get("nullable"):
        items.forbidden("nullable", f"cannot be nullable when {name} is {kind}")
    if kind == "map":
        _check_key_presence(items, keys)


def _check_map_list(v: At, items: At, keys: list[str], keys_name: str) -> None:
    if not keys:
        v.required(keys_name, "must not be empty if x-kubernetes-list-type is map")
    if items.value is None:
        v.required("items", "must have a schema if x-kubernetes-list-type is map")
        return
    if items.text("type") != "object":
        items.invalid_text("type", "must be object if parent array's x-kubernetes-list-type is map")
        return
    seen: set[str] = set()
    for key in keys:
        found = (items.get("properties") or {}).get(key)
        if found is None:
            v.invalid(keys_name, "entries must all be names of item properties")
        elif found.get("type") in ("array", "object"):
            complaint = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            items.at("properties").key(key).invalid("type", complaint, items.get("type"))
        if key in seen:
            v.invalid(keys_name, "must not contain duplicate entries")
        seen.add(key)


def _check_key_presence(items: At, keys: list[str]) -> None:
    reason = "this property is in x-kubernetes-list-map-keys, so it "
    for key in keys:
        found = (items.get("properties") or {}).get(key)
        if found is None:
            continue
        at = items.at("properties").key(key)
        if key not in (items.get("required") or ()) and found.get("default") is None:
            at.required("default", f"{reason}must have a default or be a required property")
        if found.get("nullable"):
            at.forbidden("nullable", f"{reason}cannot be nullable")
