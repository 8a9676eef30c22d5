"""Value validation: types, ranges, patterns, enums and combinations of a schema.

Mirrors ``kube-openapi/pkg/validation/validate`` with the error texts of ``go-openapi/errors`` as apiextensions turns them
into field errors.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from k8s_tutor.apimachinery.backtracking import BacktrackingError, limited
from k8s_tutor.apimachinery.structural.errors import OMIT, FieldError, show
from k8s_tutor.apimachinery.structural.formats import FORMATS
from k8s_tutor.apimachinery.structural.types import Schema

_NUMBERS = {"integer", "number"}
JSON_ONLY = (dict, list, type(None))
_BITS = {"int32": 32, "int64": 64}
_GO_FORMATS = {"integer": "int64", "number": "float64"}


def check(value: Any, schema: Schema, path: str) -> Iterator[FieldError]:
    """Yield what the schema has against a value."""
    if (error := _check_type(value, schema, path)) is not None:
        yield error
    if value is None:
        return
    yield from _check_combinations(value, schema, path)
    if isinstance(value, str):
        yield from _check_text(value, schema, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _check_number(value, schema, path)
    elif isinstance(value, list):
        yield from _check_list(value, schema, path)
    enum = schema.get("enum")
    if enum and value not in enum:
        shown = ", ".join(_choice(item) for item in enum)
        yield FieldError("FieldValueNotSupported", path, value, f"supported values: {shown}")
    if isinstance(value, dict):
        yield from _check_object(value, schema, path)


def _json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _check_type(value: Any, schema: Schema, path: str) -> FieldError | None:
    wanted = (
        ["integer", "string"]
        if schema.get("x-kubernetes-int-or-string")
        else [schema["type"]]
        if schema.get("type")
        else []
    )
    if not wanted:
        return None
    found = _json_type(value)
    if found in wanted or (value is None and schema.get("nullable")):
        return None
    name = schema.get("format")
    if name and isinstance(value, str | list) and not _NUMBERS & set(wanted):
        return None  # upstream leaves texts and lists to the format
    if found == "integer" and "number" in wanted:
        return None
    if found == "number" and "integer" in wanted and value.is_integer():
        return None
    names = ",".join(wanted)
    if name and value is not None and not isinstance(value, str | list):
        # Upstream compares formats first, and then speaks of them.
        found, names = _GO_FORMATS.get(found, ""), name
        if found == name:
            return None
    detail = f'{path} in body must be of type {names}: "{found}"' if path else f'must be of type {names}: "{found}"'
    return FieldError("FieldValueTypeInvalid", path or "<nil>", found, detail)


def _invalid(path: str, value: Any, complaint: str) -> FieldError:
    return FieldError("FieldValueInvalid", path or "<nil>", value, f"{path} in body {complaint}")


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _choice(value: Any) -> str:
    """Return a value of an enum as it is listed."""
    return show(value if isinstance(value, str) else show(value) if isinstance(value, JSON_ONLY) else _number(value))


def _check_text(value: str, schema: Schema, path: str) -> Iterator[FieldError]:
    """Yield the first of length and pattern that does not fit, and the format."""
    longest, shortest, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if longest is not None and len(value) > longest:
        yield FieldError("FieldValueTooLong", path, OMIT, f"may not be more than {longest} byte{'s' * (longest != 1)}")
    elif shortest is not None and len(value) < shortest:
        yield _invalid(path, value, f"should be at least {shortest} chars long")
    elif pattern and not _matches(pattern, value):
        yield _invalid(path, value, f"should match '{pattern}'")
    name = schema.get("format")
    if name in FORMATS and not FORMATS[name](value):
        yield FieldError("FieldValueTypeInvalid", path, value, f'{path} in body must be of type {name}: "{value}"')


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern.replace(r"\z", r"\Z"))
    except re.error:
        return None


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    try:
        with limited(pattern, value):
            return compiled is None or compiled.search(value) is not None
    except BacktrackingError:
        return False


def _fits(value: float, bits: int) -> bool:
    return value == int(value) and -(1 << (bits - 1)) <= value < 1 << (bits - 1)


def _check_number(value: float, schema: Schema, path: str) -> Iterator[FieldError]:
    name = schema.get("format")
    if schema.get("type") == "integer" and not _fits(value, _BITS.get(name or "", 64)):
        told = f"with format {name}" if name else "(default format)"
        text = f"Checked value must be of type integer {told} in {path}"
        yield FieldError("FieldValueInvalid", "<nil>", "", text)
    factor, most, least = schema.get("multipleOf"), schema.get("maximum"), schema.get("minimum")
    if factor and value % factor:
        yield _invalid(path, value, f"should be a multiple of {_number(factor)}")
    if most is not None and (value >= most if schema.get("exclusiveMaximum") else value > most):
        kind = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        yield _invalid(path, value, f"should be {kind} {_number(most)}")
    if least is not None and (value <= least if schema.get("exclusiveMinimum") else value < least):
        kind = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        yield _invalid(path, value, f"should be {kind} {_number(least)}")


def _too_many(path: str, count: int, most: int) -> FieldError:
    return FieldError("FieldValueTooMany", path, count, f"must have at most {most} item{'s' * (most != 1)}")


def _check_list(value: list[Any], schema: Schema, path: str) -> Iterator[FieldError]:
    items = schema.get("items")
    if isinstance(items, dict):
        for index, item in enumerate(value):
            yield from check(item, items, f"{path}[{index}]")
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and len(value) < least:
        yield _invalid(path, len(value), f"should have at least {least} items")
    if most is not None and len(value) > most:
        yield _too_many(path, len(value), most)
    if schema.get("uniqueItems") and any(item in value[:index] for index, item in enumerate(value)):
        yield _invalid(path, OMIT, "shouldn't contain duplicates")


def _check_object(value: dict[str, Any], schema: Schema, path: str) -> Iterator[FieldError]:
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if least is not None and len(value) < least:
        yield _invalid(path, len(value), f"should have at least {least} properties")
    if most is not None and len(value) > most:
        yield _too_many(path, len(value), most)
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    for key, item in value.items():
        inner = properties.get(key, additional)
        if isinstance(inner, dict):
            yield from check(item, inner, f"{path}.{key}" if path else key)
        elif inner is False:
            yield _invalid(path, OMIT, "is a forbidden property")
    for key in schema.get("required") or ():
        if key not in value:
            yield FieldError("FieldValueRequired", f"{path}.{key}" if path else key)


def _check_combinations(value: Any, schema: Schema, path: str) -> Iterator[FieldError]:
    shown = f'"{path}"'
    if choices := schema.get("anyOf"):
        results = [list(check(value, choice, path)) for choice in choices]
        if all(results):
            yield FieldError("FieldValueInvalid", "<nil>", "", f"{shown} must validate at least one schema (anyOf)")
            yield from min(results, key=len)
    if choices := schema.get("oneOf"):
        results = [list(check(value, choice, path)) for choice in choices]
        valid = sum(not errors for errors in results)
        if valid != 1:
            why = f"Found {valid} valid alternatives" if valid else "Found none valid"
            yield FieldError(
                "FieldValueInvalid", "<nil>", "", f"{shown} must validate one and only one schema (oneOf). {why}"
            )
            if not valid:
                yield from min(results, key=len)
    if choices := schema.get("allOf"):
        results = [list(check(value, choice, path)) for choice in choices]
        for errors in results:
            yield from errors
        if any(results):
            why = ". None validated" if all(results) else ""
            yield FieldError("FieldValueInvalid", "<nil>", "", f"{shown} must validate all the schemas (allOf){why}")
    if (refused := schema.get("not")) is not None and not list(check(value, refused, path)):
        yield FieldError("FieldValueInvalid", "<nil>", "", f"{shown} must not validate the schema (not)")
