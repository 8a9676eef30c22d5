"""Messages from the field tables: each type compiled once into a writer and a reader.

Fields of embedded Go structs stand in the message of that struct, under its number.
"""

import base64
import struct
from collections.abc import Callable
from typing import Any, Final

import orjson

from k8s_tutor.apimachinery import leaves
from k8s_tutor.apimachinery.protobuf import scalars
from k8s_tutor.apimachinery.protobuf.wire import ProtobufError, as_bytes, chunk, fields, read_varint, signed, varint
from k8s_tutor.apimachinery.schema.tables import json_schema_type
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Field, Type
from k8s_tutor.apimachinery.unstructured import Json

Writer = Callable[[Any], bytes]
Reader = Callable[[Any], Any]

WRAPPED: Final = frozenset({"v1.ExtraValue", "v1.Verbs"})
VARINT_KINDS: Final = frozenset({"bool", "int32", "int64"})


def _write_schema_union(value: Any) -> bytes:
    schema = write_struct(json_schema_type())
    if isinstance(value, bool):
        return b"\x08" + (b"\x01" if value else b"\x00")
    if isinstance(value, dict):
        return chunk(1, schema(value))
    return b"".join(chunk(2, item.encode() if isinstance(item, str) else schema(item)) for item in value)


def _write_schema_or_bool(value: Any) -> bytes:
    if isinstance(value, bool):
        return _write_schema_union(value)
    return b"\x08\x01" + chunk(2, write_struct(json_schema_type())(value))


def _read_schema_or_bool(data: Any) -> Any:
    allowed: Any = False
    for number, value in fields(as_bytes(data)):
        if number == 2:
            return read_message(as_bytes(value), json_schema_type())
        if number == 1:
            allowed = bool(value)
    return allowed


def _read_schema_or_array(data: Any) -> Any:
    schemas = []
    for number, value in fields(as_bytes(data)):
        schema = read_message(as_bytes(value), json_schema_type())
        if number == 1:
            return schema
        schemas.append(schema)
    return schemas


def _read_schema_or_strings(data: Any) -> Any:
    texts = []
    for number, value in fields(as_bytes(data)):
        if number == 1:
            return read_message(as_bytes(value), json_schema_type())
        texts.append(as_bytes(value).decode())
    return texts


LEAF_WRITERS: Final[dict[str, Writer]] = {
    "string": lambda value: value.encode(),
    "bytes": base64.b64decode,
    "Quantity": lambda value: chunk(1, str(value).encode()),
    "IntOrString": scalars.write_int_or_string,
    "Time": scalars.write_time,
    "MicroTime": scalars.write_time,
    "Duration": lambda value: b"\x08" + varint(leaves.parse_duration(value)),
    "FieldsV1": scalars.write_raw,
    "RawExtension": scalars.write_raw,
    "JSON": scalars.write_raw,
    "SchemaOrBool": _write_schema_or_bool,
    "SchemaOrArray": _write_schema_union,
    "SchemaOrStrings": _write_schema_union,
}
LEAF_READERS: Final[dict[str, Reader]] = {
    "string": scalars.read_text,
    "bytes": lambda value: base64.b64encode(as_bytes(value)).decode(),
    "bool": bool,
    "int32": lambda value: (signed(value) + (1 << 31)) % (1 << 32) - (1 << 31),
    "int64": signed,
    "float": lambda value: struct.unpack("<d", as_bytes(value))[0],
    "Quantity": lambda value: (scalars.inner(value) or b"0").decode(),
    "IntOrString": scalars.read_int_or_string,
    "Time": scalars.read_time,
    "MicroTime": scalars.read_micro_time,
    "Duration": lambda value: leaves.format_duration(signed(scalars.inner(value) or 0)),
    "FieldsV1": scalars.read_raw,
    "RawExtension": scalars.read_raw,
    "JSON": scalars.read_raw,
    "SchemaOrBool": _read_schema_or_bool,
    "SchemaOrArray": _read_schema_or_array,
    "SchemaOrStrings": _read_schema_or_strings,
}


def _field_writer(number: int, type: Type) -> Writer:
    """Return what writes a field, its key included."""
    kind = type.kind
    if kind in VARINT_KINDS:
        key = varint(number << 3)
        return lambda value: key + varint(int(value))
    if kind == "float":
        key = varint(number << 3 | 1)
        return lambda value: key + struct.pack("<d", value)
    key = varint(number << 3 | 2)
    if kind == LIST and type.go not in WRAPPED:
        assert type.elem is not None  # noqa: S101 - lists are made with their item type
        one = _field_writer(number, type.elem)
        return lambda value: b"".join(map(one, value))
    if kind == MAP:
        return _map_writer(key, type)
    payload = _payload_writer(type)

    def write(value: Any) -> bytes:
        data = payload(value)
        return key + varint(len(data)) + data

    return write


def _payload_writer(type: Type) -> Writer:
    if type.kind == STRUCT:
        return lambda value: write_struct(type)(value)  # noqa: PLW0108 - types may contain themselves
    if type.kind == LIST:
        assert type.elem is not None  # noqa: S101 - lists are made with their item type
        one = _field_writer(1, type.elem)
        return lambda value: b"".join(map(one, value))
    return LEAF_WRITERS[type.kind]


