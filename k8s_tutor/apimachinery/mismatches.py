"""The thorough walk of an object against its type: every complaint in upstream's words and order.

Mirrors ``sigs.k8s.io/json``: fields are met in the order of the text; unknown fields are collected (100 at most); the
first mismatch of types is remembered while decoding goes on; a leaf with its own decoder (Quantity, Time …) ends it.  A
mismatch is told by the innermost struct and by the Go path, in which embedded structs appear and indexes do not.
"""

from typing import Any

from k8s_tutor.apimachinery import leaves
from k8s_tutor.apimachinery.leaves import LeafError, LeafMismatchError, json_kind, number_text
from k8s_tutor.apimachinery.schema.tables import json_schema_type
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Type

_MAX_STRICT_ERRORS = 100
_NOTHING: Any = object()


def examine(value: Any, type: Type) -> tuple[Any, list[str], str | None]:
    """Return the clean object, the strict errors and the type error."""
    walk = _Walk()
    try:
        clean = walk.visit(value, type, "", "", ())
    except LeafError as error:
        return {}, walk.strict, str(error)
    return (clean if isinstance(clean, dict) else {}), walk.strict, walk.error


def _told(found: str, go: str, struct: str, way: tuple[str, ...]) -> str:
    place = f"Go struct field {struct}.{'.'.join(way)}" if struct or way else "Go value"
    return f"json: cannot unmarshal {found} into {place} of type {go}"


class _Walk:
    def __init__(self, *, lenient: bool = False) -> None:
        self.strict: list[str] = []
        self.error: str | None = None
        self.lenient = lenient

    def mismatch(self, found: str, type: Type, struct: str, way: tuple[str, ...]) -> Any:
        if self.error is None:
            self.error = _told(found, type.go, struct, way)
        return _NOTHING

    def unknown(self, path: str, key: str) -> None:
        if not self.lenient and len(self.strict) < _MAX_STRICT_ERRORS:
            shown = (f"{path}.{key}" if path else key).replace("\\", "\\\\").replace('"', '\\"')
            self.strict.append(f'unknown field "{shown}"')

    def visit(self, value: Any, type: Type, path: str, struct: str, way: tuple[str, ...]) -> Any:
        """Return the clean value, or _NOTHING for one that cannot be taken.

        ``path`` is the JSON path for strict errors, ``struct`` and ``way`` are Go's context.
        """
        kind = type.kind
        if kind == STRUCT:
            return self.struct(value, type, path, struct, way)
        if kind == LIST:
            return self.list(value, type, path, struct, way)
        if kind == MAP:
            return self.map(value, type, path, struct, way)
        if decode := leaves.OWN_DECODERS.get(kind):
            try:
                return decode(value)
            except LeafMismatchError as error:
                raise LeafError(_told(error.found, error.go, struct, way)) from None
        if kind.startswith("Schema"):
            return self.union(value, kind, way)
        return self.scalar(value, type, struct, way)

    def struct(self, value: Any, type: Type, path: str, struct: str, way: tuple[str, ...]) -> Any:
        if not isinstance(value, dict):
            return self.mismatch(json_kind(value), type, struct, way)
        out = {}
        for key, item in value.items():
            field = type.fields.get(key)
            if field is None:
                if type.preserve:
                    out[key] = item
                else:
                    self.unknown(path, key)
                continue
            if item is None:
                continue
            inner = (*way, *(step[1] for step in field.embedded), key)
            clean = self.visit(item, field.type, f"{path}.{key}" if path else key, type.go_name, inner)
            if clean is not _NOTHING:
                out[key] = clean
        return out

    def item(self, value: Any, type: Type, path: str, struct: str, way: tuple[str, ...]) -> Any:
        """Visit an item of a list or map, where a null stands for the zero value."""
        if value is None:
            from k8s_tutor.apimachinery.encoding import zero

            return {} if type.kind == STRUCT else zero(type)
        return self.visit(value, type, path, struct, way)

    def list(self, value: Any, type: Type, path: str, struct: str, way: tuple[str, ...]) -> Any:
        assert type.elem is not None  # noqa: S101 - lists are made with their item type
        if not isinstance(value, list):
            return self.mismatch(json_kind(value), type, struct, way)
        items = (self.item(item, type.elem, f"{path}[{index}]", struct, way) for index, item in enumerate(value))
        return [item for item in items if item is not _NOTHING]

    def map(self, value: Any, type: Type, path: str, struct: str, way: tuple[str, ...]) -> Any:
        assert type.elem is not None  # noqa: S101 - maps are made with their value type
        if not isinstance(value, dict):
            return self.mismatch(json_kind(value), type, struct, way)
        items = {key: self.item(item, type.elem, f"{path}.{key}", struct, way) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not _NOTHING}

    def union(self, value: Any, kind: str, way: tuple[str, ...]) -> Any:
        """Visit one of the unions of CRD schemas; their own decoders are not strict inside, but tell the whole way."""
        if isinstance(value, dict):
            inner = _Walk(lenient=True)
            clean = inner.visit(value, json_schema_type(), "", "", way)
            if inner.error:
                raise LeafError(inner.error)
            return clean
        if kind == "SchemaOrBool":
            if isinstance(value, bool):
                return value
            raise LeafError("boolean or JSON schema expected")
        if not isinstance(value, list):
            return _NOTHING
        if kind == "SchemaOrStrings":
            return value
        for item in value:
            if item is not None and not isinstance(item, dict):
                raise LeafError(_told(json_kind(item), "v1.JSONSchemaProps", "JSONSchemaProps", way))
        return [self.union(item or {}, kind, way) for item in value]

    def scalar(self, value: Any, type: Type, struct: str, way: tuple[str, ...]) -> Any:
        found, kind = json_kind(value), type.kind
        match kind:
            case "string" | "bool":
                return value if found == kind else self.mismatch(found, type, struct, way)
            case "int32" | "int64":
                return self.integer(value, type, struct, way)
            case "float":
                return value if found == "number" else self.mismatch(found, type, struct, way)
            case "bytes":
                return self.bytes(value, type, struct, way)
            case _:
                return value

    def integer(self, value: Any, type: Type, struct: str, way: tuple[str, ...]) -> Any:
        if json_kind(value) != "number":
            return self.mismatch(json_kind(value), type, struct, way)
        bound = 1 << (31 if type.kind == "int32" else 63)
        if isinstance(value, int) and -bound <= value < bound:
            return value
        return self.mismatch(f"number {number_text(value)}", type, struct, way)

    def bytes(self, value: Any, type: Type, struct: str, way: tuple[str, ...]) -> Any:
        if isinstance(value, list):
            byte = Type("int32", go="uint8")
            for item in value:
                if json_kind(item) != "number":
                    self.mismatch(json_kind(item), byte, struct, way)
            return _NOTHING
        if not isinstance(value, str):
            return self.mismatch(json_kind(value), type, struct, way)
        try:
            return leaves.base64(value)
        except LeafError as error:
            # Go's decoder remembers this one and goes on, as with a mismatch.
            self.error = self.error or str(error)
            return _NOTHING
