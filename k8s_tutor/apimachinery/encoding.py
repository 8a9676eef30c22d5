"""From an object as the server works with it to what it stores and prints.

Mirrors Go's JSON encoder as Kubernetes uses it: fields with ``omitempty`` vanish when empty, all others appear with their
zero value. Each type is compiled once into closures.
"""

from collections.abc import Callable
from functools import partial
from operator import is_
from typing import Any, Final

from k8s_tutor.apimachinery.schema.tables import json_schema_type
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT, Field, Type
from k8s_tutor.apimachinery.unstructured import Json

# Go's omitempty leaves out no structs; these leaves are structs too.
_GO_STRUCTS = frozenset(
    {STRUCT, "Quantity", "IntOrString", "Time", "MicroTime", "Duration", "RawExtension", "FieldsV1"}
)

_GONE: Any = object()

Encoder = Callable[..., Any]  # of a value, and of the one that was there before

#: The forms of an object. It has gone through storage, where an empty list that is always shown becomes null.
STORED: Final = "stored"
#: It is what a request makes of it, and nothing more: managed fields are tracked by this form.
LIVE: Final = "live"
#: It is within a list that is one value to managers: there an empty list or map is another value than none.
_COMPARED: Final = "compared"
#: It is to be judged: what is empty is still there, for error texts show it, but structs are as they will be stored.
JUDGED: Final = "judged"


class EmptyMap(dict[str, Any]):
    """An empty map of a judged object: to comparisons it is no map at all, while an empty struct is a struct."""

    __slots__ = ()


def encoded(obj: Json, type: Type, *, form: str = STORED, old: Json | None = None) -> Json:
    """Return ``obj`` (conformed, perhaps defaulted) as the server stores and prints it.

    ``obj`` is not changed, but the result shares all parts with it that are right already.

    Args:
        obj: the object.
        type: its type.
        form: ``STORED``, ``LIVE`` or ``JUDGED``.
        old: an object that is encoded already: what is equal is not looked at again, and its parts are taken. (Not by a
            judged object, which strategies may still change.)
    """
    if not type.name:
        # Custom resources have no Go type: they are printed as they were written.
        return obj
    result: Json = _encoder(type, form)(obj, old)
    return result


def _encoder(type: Type, form: str = STORED) -> Encoder:
    plan = f"encode-{form}"
    found: Encoder | None = type.plans.get(plan)
    if found is None:
        build = _ENCODERS.get(type.kind)
        found = type.plans[plan] = build(type, form) if build else _keep
    return found


def _keep(value: Any, _: Any = None) -> Any:
    return value


def _encode_list(type: Type, form: str) -> Encoder:
    elem = type.elem
    if form == LIVE and type.list_type not in {"map", "set"}:
        form = _COMPARED
    if elem is None or elem.kind not in {STRUCT, LIST, MAP}:
        return _keep
    convert: Encoder | None = None
    shares = form != JUDGED

    def items(value: Any, old: Any = None) -> Any:
        nonlocal convert
        if convert is None:
            convert = _encoder(elem, form)
        if old is None or len(old) != len(value):
            result = [convert(item) for item in value]
        else:
            result = [
                (was if shares else item) if item is was or item == was else convert(item, was)
                for item, was in zip(value, old, strict=True)
            ]
        return value if all(map(is_, result, value)) else result

    return items


def _encode_map(type: Type, form: str) -> Encoder:
    elem = type.elem
    if elem is None or elem.kind not in {STRUCT, LIST, MAP}:
        return _keep

    def values(value: Any, _: Any = None) -> Any:
        convert = _encoder(elem, form)
        result = {key: convert(item) for key, item in value.items()}
        return value if all(map(is_, result.values(), value.values())) else result

    return values


def _encode_union(_: Type, form: str) -> Encoder:
    def either(value: Any, _: Any = None) -> Any:
        if isinstance(value, list):
            return [either(item) for item in value]
        return _encoder(json_schema_type(), form)(value) if isinstance(value, dict) else value

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


_EncodePlan = dict[str, tuple[bool, Callable[[Any], Any], Encoder | None]]


def _encode_plan(type: Type, form: str) -> tuple[_EncodePlan, dict[str, Callable[[], Any]]]:
    """Return for each field whether it drops empty values, what else becomes of them, and its encoder (None: as it is).

    And the fields that are always shown, with what makes their zero value.
    """
    always: dict[str, Callable[[], Any]] = {}
    plan: _EncodePlan = {}
    for name, field in type.fields.items():
        if _shows_empty(field):
            always[name] = _nothing if field.pointer else partial(zero, field.type)
        convert = _encoder(field.type, form)
        drops = form != JUDGED and field.omit_empty and not field.pointer and field.type.kind not in _GO_STRUCTS
        drops = drops and not (form == _COMPARED and field.type.kind in {LIST, MAP})
        empty = _empty_of(field.type, form, convert, shown=name in always)
        plan[name] = (drops, empty, None if convert is _keep else convert)
    return plan, always


def _empty_of(type: Type, form: str, convert: Encoder, *, shown: bool) -> Callable[[Any], Any]:
    """Return what makes of an empty value the one that is shown."""
    if type.kind == MAP and form == JUDGED:
        return lambda _: EmptyMap()
    if type.kind in {LIST, MAP}:
        # An empty list that is always shown has become Go's nil on its way through the internal version.
        return (lambda _: None) if form == STORED and shown else _keep
    return convert


def _encode_struct(type: Type, form: str) -> Encoder:
    plan: _EncodePlan = {}
    always: dict[str, Callable[[], Any]] = {}
    shares = form != JUDGED

    def fields(value: Any, old: Any = None) -> Any:
        nonlocal plan, always
        if value is None:
            return None
        if not plan:
            plan, always = _encode_plan(type, form)
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
                new = (was if shares else item) if was is item or was == item else convert(item, was)
            elif item is None:
                new = None if key in always else _GONE
            else:
                new = _GONE if entry[0] else entry[1](item)
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


_ENCODERS: dict[str, Callable[[Type, str], Encoder]] = {
    STRUCT: _encode_struct,
    LIST: _encode_list,
    MAP: _encode_map,
    "SchemaOrBool": _encode_union,
    "SchemaOrArray": _encode_union,
}
