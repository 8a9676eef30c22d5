"""From what a client sent to what the server works with, and from that to what it prints.

Mirrors Go's JSON decoder and encoder as Kubernetes uses them (``sigs.k8s.io/json``, case-sensitive).  ``conform``
drops unknown fields and nulls, and brings leaves to their canonical spelling; what was written empty stays, since
validation looks at it.  ``encoded`` applies the encoder's rules: fields with ``omitempty`` vanish when empty, all others
appear with their zero value.

Both compile each type once into closures.  The closure of ``conform`` knows nothing of error texts: at the first thing
that is not as it should be it gives up, and ``mismatches`` walks the object again, slowly, to say what is wrong.
"""

from collections.abc import Callable
from functools import partial
from operator import is_
from typing import Any, NamedTuple

from k8s_tutor.apimachinery import leaves
from k8s_tutor.apimachinery.schema.tables import json_schema_type
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Field, Type
from k8s_tutor.apimachinery.unstructured import Json

# Go's omitempty leaves out no structs; these leaves are structs too.
_GO_STRUCTS = frozenset(
    {STRUCT, "Quantity", "IntOrString", "Time", "MicroTime", "Duration", "RawExtension", "FieldsV1"}
)

_GONE: Any = object()

Converter = Callable[[Any], Any]
Encoder = Callable[..., Any]  # of a value, and of the one that was there before


class Conformed(NamedTuple):
    """The clean object; what strict decoding has against it; and the type error that makes it unusable."""

    obj: Json
    strict_errors: list[str]
    type_error: str | None


class Mismatch(Exception):  # noqa: N818 - control flow between the quick and the thorough walk
    """The value needs the thorough walk."""


def conform(obj: Json, type: Type, duplicates: tuple[str, ...] = ()) -> Conformed:
    """Return ``obj`` as an object of ``type``, with upstream's complaints.

    Args:
        obj: a JSON object; it is not changed.
        type: its kind's type.
        duplicates: complaints about duplicate fields, from ``decoding.decode``.
    """
    try:
        return Conformed(converter(type)(obj), list(duplicates), None)
    except (Mismatch, leaves.LeafError):
        from k8s_tutor.apimachinery.mismatches import examine

        clean, strict, error = examine(obj, type)
        return Conformed(clean, [*duplicates, *strict], error)


def converter(type: Type) -> Converter:
    """Return the compiled quick walk of a type."""
    found: Converter | None = type.plans.get("conform")
    if found is None:
        found = type.plans["conform"] = _BUILDERS.get(type.kind, _leaf)(type)
    return found


def _same(cls: type) -> Callable[[Type], Converter]:
    def build(_: Type) -> Converter:
        def check(value: Any) -> Any:
            if value.__class__ is not cls:
                raise Mismatch
            return value

        return check

    return build


def _integer(bits: int) -> Callable[[Type], Converter]:
    bound = 1 << (bits - 1)

    def check(value: Any) -> Any:
        if value.__class__ is not int or not -bound <= value < bound:
            raise Mismatch
        return value

    return lambda _: check


def _float(_: Type) -> Converter:
    def check(value: Any) -> Any:
        if value.__class__ is not float and value.__class__ is not int:
            raise Mismatch
        return value

    return check


def _bytes(_: Type) -> Converter:
    def check(value: Any) -> Any:
        if value.__class__ is not str:
            raise Mismatch
        return leaves.base64(value)

    return check


def _leaf(type: Type) -> Converter:
    return leaves.OWN_DECODERS.get(type.kind, lambda value: value)


def _union(type: Type) -> Converter:
    def check(value: Any) -> Any:
        if value.__class__ is bool and type.kind == "SchemaOrBool":
            return value
        raise Mismatch

    return check


