"""From what a client sent to what the server works with.

Mirrors Go's JSON decoder as Kubernetes uses it (``sigs.k8s.io/json``, case-sensitive): ``conform`` drops unknown fields
and nulls, and brings leaves to their canonical spelling; what was written empty stays, since validation looks at it.

Each type is compiled once into closures. These know nothing of error texts: at the first thing that is not as it should
be they give up, and ``mismatches`` walks the object again, slowly, to say what is wrong.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from k8s_tutor.apimachinery import leaves
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Type
from k8s_tutor.apimachinery.unstructured import Json

Converter = Callable[[Any], Any]


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
