"""OpenAPI v2 documents as protobuf, the form in which kubectl downloads ``/openapi/v2``.

The messages are those of gnostic's ``openapiv2`` (what ``kube-openapi/pkg/handler`` answers): each object becomes a
message by a table of its JSON keys, maps become repeated name/value pairs, ``x-…`` keys become extensions whose value is
YAML text. Concatenated messages merge in protobuf, so definitions of custom resources are simply appended to the built-in
document.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from k8s_tutor.apimachinery.protobuf.wire import chunk, varint

Encode = Callable[[Any], bytes]
Fields = Mapping[str, tuple[int, str]]

BOUNDS: Fields = {
    "maximum": (0, "double"),
    "exclusiveMaximum": (1, "bool"),
    "minimum": (2, "double"),
    "exclusiveMinimum": (3, "bool"),
    "maxLength": (4, "int"),
    "minLength": (5, "int"),
    "pattern": (6, "string"),
    "maxItems": (7, "int"),
    "minItems": (8, "int"),
    "uniqueItems": (9, "bool"),
}


def _bounds(first: int) -> dict[str, tuple[int, str]]:
    return {key: (first + offset, kind) for key, (offset, kind) in BOUNDS.items()}


METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
PARAMETER: Fields = {"required": (1, "bool"), "in": (2, "string"), "description": (3, "string"), "name": (4, "string")}
EXTENSIONS = {
    "Info": 7,
    "Document": 16,
    "PathItem": 10,
    "Operation": 13,
    "Responses": 2,
    "Response": 5,
    "BodyParameter": 6,
    "QueryParameter": 23,
    "PathParameter": 22,
    "ApiKeySecurity": 5,
    "Schema": 31,
}
# A kind is a scalar, a message, `[]` of one of them, or `{}` for a map of names to messages.
MESSAGES: dict[str, Fields] = {
    "Document": {
        "swagger": (1, "string"),
        "info": (2, "Info"),
        "paths": (8, "Paths"),
        "definitions": (9, "{}Schema"),
        "parameters": (10, "{}Parameter"),
        "security": (12, "[]SecurityRequirement"),
        "securityDefinitions": (13, "{}SecurityDefinition"),
    },
    "Info": {"title": (1, "string"), "version": (2, "string"), "description": (3, "string")},
    "PathItem": {method: (2 + at, "Operation") for at, method in enumerate(METHODS)}
    | {"parameters": (9, "[]ParametersItem")},
    "Operation": {
        "tags": (1, "[]string"),
        "summary": (2, "string"),
        "description": (3, "string"),
        "operationId": (5, "string"),
        "produces": (6, "[]string"),
        "consumes": (7, "[]string"),
        "parameters": (8, "[]ParametersItem"),
        "responses": (9, "Responses"),
        "schemes": (10, "[]string"),
        "deprecated": (11, "bool"),
        "security": (12, "[]SecurityRequirement"),
    },
    "Response": {"description": (1, "string"), "schema": (2, "SchemaItem")},
    "JsonReference": {"$ref": (1, "string"), "description": (2, "string")},
    "BodyParameter": {
        "description": (1, "string"),
        "name": (2, "string"),
        "in": (3, "string"),
        "required": (4, "bool"),
        "schema": (5, "Schema"),
    },
    "QueryParameter": dict(PARAMETER)
    | {"allowEmptyValue": (5, "bool"), "type": (6, "string"), "format": (7, "string")}
    | _bounds(11),
    "PathParameter": dict(PARAMETER) | {"type": (5, "string"), "format": (6, "string")} | _bounds(10),
    "ApiKeySecurity": {
        "type": (1, "string"),
        "name": (2, "string"),
        "in": (3, "string"),
        "description": (4, "string"),
    },
    "Schema": {
        "$ref": (1, "string"),
        "format": (2, "string"),
        "title": (3, "string"),
        "description": (4, "string"),
        "default": (5, "Any"),
        "multipleOf": (6, "double"),
        **_bounds(7),
        "maxProperties": (17, "int"),
        "minProperties": (18, "int"),
        "required": (19, "[]string"),
        "enum": (20, "[]Any"),
        "additionalProperties": (21, "AdditionalProperties"),
        "type": (22, "Type"),
        "items": (23, "Items"),
        "allOf": (24, "[]Schema"),
        "properties": (25, "{}Schema"),
        "readOnly": (27, "bool"),
        "example": (30, "Any"),
    },
}


def document(openapi: Mapping[str, Any]) -> bytes:
    """Return an OpenAPI v2 document (or a part of one, to be appended) as protobuf."""
    return _message("Document", openapi)


def _message(name: str, value: Mapping[str, Any]) -> bytes:
    out = bytearray()
    known, extensions = MESSAGES[name], EXTENSIONS.get(name)
    for key, item in value.items():
        field = known.get(key)
        if field is not None:
            out += _field(*field, item)
        elif extensions is not None and key.startswith("x-"):
            out += chunk(extensions, _named(key, _any(item)))
    return bytes(out)


def _field(number: int, kind: str, value: Any) -> bytes:
    if kind.startswith("[]"):
        return b"".join(chunk(number, _encoded(kind[2:], item)) for item in value)
    if kind.startswith("{}"):
        return chunk(number, _map(kind[2:], value))
    if kind == "bool":
        return varint(number << 3) + b"\x01" if value else b""
    if kind == "int":
        return varint(number << 3) + varint(int(value))
    if kind == "double":
        return varint(number << 3 | 1) + struct.pack("<d", value)
    return chunk(number, _encoded(kind, value))


def _encoded(kind: str, value: Any) -> bytes:
    special = SPECIAL.get(kind)
    return special(value) if special else _message(kind, value)


def _map(kind: str, value: Mapping[str, Any], number: int = 1) -> bytes:
    return b"".join(chunk(number, _named(name, _encoded(kind, item))) for name, item in value.items())


def _named(name: str, value: bytes) -> bytes:
    return chunk(1, name.encode()) + chunk(2, value)


def _string(value: str) -> bytes:
    return value.encode()


def _any(value: Any) -> bytes:
    return chunk(2, orjson.dumps(value) + b"\n")


def _type(value: str | list[str]) -> bytes:
    return b"".join(chunk(1, one.encode()) for one in ([value] if isinstance(value, str) else value))


def _items(value: Any) -> bytes:
    return b"".join(chunk(1, _message("Schema", one)) for one in (value if isinstance(value, list) else [value]))


def _additional(value: Any) -> bytes:
    if isinstance(value, bool):
        return varint(2 << 3) + varint(int(value))
    return chunk(1, _message("Schema", value))


def _paths(value: Mapping[str, Any]) -> bytes:
    return _map("PathItem", value, 2)


def _responses(value: Mapping[str, Any]) -> bytes:
    return _map("ResponseValue", value)


def _response_value(value: Mapping[str, Any]) -> bytes:
    return chunk(2, _message("JsonReference", value)) if "$ref" in value else chunk(1, _message("Response", value))


def _parameter(value: Mapping[str, Any]) -> bytes:
    if value["in"] == "body":
        return chunk(1, _message("BodyParameter", value))
    number, name = (4, "PathParameter") if value["in"] == "path" else (3, "QueryParameter")
    return chunk(2, chunk(number, _message(name, value)))


def _parameters_item(value: Mapping[str, Any]) -> bytes:
    return chunk(2, _message("JsonReference", value)) if "$ref" in value else chunk(1, _parameter(value))


def _requirement(value: Mapping[str, list[str]]) -> bytes:
    return _map("Type", value)


SPECIAL: dict[str, Encode] = {
    "string": _string,
    "Any": _any,
    "Type": _type,
    "Items": _items,
    "AdditionalProperties": _additional,
    "Paths": _paths,
    "Responses": _responses,
    "ResponseValue": _response_value,
    "Parameter": _parameter,
    "ParametersItem": _parameters_item,
    "SchemaItem": lambda value: chunk(1, _message("Schema", value)),
    "SecurityRequirement": _requirement,
    "SecurityDefinition": lambda value: chunk(2, _message("ApiKeySecurity", value)),
}