def _list(type: Type) -> Converter:
    elem = type.elem
    assert elem is not None  # noqa: S101 - lists are made with their item type
    if elem.kind == "string":

        def strings(value: Any) -> Any:
            if value.__class__ is not list or not all(item.__class__ is str for item in value):
                raise Mismatch
            return value[:]

        return strings
    convert: Converter | None = None

    def items(value: Any) -> Any:
        nonlocal convert
        if value.__class__ is not list:
            raise Mismatch
        if convert is None:
            convert = converter(elem)
        return [convert(item) for item in value]

    return items


def _map(type: Type) -> Converter:
    elem = type.elem
    assert elem is not None  # noqa: S101 - maps are made with their value type
    if elem.kind == "string":

        def strings(value: Any) -> Any:
            if value.__class__ is not dict or not all(item.__class__ is str for item in value.values()):
                raise Mismatch
            return value.copy()

        return strings
    convert: Converter | None = None

    def values(value: Any) -> Any:
        nonlocal convert
        if value.__class__ is not dict:
            raise Mismatch
        if convert is None:
            convert = converter(elem)
        return {key: convert(item) for key, item in value.items()}

    return values


def _struct(type: Type) -> Converter:
    table: dict[str, Converter | None] | None = None

    def fields(value: Any) -> Any:
        nonlocal table
        if value.__class__ is not dict:
            raise Mismatch
        if table is None:
            # A plain text needs no call: None marks it.
            table = {
                name: None if field.type.kind == "string" else converter(field.type)
                for name, field in type.fields.items()
            }
        out = {}
        for key, item in value.items():
            if item is None:
                if key not in table and not type.preserve:
                    raise Mismatch
                continue
            try:
                convert = table[key]
            except KeyError:
                if not type.preserve:
                    raise Mismatch from None
                out[key] = item
                continue
            if convert is not None:
                out[key] = convert(item)
            elif item.__class__ is str:
                out[key] = item
            else:
                raise Mismatch
        return out

    return fields


_BUILDERS: dict[str, Callable[[Type], Converter]] = {
    STRUCT: _struct,
    LIST: _list,
    MAP: _map,
    "string": _same(str),
    "bool": _same(bool),
    "int32": _integer(32),
    "int64": _integer(64),
    "float": _float,
    "bytes": _bytes,
    "SchemaOrBool": _union,
    "SchemaOrArray": _union,
    "SchemaOrStrings": _union,
}


def encoded(obj: Json, type: Type, *, stored: bool = True, old: Json | None = None) -> Json:
    """Return ``obj`` (conformed, perhaps defaulted) as the server stores and prints it.

    ``obj`` is not changed, but the result shares all parts with it that are right already.

    Args:
        obj: the object.
        type: its type.
        stored: it has gone through storage, where an empty list that is always shown becomes null; managed fields are
            tracked before that.
        old: an object that is encoded already: of what is equal, its parts are taken, and not looked at again.
    """
    if not type.name:
        # Custom resources have no Go type: they are printed as they were written.
        return obj
    result: Json = _encoder(type, stored=stored)(obj, old)
    return result


def _encoder(type: Type, *, stored: bool = True) -> Encoder:
    plan = "encode" if stored else "encode-live"
    found: Encoder | None = type.plans.get(plan)
    if found is None:
        build = _ENCODERS.get(type.kind)
        found = type.plans[plan] = build(type, stored) if build else _keep
    return found


def _keep(value: Any, _: Any = None) -> Any:
    return value


def _encode_list(type: Type, stored: bool) -> Encoder:
    elem = type.elem
    if elem is None or elem.kind not in {STRUCT, LIST, MAP}:
        return _keep
    convert: Encoder | None = None

    def items(value: Any, old: Any = None) -> Any:
        nonlocal convert
        if convert is None:
            convert = _encoder(elem, stored=stored)
        if old is None or len(old) != len(value):
            result = [convert(item) for item in value]
        else:
            result = [was if item == was else convert(item, was) for item, was in zip(value, old, strict=True)]
        return value if all(map(is_, result, value)) else result

    return items


