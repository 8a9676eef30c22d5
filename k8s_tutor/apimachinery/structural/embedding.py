"""Objects within objects (``x-kubernetes-embedded-resource``): their apiVersion, kind and metadata.

Mirrors ``apiextensions-apiserver/pkg/apiserver/schema/objectmeta``: when decoded, embedded metadata is brought into the
form of an ObjectMeta, and what is no ObjectMeta makes the whole object unusable; when validated, apiVersion and kind must
be there and all three be well-formed.
"""

from collections.abc import Iterator
from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.conforming import conform
from k8s_tutor.apimachinery.encoding import encoded
from k8s_tutor.apimachinery.schema.tables import type_named
from k8s_tutor.apimachinery.structural.errors import FieldError
from k8s_tutor.apimachinery.structural.types import Schema
from k8s_tutor.apimachinery.unstructured import Json

META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
TYPE_META = ("apiVersion", "kind")


class MalformedError(ValueError):
    """Embedded metadata, or a kind, of the wrong type."""


def children(value: Any, schema: Schema, path: str) -> Iterator[tuple[Any, Schema, str]]:
    """Yield what a value holds, with the schemas and paths of it."""
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


def has_embedded(schema: Schema) -> bool:
    """Tell whether objects are embedded anywhere in a schema."""
    if schema.get("x-kubernetes-embedded-resource"):
        return True
    inner = [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("additionalProperties")]
    return any(has_embedded(item) for item in inner if isinstance(item, dict))


def read_metadata(value: Any) -> tuple[Json, list[str], str | None]:
    """Return a value as an ObjectMeta, the unknown fields in it, and why it is none."""
    kind = type_named(META)
    assert kind is not None  # noqa: S101 - a generated type
    if value is None:
        return {}, [], None
    found = conform(value, kind)
    return found.obj, found.strict_errors, found.type_error


def coerce(value: Any, schema: Schema, path: str, unknown: list[str]) -> None:
    """Bring embedded objects of a decoded object into form, in place; collects complaints about unknown fields.

    Raises:
        MalformedError: with upstream's words.
    """
    if schema.get("x-kubernetes-embedded-resource") and isinstance(value, dict):
        for key in TYPE_META:
            if key in value and not isinstance(value[key], str):
                raise MalformedError(
                    str(FieldError("FieldValueInvalid", f"{path}.{key}", value[key], "must be a string"))
                )
        if "metadata" in value:
            meta, strict, problem = read_metadata(value["metadata"])
            if problem is not None:
                raise MalformedError(
                    str(FieldError("FieldValueInvalid", f"{path}.metadata", value["metadata"], problem)),
                )
            unknown += [text.replace('unknown field "', f'unknown field "{path}.metadata.') for text in strict]
            kind = type_named(META)
            value["metadata"] = encoded(meta, kind) if kind is not None else meta
            if value["metadata"].get("creationTimestamp") is None:
                value["metadata"].pop("creationTimestamp", None)
    for item, inner, place in children(value, schema, path):
        coerce(item, inner, place, unknown)


def check(value: Any, schema: Schema, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with embedded objects."""
    if schema.get("x-kubernetes-embedded-resource") and path and isinstance(value, dict):
        yield from _check_one(value, path)
    for item, inner, place in children(value, schema, path):
        yield from check(item, inner, place)


def _check_one(value: Json, path: str) -> Iterator[FieldError]:
    for key in TYPE_META:
        if key not in value:
            yield FieldError("FieldValueRequired", f"{path}.{key}")
    for key in TYPE_META:
        found = value.get(key)
        if found == "":
            yield FieldError("FieldValueInvalid", f"{path}.{key}", found, "must not be empty")
    version, kind = value.get("apiVersion"), value.get("kind")
    if isinstance(version, str) and version.count("/") > 1:
        yield FieldError(
            "FieldValueInvalid", f"{path}.apiVersion", version, f"unexpected GroupVersion string: {version}"
        )
    if isinstance(kind, str) and kind and (complaints := names.is_dns1035_label(kind.lower())):
        detail = "may have mixed case, but should otherwise match: " + ",".join(complaints)
        yield FieldError("FieldValueInvalid", f"{path}.kind", kind, detail)
    yield from _check_metadata(value.get("metadata") or {}, f"{path}.metadata")


def _check_metadata(meta: Json, path: str) -> Iterator[FieldError]:
    for key in ("generateName", "name"):
        for why in names.is_path_segment(meta[key]) if meta.get(key) else ():
            yield FieldError("FieldValueInvalid", f"{path}.{key}", meta[key], why)
    for why in names.is_dns1123_label(meta["namespace"]) if meta.get("namespace") else ():
        yield FieldError("FieldValueInvalid", f"{path}.namespace", meta["namespace"], why)
    for key, label in (meta.get("labels") or {}).items():
        for why in names.is_qualified_name(key):
            yield FieldError("FieldValueInvalid", f"{path}.labels", key, why)
        for why in names.is_label_value(label):
            yield FieldError("FieldValueInvalid", f"{path}.labels", label, why)
    for key in meta.get("annotations") or {}:
        for why in names.is_qualified_name(key.lower()):
            yield FieldError("FieldValueInvalid", f"{path}.annotations", key, why)
