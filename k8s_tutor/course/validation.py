"""JSON Schemas of the pack's files, and their errors in words an author can act on.

``jsonschema`` is imported only when something is validated: opening the built-in course validates nothing, its schema
was proved by ``dev check`` and the tests.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from k8s_tutor.course.yamltext import Document, FieldPath

NAMES = ("common", "course", "lesson", "exercise", "checks", "overlay")


@cache
def schema(name: str) -> dict[str, Any]:
    """Return one of the schemas by name (``course``, ``lesson``, …)."""
    text = resources.files("k8s_tutor.course").joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def problems(data: Any, name_or_schema: str | Mapping[str, Any]) -> Iterator[tuple[FieldPath, str]]:
    """Yield every violation: the field's path and what is wrong with it."""
    for error in _validator(name_or_schema).iter_errors(data):
        yield _explained(_deepest(error))


def validate(document: Document, name_or_schema: str | Mapping[str, Any]) -> None:
    """Check a document.

    Raises:
        PackError: naming the first wrong field's file, line and column, and how many more there are.
    """
    # A field that is missing is often one that is misspelt: what is there comes first.
    found = sorted(
        problems(document.data, name_or_schema),
        key=lambda item: (item[1].endswith("is missing"), *_place(document, item[0])),
    )
    if found:
        path, why = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise document.error(path, why + more, "Next: mend it; docs/pack-format.md tells every field.")


def _place(document: Document, path: FieldPath) -> tuple[int, int]:
    mark = document.mark(path)
    return mark.line, mark.column


def _validator(name_or_schema: str | Mapping[str, Any]) -> Any:
    if isinstance(name_or_schema, str):
        return _named_validator(name_or_schema)
    return _make(name_or_schema)


@cache
def _named_validator(name: str) -> Any:
    return _make(schema(name))


def _make(schema_: Mapping[str, Any]) -> Any:
    import jsonschema
    import referencing
    from referencing.jsonschema import DRAFT202012

    registry: Any = referencing.Registry().with_resources(
        (f"{name}.schema.json", DRAFT202012.create_resource(schema(name))) for name in NAMES
    )
    return jsonschema.Draft202012Validator(schema_, registry=registry)


def _deepest(error: Any) -> Any:
    """Of a choice between forms, take the complaint of the form that the author most likely meant."""
    while error.context:
        wrong_type = {"type", "required", "const"}
        error = min(
            error.context, key=lambda inner: (inner.validator in wrong_type and len(inner.path) == 0, -len(inner.path))
        )
    return error


def _explained(error: Any) -> tuple[FieldPath, str]:
    path, value, wanted = list(error.absolute_path), error.instance, error.validator_value
    match error.validator:
        case "additionalProperties" if wanted is False:
            known = list(error.schema.get("properties", ()))
            unknown = next(key for key in value if key not in known)
            near = difflib.get_close_matches(str(unknown), known, 1, 0.6)
            return [*path, unknown], f"unknown field{f'; did you mean {near[0]}?' if near else ''}"
        case "required":
            missing = next(name for name in wanted if name not in value)
            return path, f"the field {missing} is missing"
        case "type":
            names = wanted if isinstance(wanted, str) else " or ".join(wanted)
            return path, f"{_shown(value)} is not of type {names}"
        case "enum":
            return path, f"{_shown(value)} is none of {', '.join(map(str, wanted))}"
        case "pattern":
            about = error.schema.get("description", "")
            return path, f"{_shown(value)} is malformed{f': {about}' if about else f' (must look like {wanted})'}"
        case "uniqueItems":
            return path, "an entry stands twice"
        case "minItems":
            return path, f"{len(value)} entries; at least {wanted} are needed"
        case _:
            return path, str(error.message)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
