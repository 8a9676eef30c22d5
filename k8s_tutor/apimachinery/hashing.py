"""The hash of an object, as Kubernetes names ReplicaSets and ControllerRevisions by their pod template.

Mirrors ``hash.DeepHashObject``: the object is printed with all its Go types and fields, set or not, the way go-spew prints
``%#v``, and FNV-1a is taken of that text.  An empty list or map counts as nil, as it does after storage.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from k8s_tutor.apimachinery.quantity import BINARY_SI, Quantity
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Field, Type

_OFFSET: Final = 2166136261
_PRIME: Final = 16777619
_OFFSET_128: Final = 0x6C62272E07BB014262B821756295C58D
_PRIME_128: Final = 0x0000000001000000000000000000013B
_TIME: Final = "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}"
_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"


# Controllers ask for the same templates again and again, and a loop over bytes is slow here.
@lru_cache(maxsize=1024)
def fnv1a(data: bytes) -> int:
    """Return the 32-bit FNV-1a hash."""
    value = _OFFSET
    for byte in data:
        value = (value ^ byte) * _PRIME & 0xFFFFFFFF
    return value


def fnv1(data: bytes) -> int:
    """Return the 32-bit FNV-1 hash: multiplied before each byte, not after."""
    value = _OFFSET
    for byte in data:
        value = value * _PRIME & 0xFFFFFFFF ^ byte
    return value


def fnv128a(data: bytes) -> int:
    """Return the 128-bit FNV-1a hash."""
    value = _OFFSET_128
    for byte in data:
        value = (value ^ byte) * _PRIME_128 & (1 << 128) - 1
    return value


def safe_encode(text: str) -> str:
    """Return a text in the alphabet of generated names."""
    return "".join(_ALPHABET[ord(char) % len(_ALPHABET)] for char in text)


def deep_hash(obj: Any, type: Type, suffix: bytes = b"") -> int:
    """Return the hash of an object's Go print, and of ``suffix`` after it."""
    return fnv1a(for_hash(obj, type).encode() + suffix)


def compute_hash(template: Any, type: Type, collisions: int | None = None) -> str:
    """Return the ``pod-template-hash`` of a template; upstream's ``controller.ComputeHash``."""
    suffix = b"" if collisions is None else collisions.to_bytes(8, "little")
    return safe_encode(str(deep_hash(template, type, suffix)))


def for_hash(obj: Any, type: Type) -> str:
    """Return an object as Go prints it for hashing."""
    return f"({type.go}){_printer(type)(obj or {})}"


def _printer(type: Type) -> Callable[[Any], str]:
    """Return what prints a value without its type."""
    found: Callable[[Any], str] | None = type.plans.get("go-print")
    if found is None:
        build = {STRUCT: _struct, LIST: _list, MAP: _map}.get(type.kind)
        found = type.plans["go-print"] = build(type) if build else _LEAVES.get(type.kind, _text)
    return found


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _number(value: Any) -> str:
    return str(value or 0)


def _bool(value: Any) -> str:
    return "true" if value else "false"


def _bytes(value: Any) -> str:
    import base64

    return f"[{' '.join(map(str, base64.b64decode(value)))}]" if value else "<nil>"


def _time(_: Any) -> str:
    # Templates carry no times; only the zero time is ever printed.
    return _TIME


def _int_or_string(value: Any) -> str:
    if isinstance(value, str):
        return f"{{Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string){value}}}"
    return f"{{Type:(intstr.Type)0 IntVal:(int32){value or 0} StrVal:(string)}}"


def _quantity(value: Any) -> str:
    amount, scale, kept, family = 0, 0, "", ""
    if value is not None:
        quantity = Quantity.parse(value)
        family = quantity.format
        kept = str(value) if quantity.keeps_text else ""
        if family == BINARY_SI:
            amount = quantity.nanos // 10**9
        else:
            scale = quantity.scale_of(str(value))
            amount = quantity.nanos // 10 ** (scale + 9)
    inner = f"(resource.int64Amount){{value:(int64){amount} scale:(resource.Scale){scale}}}"
    return f"{{i:{inner} d:(resource.infDecAmount){{Dec:(*inf.Dec)<nil>}} s:(string){kept} Format:(resource.Format){family}}}"


_LEAVES: Final[dict[str, Callable[[Any], str]]] = {
    "int32": _number,
    "int64": _number,
    "bool": _bool,
    "bytes": _bytes,
    "Time": _time,
    "MicroTime": _time,
    "IntOrString": _int_or_string,
    "Quantity": _quantity,
}


def _list(type: Type) -> Callable[[Any], str]:
    elem = type.elem
    assert elem is not None  # noqa: S101 - lists are made with their item type
    return lambda value: f"[{' '.join(map(_printer(elem), value))}]" if value else "<nil>"


def _map(type: Type) -> Callable[[Any], str]:
    elem = type.elem
    assert elem is not None  # noqa: S101 - maps are made with their value type

    def show(value: Any) -> str:
        if not value:
            return "<nil>"
        one = _printer(elem)
        return f"map[{' '.join(f'{key}:{one(value[key])}' for key in sorted(value))}]"

    return show


def _struct(type: Type) -> Callable[[Any], str]:
    parts: list[Callable[[Any], str]] = []

    def show(value: Any) -> str:
        if not parts:
            parts.extend(_parts(list(type.fields.values()), type.go.rpartition(".")[0], 0))
        return f"{{{' '.join(part(value) for part in parts)}}}"

    return show


def _parts(fields: list[Field], package: str, depth: int) -> list[Callable[[Any], str]]:
    """Return the printers of a struct's fields in their order; embedded structs are printed as one field."""
    parts: list[Callable[[Any], str]] = []
    index = 0
    while index < len(fields):
        field = fields[index]
        if len(field.embedded) <= depth:
            parts.append(_field(field))
            index += 1
            continue
        step = field.embedded[depth]
        end = index
        while end < len(fields) and len(fields[end].embedded) > depth and fields[end].embedded[depth] == step:
            end += 1
        parts.append(_embedded(f"{step[1]}:({package}.{step[2]})", _parts(fields[index:end], package, depth + 1)))
        index = end
    return parts


def _embedded(head: str, inner: list[Callable[[Any], str]]) -> Callable[[Any], str]:
    return lambda value: f"{head}{{{' '.join(part(value) for part in inner)}}}"


def _field(field: Field) -> Callable[[Any], str]:
    star = "*" if field.pointer else ""
    head, name, type = f"{field.go_name}:({star}{field.type.go})", field.name, field.type
    if field.pointer:

        def show_pointer(value: Any) -> str:
            item = value.get(name)
            return f"{head}<nil>" if item is None else head + _printer(type)(item)

        return show_pointer
    zero: Any = {} if type.kind == STRUCT else None

    def show(value: Any) -> str:
        item = value.get(name)
        return head + _printer(type)(zero if item is None else item)

    return show
