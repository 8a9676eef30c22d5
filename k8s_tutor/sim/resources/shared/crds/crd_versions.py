"""The versions of a CustomResourceDefinition, as the server holds them.

What all versions share is moved to the top of the spec (``spec.validation`` …) before validation, so errors name those
fields (upstream: ``apiextensions/v1/conversion.go``).
"""

import unicodedata

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.check import At, same
from k8s_tutor.sim.resources.shared.crds.crd_rules import find
from k8s_tutor.sim.resources.shared.crds.crd_schema import check_schema
from k8s_tutor.sim.resources.shared.gotext import Struct

SHARED = {
    "schema": "validation",
    "subresources": "subresources",
    "additionalPrinterColumns": "additionalPrinterColumns",
    "selectableFields": "selectableFields",
}
_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_MAX_WARNING, _MAX_SELECTABLE = 256, 8


def hoisted(versions: list[Json] | None) -> tuple[Json, list[Json]]:
    """Return what all versions share, by its name in the spec, and the versions without it."""
    if not versions:
        return {}, []
    common = {
        field: versions[0].get(field)
        for field in SHARED
        if all(same(version.get(field), versions[0].get(field)) for version in versions)
    }
    rest = [{key: value for key, value in version.items() if key not in common} for version in versions]
    return {SHARED[field]: value for field, value in common.items() if value is not None}, rest


def shown_versions(versions: list[Json] | None) -> list[Struct] | None:
    """Return versions as the server prints them."""
    if versions is None:
        return None
    return [
        Struct(
            {
                "Name": version.get("name") or "",
                "Served": bool(version.get("served")),
                "Storage": bool(version.get("storage")),
                "Deprecated": bool(version.get("deprecated")),
                "DeprecationWarning": version.get("deprecationWarning"),
                "Schema": version.get("schema"),
                "Subresources": version.get("subresources"),
                "AdditionalPrinterColumns": version.get("additionalPrinterColumns"),
                "SelectableFields": version.get("selectableFields"),
            }
        )
        for version in versions
    ]


def has_status(subresources: Json | None) -> bool:
    """Tell whether status is a subresource."""
    return (subresources or {}).get("status") is not None


def check_version(v: At, *, status: bool) -> None:
    """Check one version."""
    for complaint in _warning_complaints(v):
        v.invalid("deprecationWarning", complaint)
    if v.at("schema").get("openAPIV3Schema") is not None:
        check_schema(v.at("schema").at("openAPIV3Schema"), has_status=status)
    check_subresources(v.at("subresources"))
    for column in v.each("additionalPrinterColumns"):
        check_column(column)
    if v.get("selectableFields"):
        schema = v.at("schema").get("openAPIV3Schema")
        if schema is None:
            complaint = "may only be set when `version.schema.openAPIV3Schema` is not included"
            v.invalid("selectableFields", complaint, "")
        else:
            check_selectable(v, schema)


def _warning_complaints(v: At) -> list[str]:
    text = v.get("deprecationWarning")
    if text is None:
        return []
    if not v.get("deprecated"):
        return ["can only be set for deprecated versions"]
    found = []
    if len(text.encode()) > _MAX_WARNING:
        found.append("must be <= 256 characters long")
    if not text:
        found.append("must not be an empty string")
    for index, letter in enumerate(text):
        if unicodedata.category(letter)[0] == "C" or (letter.isspace() and letter != " "):
            place = len(text[:index].encode())
            found.append(
                f"must only contain printable UTF-8 characters; non-printable character found at index {place}"
            )
            break
    return found


def check_column(v: At) -> None:
    """Check an additional printer column."""
    types = f"must be one of {','.join(_COLUMN_TYPES)}"
    v.need("name")
    if v.need("type", types) and v.text("type") not in _COLUMN_TYPES:
        v.invalid("type", types)
    if v.text("format") and v.text("format") not in _COLUMN_FORMATS:
        v.invalid("format", f"must be one of {','.join(_COLUMN_FORMATS)}")
    path = v.text("jsonPath")
    if not path:
        v.required("JSONPath")
    else:
        _check_simple_path(v, "JSONPath", path)


def _check_simple_path(v: At, field: str, path: str) -> bool:
    if path.startswith("."):
        return True
    v.invalid(field, "must be a simple json path starting with .", path)
    return False


def check_subresources(v: At) -> None:
    """Check where the scale subresource finds its numbers."""
    scale = v.at("scale")
    if scale.value is None:
        return
    for field, roots, words in (
        ("specReplicasPath", (".spec.",), ".spec"),
        ("statusReplicasPath", (".status.",), ".status"),
        ("labelSelectorPath", (".spec.", ".status."), "either .spec or .status"),
    ):
        path = scale.text(field)
        if not path:
            if len(roots) == 1:
                scale.required(field)
        elif _check_simple_path(scale, field, path) and not path.startswith(roots):
            scale.invalid(field, f"should be a json path under {words}")


def check_selectable(v: At, schema: Json) -> None:
    """Check the fields that field selectors may name."""
    seen: set[str] = set()
    for field in v.each("selectableFields"):
        if not field.need("jsonPath"):
            continue
        path = field.text("jsonPath")
        found = find(schema, path, arrays=False)
        if isinstance(found, str):
            field.invalid("jsonPath", f"is an invalid path: {found}")
            continue
        if path.split(".")[1:2] == ["metadata"]:
            field.invalid("jsonPath", "must not point to fields in metadata")
        if found.get("type") not in ("string", "boolean", "integer"):
            complaint = (
                "must point to a field of type string, boolean or integer. Enum string fields and strings with formats "
                "are allowed."
            )
            field.invalid("jsonPath", complaint)
        if path in seen:
            field.duplicate("jsonPath")
        seen.add(path)
    if len(seen) > _MAX_SELECTABLE:
        v.too_many("selectableFields", len(seen), _MAX_SELECTABLE)


def check_names(v: At) -> None:
    """Check the names of a custom resource."""
    for field in ("plural", "singular"):
        _check_label(v, field, v.text(field), "")
    for field in ("kind", "listKind"):
        _check_label(v, field, v.text(field).lower(), "may have mixed case, but should otherwise match: ")
    for name in v.each("shortNames"):
        _check_label(name, "", name.value, "")
    if v.text("kind") and v.text("kind") == v.text("listKind"):
        v.invalid("listKind", "kind and listKind may not be the same")
    for name in v.each("categories"):
        _check_label(name, "", name.value, "")


def _check_label(v: At, field: str, text: str, prefix: str) -> None:
    complaints = names.is_dns1035_label(text) if text or not field else []
    if complaints:
        v.invalid(field, prefix + ",".join(complaints))