def _encode_map(type: Type, stored: bool) -> Encoder:
    elem = type.elem
    if elem is None or elem.kind not in {STRUCT, LIST, MAP}:
        return _keep

    def values(value: Any, _: Any = None) -> Any:
        convert = _encoder(elem, stored=stored)
        result = {key: convert(item) for key, item in value.items()}
        return value if all(map(is_, result.values(), value.values())) else result

    return values


def _encode_union(_: Type, stored: bool) -> Encoder:
    def either(value: Any, _: Any = None) -> Any:
        if isinstance(value, list):
            return [either(item) for item in value]
        return _encoder(json_schema_type(), stored=stored)(value) if isinstance(value, dict) else value

    return either


def zero(type: Type) -> Any:
    """Return what Go's encoder prints for the zero value of ``type``."""
    match type.kind:
        case "string":
            return ""
        case "bool":
            return False
        case "int32" | "int64" | "float" | "IntOrString":
            return 0
        case "Quantity":
            return "0"
        case "Duration":
            return "0s"
        case "struct":
            return _encoder(type)({})
        case _:
            return None


def _shows_empty(field: Field) -> bool:
    """Tell whether the field appears even when it is not set."""
    if field.pointer:
        return not field.omit_empty
    if field.omit_zero:
        return False
    return not field.omit_empty or field.type.kind in _GO_STRUCTS


def _nothing() -> None:
    return None


_EncodePlan = dict[str, tuple[bool, bool, Encoder | None]]


def _encode_plan(type: Type, *, stored: bool) -> tuple[_EncodePlan, dict[str, Callable[[], Any]]]:
    """Return for each field whether it drops empty values, whether it is a collection, and its encoder (None: as it is).

    And the fields that are always shown, with what makes their zero value.
    """
    always: dict[str, Callable[[], Any]] = {}
    plan: _EncodePlan = {}
    for name, field in type.fields.items():
        if _shows_empty(field):
            always[name] = _nothing if field.pointer else partial(zero, field.type)
        convert = _encoder(field.type, stored=stored)
        drops = field.omit_empty and not field.pointer and field.type.kind not in _GO_STRUCTS
        plan[name] = (drops, field.type.kind in {LIST, MAP}, None if convert is _keep else convert)
    return plan, always


def _encode_struct(type: Type, stored: bool) -> Encoder:
    plan: _EncodePlan = {}
    always: dict[str, Callable[[], Any]] = {}

    def fields(value: Any, old: Any = None) -> Any:
        nonlocal plan, always
        if value is None:
            return None
        if not plan:
            plan, always = _encode_plan(type, stored=stored)
        # What needs no change is handed on as it is: writes that change little share most of the stored object.
        out = None
        for key, item in value.items():
            entry = plan.get(key)
            if entry is None:
                if type.preserve:
                    continue
                new = _GONE
            elif item:
                convert = entry[2]
                if convert is None:
                    continue
                was = old.get(key) if old else None
                new = was if was == item else convert(item, was)
            elif item is None:
                new = None if key in always else _GONE
            elif entry[0]:
                new = _GONE
            elif entry[1]:
                # An empty list that is always shown has become Go's nil on its way through the internal version.
                new = None if stored and key in always else item
            else:
                new = item if entry[2] is None else entry[2](item)
            if new is not item:
                if out is None:
                    out = value.copy()
                if new is _GONE:
                    del out[key]
                else:
                    out[key] = new
        for name, make in always.items():
            if name not in value:
                if out is None:
                    out = value.copy()
                out[name] = make()
        return value if out is None else out

    return fields


_ENCODERS: dict[str, Callable[[Type, bool], Encoder]] = {
    STRUCT: _encode_struct,
    LIST: _encode_list,
    MAP: _encode_map,
    "SchemaOrBool": _encode_union,
    "SchemaOrArray": _encode_union,
}
