"""The values that string fields may have, from Kubernetes' generated OpenAPI definitions.

The documents under ``api/openapi-spec`` leave them out; a server tells them (feature ``OpenAPIEnums``), as a list and as
the last paragraph of the field's description: what ``kubectl explain`` prints under ``ENUM``.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_FUNCTION = re.compile(r"func schema_(\w+)\(")
_PROPERTY = re.compile(r'\t{5}"([^"]+)": \{')
_DESCRIPTION = re.compile(r'\s*Description:\s+(".*"),')
_ENUM = re.compile(r"\s*Enum:\s+\[\]interface\{\}\{(.*)\},")
_KEY_LENGTH = 3


class Enum(NamedTuple):
    """One field's values; ``description`` is None where they are those of a list's items."""

    values: list[str]
    description: str | None


def read_enums(source: Path) -> dict[tuple[str, ...], dict[str, Enum]]:
    """Return the enums by the end of a type's name (``("core", "v1", "PodSpec")``) and property."""
    found: dict[tuple[str, ...], dict[str, Enum]] = {}
    for name, field, enum in _walk(source):
        found.setdefault(tuple(name.split("_"))[-_KEY_LENGTH:], {})[field] = enum
    return found


def _walk(source: Path) -> Iterator[tuple[str, str, Enum]]:
    name = field = ""
    description: str | None = None
    items = False
    for line in source.read_text().splitlines():
        if match := _FUNCTION.match(line):
            name, field = match[1], ""
        elif match := _PROPERTY.fullmatch(line):
            field, description, items = match[1], None, False
        elif "SchemaOrArray{" in line or "SchemaOrBool{" in line:
            items = True
        elif match := _DESCRIPTION.fullmatch(line):
            description = json.loads(match[1])
        elif field and (match := _ENUM.fullmatch(line)):
            yield name, field, Enum(json.loads(f"[{match[1]}]"), None if items else description)


def add_enums(schemas: dict[str, Any], enums: dict[tuple[str, ...], dict[str, Enum]]) -> None:
    """Add the values to the schemas of an OpenAPI document."""
    for name, schema in schemas.items():
        for field, enum in enums.get(tuple(name.split("."))[-_KEY_LENGTH:], {}).items():
            target = schema.get("properties", {}).get(field)
            if target is None:
                continue
            if enum.description is None:
                target = target.get("items") or target.get("additionalProperties")
            else:
                target["description"] = enum.description
            target["enum"] = enum.values
