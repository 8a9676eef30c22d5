"""Protobuf bodies (``application/vnd.kubernetes.protobuf``): JSON objects from them and to them.

Mirrors ``k8s.io/apimachinery/pkg/runtime/serializer/protobuf``: four magic bytes, then a ``runtime.Unknown`` that names
apiVersion and kind and holds the object's own message.  Field numbers come from the tables; messages of leaves (Quantity,
Time, IntOrString …) are written here.  Types are compiled once into tables of writers and readers.
"""

import base64
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from k8s_tutor.apimachinery import leaves
from k8s_tutor.apimachinery.schema.tables import json_schema_type, type_for
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Field, Type

MAGIC: Final = b"k8s\0"
CONTENT_TYPE: Final = "application/vnd.kubernetes.protobuf"

Json = dict[str, Any]
Writer = Callable[[Any], bytes]
Reader = Callable[[Any], Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WRAPPED: Final = frozenset({"v1.ExtraValue", "v1.Verbs"})
_MASK: Final = (1 << 64) - 1
_VARINT_KINDS: Final = frozenset({"bool", "int32", "int64"})


class ProtobufError(ValueError):
    """The bytes are no Kubernetes protobuf message."""


def decode(body: bytes, type: Type | None = None) -> Json:
    """Return the object in an envelope, or in a bare message of ``type``.

    Raises:
        ProtobufError: for damaged bytes or a kind that is not served.
    """
    if not body.startswith(MAGIC):
        if type is None:
            raise ProtobufError(
                "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
            )
        return _read_message(body, type)
    api_version, kind, raw, content_type = _read_envelope(body[len(MAGIC) :])
    if content_type == "application/json":
        loaded: Json = orjson.loads(raw)
        return loaded
    group, _, version = api_version.rpartition("/")
    found = type_for(group, version, kind) or type
    if found is None:
        raise ProtobufError(f'no kind "{kind}" is registered for version "{api_version}"')
    return {"apiVersion": api_version, "kind": kind, **_read_message(raw, found)}


def encode(obj: Json, type: Type | None = None) -> bytes:
    """Return an object in its envelope; its type is found by apiVersion and kind where it is not given."""
    api_version, kind = obj.get("apiVersion", ""), obj.get("kind", "")
    if type is None:
        group, _, version = api_version.rpartition("/")
        type = type_for(group, version, kind)
        if type is None:
            raise ProtobufError(f'no kind "{kind}" is registered for version "{api_version}"')
    meta = _chunk(1, api_version.encode()) + _chunk(2, kind.encode())
    return MAGIC + _chunk(1, meta) + _chunk(2, _write_struct(type)(obj)) + _chunk(3, b"") + _chunk(4, b"")


def encode_watch_frame(event_type: str, envelope: bytes) -> bytes:
    """Return one frame of a watch stream: its length in four bytes, then the WatchEvent."""
    event = _chunk(1, event_type.encode()) + _chunk(2, _chunk(1, envelope))
    return struct.pack(">I", len(event)) + event


def _read_envelope(data: bytes) -> tuple[str, str, bytes, str]:
    api_version = kind = content_type = ""
    raw = b""
    for number, value in _fields(data):
        if number == 1:
            for inner, text in _fields(_as_bytes(value)):
                if inner == 1:
                    api_version = _as_bytes(text).decode()
                elif inner == 2:
                    kind = _as_bytes(text).decode()
        elif number == 2:
            raw = _as_bytes(value)
        elif number == 4:
            content_type = _as_bytes(value).decode()
    return api_version, kind, raw, content_type


# The wire ------------------------------------------------------------------------------------------------------------


def _varint(value: int) -> bytes:
    value &= _MASK
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _chunk(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _MASK, at
        shift += 7
    raise ProtobufError("proto: integer overflow")


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (number, value): an integer for varints and fixed fields, bytes for all else."""
    at, end = 0, len(data)
    try:
        while at < end:
            key, at = _read_varint(data, at)
            number, wire = key >> 3, key & 7
            if wire == 0:
                value: int | bytes
                value, at = _read_varint(data, at)
            elif wire == 2:
                length, at = _read_varint(data, at)
                value, at = data[at : at + length], at + length
                if at > end:
                    raise ProtobufError("unexpected EOF")
            elif wire in {1, 5}:
                size = 8 if wire == 1 else 4
                value, at = data[at : at + size], at + size
            else:
                raise ProtobufError(f"proto: illegal wireType {wire}")
            yield number, value
    except IndexError:
        raise ProtobufError("unexpected EOF") from None


def _as_bytes(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    raise ProtobufError("proto: wrong wireType")


def _signed(value: Any) -> int:
    if not isinstance(value, int):
        raise ProtobufError("proto: wrong wireType")
    return value - (1 << 64) if value >> 63 else value


# Leaves --------------------------------------------------------------------------------------------------------------


def _write_time(value: str) -> bytes:
    whole, _, fraction = value.rstrip("Z").partition(".")
    moment = datetime.fromisoformat(f"{whole}+00:00")
    nanos = int(fraction[:9].ljust(9, "0")) if fraction else 0
    delta = moment - _EPOCH
    seconds = delta.days * 86400 + delta.seconds
    return b"\x08" + _varint(seconds) + b"\x10" + _varint(nanos)


def _read_timestamp(data: Any) -> tuple[str, int] | None:
    seconds = nanos = 0
    if not data:
        return None
    for number, value in _fields(_as_bytes(data)):
        if number == 1:
            seconds = _signed(value)
        elif number == 2:
            nanos = _signed(value)
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise ProtobufError("time is out of range") from None
    return (moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0"), nanos) if moment.year > 1 or seconds else None


def _read_time(data: Any) -> str | None:
    found = _read_timestamp(data)
    return f"{found[0]}Z" if found else None


def _read_micro_time(data: Any) -> str | None:
    found = _read_timestamp(data)
    return f"{found[0]}.{found[1] // 1000:06d}Z" if found else None


def _write_int_or_string(value: int | str) -> bytes:
    if isinstance(value, str):
        return b"\x08\x01\x10\x00" + _chunk(3, value.encode())
    return b"\x08\x00\x10" + _varint(value) + b"\x1a\x00"


def _read_int_or_string(data: Any) -> int | str:
    is_text, number_value, text = 0, 0, ""
    for number, value in _fields(_as_bytes(data)):
        if number == 1:
            is_text = _signed(value)
        elif number == 2:
            number_value = _signed(value)
        elif number == 3:
            text = _as_bytes(value).decode()
    return text if is_text else number_value


def _inner(data: Any, wanted: int = 1) -> Any:
    for number, value in _fields(_as_bytes(data)):
        if number == wanted:
            return value
    return None


def _read_raw(data: Any) -> Any:
    raw = _inner(data)
    return orjson.loads(raw) if raw else None


def _write_raw(value: Any) -> bytes:
    return _chunk(1, orjson.dumps(value))


def _write_schema_union(value: Any) -> bytes:
    schema = _write_struct(json_schema_type())
    if isinstance(value, bool):
        return b"\x08" + (b"\x01" if value else b"\x00")
    if isinstance(value, dict):
        return _chunk(1, schema(value))
    return b"".join(_chunk(2, item.encode() if isinstance(item, str) else schema(item)) for item in value)


def _write_schema_or_bool(value: Any) -> bytes:
    if isinstance(value, bool):
        return _write_schema_union(value)
    return b"\x08\x01" + _chunk(2, _write_struct(json_schema_type())(value))


def _read_schema_or_bool(data: Any) -> Any:
    allowed: Any = False
    for number, value in _fields(_as_bytes(data)):
        if number == 2:
            return _read_message(_as_bytes(value), json_schema_type())
        if number == 1:
            allowed = bool(value)
    return allowed


def _read_schema_or_array(data: Any) -> Any:
    schemas = []
    for number, value in _fields(_as_bytes(data)):
        schema = _read_message(_as_bytes(value), json_schema_type())
        if number == 1:
            return schema
        schemas.append(schema)
    return schemas


def _read_schema_or_strings(data: Any) -> Any:
    texts = []
    for number, value in _fields(_as_bytes(data)):
        if number == 1:
            return _read_message(_as_bytes(value), json_schema_type())
        texts.append(_as_bytes(value).decode())
    return texts


def _read_text(value: Any) -> str:
    return _as_bytes(value).decode()


_LEAF_WRITERS: Final[dict[str, Writer]] = {
    "string": lambda value: value.encode(),
    "bytes": base64.b64decode,
    "Quantity": lambda value: _chunk(1, str(value).encode()),
    "IntOrString": _write_int_or_string,
    "Time": _write_time,
    "MicroTime": _write_time,
    "Duration": lambda value: b"\x08" + _varint(leaves.parse_duration(value)),
    "FieldsV1": _write_raw,
    "RawExtension": _write_raw,
    "JSON": _write_raw,
    "SchemaOrBool": _write_schema_or_bool,
    "SchemaOrArray": _write_schema_union,
    "SchemaOrStrings": _write_schema_union,
}
_LEAF_READERS: Final[dict[str, Reader]] = {
    "string": _read_text,
    "bytes": lambda value: base64.b64encode(_as_bytes(value)).decode(),
    "bool": bool,
    "int32": lambda value: (_signed(value) + (1 << 31)) % (1 << 32) - (1 << 31),
    "int64": _signed,
    "float": lambda value: struct.unpack("<d", _as_bytes(value))[0],
    "Quantity": lambda value: (_inner(value) or b"0").decode(),
    "IntOrString": _read_int_or_string,
    "Time": _read_time,
    "MicroTime": _read_micro_time,
    "Duration": lambda value: leaves.format_duration(_signed(_inner(value) or 0)),
    "FieldsV1": _read_raw,
    "RawExtension": _read_raw,
    "JSON": _read_raw,
    "SchemaOrBool": _read_schema_or_bool,
    "SchemaOrArray": _read_schema_or_array,
    "SchemaOrStrings": _read_schema_or_strings,
}


# Writing -------------------------------------------------------------------------------------------------------------


def _field_writer(number: int, type: Type) -> Writer:
    """Return what writes a field, its key included."""
    kind = type.kind
    if kind in _VARINT_KINDS:
        key = _varint(number << 3)
        return lambda value: key + _varint(int(value))
    if kind == "float":
        key = _varint(number << 3 | 1)
        return lambda value: key + struct.pack("<d", value)
    key = _varint(number << 3 | 2)
    if kind == LIST and type.go not in _WRAPPED:
        assert type.elem is not None  # noqa: S101 - lists are made with their item type
        one = _field_writer(number, type.elem)
        return lambda value: b"".join(map(one, value))
    if kind == MAP:
        return _map_writer(key, type)
    payload = _payload_writer(type)

    def write(value: Any) -> bytes:
        data = payload(value)
        return key + _varint(len(data)) + data

    return write


def _payload_writer(type: Type) -> Writer:
    if type.kind == STRUCT:
        return lambda value: _write_struct(type)(value)  # noqa: PLW0108 - types may contain themselves
    if type.kind == LIST:
        assert type.elem is not None  # noqa: S101 - lists are made with their item type
        one = _field_writer(1, type.elem)
        return lambda value: b"".join(map(one, value))
    return _LEAF_WRITERS[type.kind]


def _map_writer(key: bytes, type: Type) -> Writer:
    assert type.elem is not None  # noqa: S101 - maps are made with their value type
    write_value = _field_writer(2, type.elem)

    def write(value: Any) -> bytes:
        out = []
        for name in sorted(value):
            entry = _chunk(1, name.encode()) + write_value(value[name])
            out.append(key + _varint(len(entry)) + entry)
        return b"".join(out)

    return write


def _write_struct(type: Type) -> Writer:
    found: Writer | None = type.plans.get("protobuf-write")
    if found is None:
        found = type.plans["protobuf-write"] = _compile_writer(_grouped(type.fields.values()))
    return found


_Group = dict[int, "tuple[Field, None] | tuple[None, _Group]"]


def _grouped(fields: Any) -> _Group:
    """Arrange fields by number, those of embedded structs under the number of their struct."""
    root: _Group = {}
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


def _compile_writer(group: _Group) -> Writer:
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


def _embedded_writer(number: int, group: _Group) -> Writer:
    inner = _compile_writer(group)
    return lambda obj: _chunk(number, inner(obj))


# Reading -------------------------------------------------------------------------------------------------------------


def _read_message(data: bytes, type: Type) -> Json:
    plan: dict[int, Any] | None = type.plans.get("protobuf-read")
    if plan is None:
        plan = type.plans["protobuf-read"] = _compile_reader(_grouped(type.fields.values()))
    out: Json = {}
    try:
        _read_into(out, data, plan)
    except UnicodeDecodeError:
        raise ProtobufError("string field contains invalid UTF-8") from None
    except (orjson.JSONDecodeError, struct.error):
        raise ProtobufError("unexpected EOF") from None
    return out


def _compile_reader(group: _Group) -> dict[int, Any]:
    plan: dict[int, Any] = {}
    for number, (field, embedded) in group.items():
        if embedded is not None:
            plan[number] = _compile_reader(embedded)
        elif field is not None:
            plan[number] = _field_reader(field)
    return plan


def _read_into(out: Json, data: bytes, plan: dict[int, Any]) -> None:
    for number, value in _fields(data):
        entry = plan.get(number)
        if entry is None:
            continue
        if isinstance(entry, dict):
            _read_into(out, _as_bytes(value), entry)
        else:
            entry(out, value)


def _field_reader(field: Field) -> Callable[[Json, Any], None]:
    """Return what puts a field's value into an object; zero values of plain fields count as absent."""
    name, type = field.name, field.type
    if type.kind == LIST and type.go not in _WRAPPED:
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
        return lambda value: _read_message(_as_bytes(value), type)
    if type.kind == LIST:
        assert type.elem is not None  # noqa: S101 - lists are made with their item type
        read = _value_reader(type.elem)
        return lambda value: [read(item) for number, item in _fields(_as_bytes(value)) if number == 1]
    return _LEAF_READERS[type.kind]


def _list_reader(name: str, type: Type) -> Callable[[Json, Any], None]:
    assert type.elem is not None  # noqa: S101 - lists are made with their item type
    read = _value_reader(type.elem)
    packable = type.elem.kind in _VARINT_KINDS

    def append(out: Json, value: Any) -> None:
        items = out.setdefault(name, [])
        if packable and isinstance(value, bytes):
            at = 0
            while at < len(value):
                number, at = _read_varint(value, at)
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
        for number, item in _fields(_as_bytes(value)):
            if number == 1:
                key = _as_bytes(item).decode()
            elif number == 2:
                found = read(item)
        out.setdefault(name, {})[key] = found

    return put
