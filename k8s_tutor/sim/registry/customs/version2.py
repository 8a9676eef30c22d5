"""A CRD's schema as OpenAPI version 2 can tell it (``controller/openapi/v2/conversion.go``)."""

from k8s_tutor.apimachinery.structural.preparing import PRESERVE
from k8s_tutor.apimachinery.unstructured import Json

JUNCTORS = ("allOf", "oneOf", "anyOf", "not")
CHILDREN = ("items", "properties")


def root_of_version_2(schema: Json) -> Json | None:
    """Return the schema of a kind in version 2, or None if no field of it can be told: all unknown ones are kept."""
    return None if schema.get(PRESERVE) else _told(schema)


def _told(schema: Json) -> Json:
    told: Json = {key: value for key, value in schema.items() if key not in JUNCTORS}
    preserving, nullable = told.get(PRESERVE), told.pop("nullable", False)
    if preserving or nullable:
        for key in CHILDREN:
            told.pop(key, None)
    typeless = nullable or ("items" not in told if told.get("type") == "array" else preserving)
    if typeless:
        told.pop("type", None)
    _without_nullable_required(told)
    if "items" in told:
        told["items"] = _told(told["items"])
    if "properties" in told:
        told["properties"] = {name: _told(each) for name, each in told["properties"].items()}
    if isinstance(told.get("additionalProperties"), dict):
        told["additionalProperties"] = _told(told["additionalProperties"])
    return told


def _without_nullable_required(schema: Json) -> None:
    properties, values = schema.get("properties") or {}, schema.get("additionalProperties")
    required = [name for name in schema.get("required") or [] if not (properties.get(name) or {}).get("nullable")]
    schema.pop("required", None)
    if required and not (isinstance(values, dict) and values.get("nullable")):
        schema["required"] = required
