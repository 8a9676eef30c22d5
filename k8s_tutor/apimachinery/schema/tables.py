"""Types of all built-in kinds, from the generated table ``data/types.json.z`` (see ``tools/generate_schemas.py``).

The table is one JSON document, read when a type is first asked for; structs are built one at a time, on first use.
"""

import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from k8s_tutor.apimachinery.schema.types import ATOMIC, LIST, MAP, STRUCT, Field, Type

_DATA = Path(__file__).parent / "data"
_GO_LEAF = {
    "float": "float64", "bytes": "[]uint8", "Quantity": "resource.Quantity", "IntOrString": "intstr.IntOrString",
    "Time": "v1.Time", "MicroTime": "v1.MicroTime", "Duration": "v1.Duration", "FieldsV1": "v1.FieldsV1",
    "RawExtension": "runtime.RawExtension", "JSON": "v1.JSON", "SchemaOrBool": "v1.JSONSchemaPropsOrBool",
    "SchemaOrArray": "v1.JSONSchemaPropsOrArray", "SchemaOrStrings": "v1.JSONSchemaPropsOrStringArray",
}  # fmt: skip


def read_data(name: str) -> Any:
    """Return the content of a data file (JSON)."""
    return orjson.loads(read_raw(name))


def read_raw(name: str) -> bytes:
    """Return the bytes of a data file, unpacked."""
    return zlib.decompress((_DATA / f"{name}.json.z").read_bytes())


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = read_data("types")
    return tables


@lru_cache(maxsize=1)
def _descriptions() -> dict[str, Any]:
    descriptions: dict[str, Any] = read_data("descriptions")
    return descriptions


_structs: dict[str, Type] = {}
_leaves: dict[tuple[str, str], Type] = {}


def type_named(full_name: str) -> Type | None:
    """Return the struct of an OpenAPI name such as ``io.k8s.api.core.v1.Container``."""
    found = _structs.get(full_name)
    if found is None and full_name in _tables()["types"]:
        go, rows, extras = _tables()["types"][full_name]
        found = _structs[full_name] = Type(
            STRUCT,
            name=full_name,
            go=go,
            load=lambda: {row[0]: _field(row) for row in rows},
            atomic="atomic" in extras,
        )
    return found


def type_for(group: str, version: str, kind: str) -> Type | None:
    """Return the type of a built-in kind; meta kinds (Status, DeleteOptions …) belong to every group version."""
    kinds = _tables()["kinds"]
    name = kinds.get(f"{group}/{version}/{kind}" if group else f"{version}/{kind}") or kinds.get(
        f"meta.k8s.io/v1/{kind}"
    )
    return type_named(name) if name else None


def json_schema_type() -> Type:
    """Return the type of a CRD's schema, to which the unions in it lead back."""
    schema = type_named("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps")
    assert schema is not None  # noqa: S101 - a generated type
    return schema


def is_struct(go: str) -> bool:
    """Tell whether a Go type as it is printed (``v1.Container``) is a struct of some kind's schema."""
    return any(row[0] == go for row in _tables()["types"].values())


def kinds() -> Mapping[str, str]:
    """Return the OpenAPI names of all kinds by ``group/version/Kind`` (``v1/Pod``)."""
    found: Mapping[str, str] = _tables()["kinds"]
    return found


def describe(type_name: str, field: str = "") -> str:
    """Return the description of a type, or of one of its fields."""
    own, fields = _descriptions().get(type_name, ("", {}))
    text: str = fields.get(field, "") if field else own
    return text


def _leaf(kind: str, go: str = "") -> Type:
    found = _leaves.get((kind, go))
    if found is None:
        found = _leaves[kind, go] = Type(kind, go=go or _GO_LEAF.get(kind, kind))
    return found


def _resolve(reference: Any, extras: Mapping[str, Any]) -> Type:
    if isinstance(reference, str):
        if reference[0] == "#":
            struct = type_named(reference[1:])
            assert struct is not None  # noqa: S101 - the generator writes every struct it refers to
            if "granular" in extras:  # this field's own word on a type that is atomic elsewhere
                return _copied(struct, atomic=False)
            return _copied(struct, atomic=True) if "atomic" in extras and not struct.atomic else struct
        return _leaf(reference)
    head, inner = reference[0], reference[1]
    if head not in {"l", "m"}:
        return _leaf(head, inner)
    elem = _resolve(inner, {})
    go = reference[2] if len(reference) > 2 else f"[]{elem.go}" if head == "l" else f"map[string]{elem.go}"
    if head == "m":
        return Type(MAP, go=go, elem=elem, atomic="atomic" in extras)
    return Type(LIST, go=go, elem=elem, list_type=extras.get("list", ATOMIC), keys=tuple(extras.get("keys", ())))


def _copied(struct: Type, *, atomic: bool) -> Type:
    return Type(STRUCT, name=struct.name, go=struct.go, load=lambda: struct.fields, atomic=atomic)


def _field(row: list[Any]) -> Field:
    extras = row[4] if len(row) > 4 else {}
    return Field(row[0], _resolve(row[1], extras), row[2], row[3], extras)