def _map_writer(key: bytes, type: Type) -> Writer:
    assert type.elem is not None  # noqa: S101 - maps are made with their value type
    write_value = _field_writer(2, type.elem)

    def write(value: Any) -> bytes:
        out = []
        for name in sorted(value):
            entry = chunk(1, name.encode()) + write_value(value[name])
            out.append(key + varint(len(entry)) + entry)
        return b"".join(out)

    return write


def write_struct(type: Type) -> Writer:
    """Return the compiled writer of a struct."""
    found: Writer | None = type.plans.get("protobuf-write")
    if found is None:
        found = type.plans["protobuf-write"] = _compile_writer(grouped(type.fields.values()))
    return found


Group = dict[int, "tuple[Field, None] | tuple[None, Group]"]


def grouped(fields: Any) -> Group:
    """Arrange fields by number, those of embedded structs under the number of their struct."""
    root: Group = {}
    for field in fields:
        level = root
        numbers = [step[0] for step in field.embedded]
        if 0 in numbers or not field.number:
            # TypeMeta: its place is the envelope.
            continue
        for number in numbers:
            entry = level.setdefault(number, (None, {}))
            assert entry[1] is not None  # noqa: S101 - an embedded struct's number is no field's
            level = entry[1]
        level[field.number] = (field, None)
    return root


def _compile_writer(group: Group) -> Writer:
    plan: list[tuple[str, Writer | None, Writer]] = []
    for number in sorted(group):
        field, embedded = group[number]
        if field is not None:
            plan.append((field.name, _field_writer(number, field.type), _nothing))
        elif embedded is not None:
            plan.append(("", None, _embedded_writer(number, embedded)))

    def write(obj: Any) -> bytes:
        out = []
        for name, write_field, write_embedded in plan:
            if write_field is None:
                out.append(write_embedded(obj))
            elif (value := obj.get(name)) is not None:
                out.append(write_field(value))
        return b"".join(out)

    return write


def _nothing(_: Any) -> bytes:
    return b""


def _embedded_writer(number: int, group: Group) -> Writer:
    inner = _compile_writer(group)
    return lambda obj: chunk(number, inner(obj))


def read_message(data: bytes, type: Type) -> Json:
    """Return the object that a message of `type` holds."""
    plan: dict[int, Any] | None = type.plans.get("protobuf-read")
    if plan is None:
        plan = type.plans["protobuf-read"] = _compile_reader(grouped(type.fields.values()))
    out: Json = {}
    try:
        _read_into(out, data, plan)
    except UnicodeDecodeError:
        raise ProtobufError("string field contains invalid UTF-8") from None
    except (orjson.JSONDecodeError, struct.error):
        raise ProtobufError("unexpected EOF") from None
    return out


def _compile_reader(group: Group) -> dict[int, Any]:
    plan: dict[int, Any] = {}
    for number, (field, embedded) in group.items():
        if embedded is not None:
            plan[number] = _compile_reader(embedded)
        elif field is not None:
            plan[number] = _field_reader(field)
    return plan


def _read_into(out: Json, data: bytes, plan: dict[int, Any]) -> None:
    for number, value in fields(data):
        entry = plan.get(number)
        if entry is None:
            continue
        if isinstance(entry, dict):
            _read_into(out, as_bytes(value), entry)
        else:
            entry(out, value)


def _field_reader(field: Field) -> Callable[[Json, Any], None]:
    """Return what puts a field's value into an object; zero values of plain fields count as absent."""
    name, type = field.name, field.type
    if type.kind == LIST and type.go not in WRAPPED:
        return _list_reader(name, type)
    if type.kind == MAP:
        return _map_reader(name, type)
    read = _value_reader(type)
    keeps_zero = field.pointer or type.kind == STRUCT

    def put(out: Json, value: Any) -> None:
        found = read(value)
        if found or (keeps_zero and found is not None) or (type.kind == "IntOrString" and found == 0):
            out[name] = found

    return put


def _value_reader(type: Type) -> Reader:
    if type.kind == STRUCT:
        return lambda value: read_message(as_bytes(value), type)
    if type.kind == LIST:
        assert type.elem is not None  # noqa: S101 - lists are made with their item type
        read = _value_reader(type.elem)
        return lambda value: [read(item) for number, item in fields(as_bytes(value)) if number == 1]
    return LEAF_READERS[type.kind]


def _list_reader(name: str, type: Type) -> Callable[[Json, Any], None]:
    assert type.elem is not None  # noqa: S101 - lists are made with their item type
    read = _value_reader(type.elem)
    packable = type.elem.kind in VARINT_KINDS

    def append(out: Json, value: Any) -> None:
        items = out.setdefault(name, [])
        if packable and isinstance(value, bytes):
            at = 0
            while at < len(value):
                number, at = read_varint(value, at)
                items.append(read(number))
        else:
            items.append(read(value))

    return append


def _map_reader(name: str, type: Type) -> Callable[[Json, Any], None]:
    assert type.elem is not None  # noqa: S101 - maps are made with their value type
    read = _value_reader(type.elem)
    empty: Any = {STRUCT: {}, LIST: [], "string": "", "bytes": "", "Quantity": "0", "bool": False}.get(type.elem.kind)

    def put(out: Json, value: Any) -> None:
        key, found = "", empty
        for number, item in fields(as_bytes(value)):
            if number == 1:
                key = as_bytes(item).decode()
            elif number == 2:
                found = read(item)
        out.setdefault(name, {})[key] = found

    return put
