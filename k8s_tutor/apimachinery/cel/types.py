"""Types of CEL's checker, and types declared by schemas.

Mirrors cel-go's ``common/types`` and ``k8s.io/apiserver/pkg/cel`` (``DeclType``): a declared type also knows how large its
values can be, by which the cost of an expression is estimated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

DYN_KIND: Final = "dyn"
ERROR_KIND: Final = "error"
OPAQUE: Final = "opaque"
PARAM: Final = "param"
STRUCT_KIND: Final = "struct"


@dataclass(frozen=True, slots=True)
class Type:
    """A type: its kind, the name it is declared with, and its parameters."""

    kind: str
    name: str
    params: "tuple[Type, ...]" = ()

    def __str__(self) -> str:
        """Return the name as a result's type is told: ``list(string)``, ``google.protobuf.Timestamp``."""
        return self._shown(_RUNTIME)

    @property
    def shown(self) -> str:
        """The name as the checker's errors tell it: ``timestamp``, ``null``."""
        return self._shown(_CHECKED)

    def _shown(self, names: Mapping[str, str]) -> str:
        name = names.get(self.kind, self.name)
        if not self.params:
            return name
        inner = ", ".join(param._shown(names) for param in self.params)  # noqa: SLF001 - its own class
        return f"{name}({inner})"


_RUNTIME: Final = {
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
    "null": "null_type",
    "any": "google.protobuf.Any",
    ERROR_KIND: "*error*",
}
_CHECKED: Final = {ERROR_KIND: "!error!", "null": "null"}

BOOL: Final = Type("bool", "bool")
INT: Final = Type("int", "int")
UINT: Final = Type("uint", "uint")
DOUBLE: Final = Type("double", "double")
STRING: Final = Type("string", "string")
BYTES: Final = Type("bytes", "bytes")
NULL: Final = Type("null", "null")
DYN: Final = Type(DYN_KIND, "dyn")
ERROR: Final = Type(ERROR_KIND, "!error!")
TIMESTAMP: Final = Type("timestamp", "timestamp")
DURATION: Final = Type("duration", "duration")
TYPE: Final = Type("type", "type")
SCALARS: Final = {
    one.name: one for one in (BOOL, INT, UINT, DOUBLE, STRING, BYTES, NULL, DYN, TIMESTAMP, DURATION, TYPE)
}
#: Names of opaque types; other dotted names are structs without fields.
_OPAQUES: Final = frozenset({"net.IP", "net.CIDR", "optional_type"})


def list_of(item: Type) -> Type:
    """Return the type of a list."""
    return Type("list", "list", (item,))


def map_of(key: Type, value: Type) -> Type:
    """Return the type of a map."""
    return Type("map", "map", (key, value))


def optional_of(value: Type) -> Type:
    """Return the type of an optional value."""
    return Type(OPAQUE, "optional_type", (value,))


def type_of(value: Type) -> Type:
    """Return the type of a type."""
    return Type("type", "type", (value,))


def struct(name: str) -> Type:
    """Return the type of an object."""
    return Type(STRUCT_KIND, name)


def parse(text: str) -> Type:
    """Return the type that a signature writes: ``map(string, list(A))``."""
    name, _, rest = text.partition("(")
    if not rest:
        if name in SCALARS:
            return SCALARS[name]
        return Type(PARAM, name) if len(name) == 1 else Type(OPAQUE if name in _OPAQUES else STRUCT_KIND, name)
    params = tuple(parse(part) for part in _split(rest[:-1]))
    return Type(name if name in {"list", "map", "type"} else OPAQUE, name, params)


def _split(text: str) -> list[str]:
    parts, depth, begin = [], 0, 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            parts.append(text[begin:at].strip())
            begin = at + 1
    return [*parts, text[begin:].strip()]


@dataclass(slots=True)
class Declared:
    """A type with what is known of its values' sizes.

    Attributes:
        type: the checker's type.
        fields: of an object.
        key, item: of a map, and of a list or map.
        largest: how many items, or how much text, a value can have.
        smallest: how few bytes of JSON a value takes.
    """

    type: Type
    fields: "dict[str, Declared]" = field(default_factory=dict)
    key: "Declared | None" = None
    item: "Declared | None" = None
    largest: int = 0
    smallest: int = 0


def named(declared: Declared, name: str) -> Declared:
    """Return the declaration with names for its objects, by the path from ``name``."""
    if declared.type.kind == STRUCT_KIND:
        fields = {key: named(one, f"{name}.{key}") for key, one in declared.fields.items()}
        return Declared(struct(name), fields, largest=declared.largest, smallest=declared.smallest)
    if declared.item is None:
        return declared
    item = named(declared.item, f"{name}.@{'idx' if declared.type.kind == 'list' else 'elem'}")
    of = list_of(item.type) if declared.type.kind == "list" else map_of(STRING, item.type)
    return Declared(of, key=declared.key, item=item, largest=declared.largest, smallest=declared.smallest)


def structs(*declarations: Declared) -> dict[str, dict[str, Type]]:
    """Return the objects within declarations: by their names, the types of their fields."""
    found: dict[str, dict[str, Type]] = {}
    waiting = list(declarations)
    while waiting:
        one = waiting.pop()
        if one.type.kind == STRUCT_KIND and one.type.name not in found:
            found[one.type.name] = {key: inner.type for key, inner in one.fields.items()}
            waiting += one.fields.values()
        if one.item is not None:
            waiting.append(one.item)
    return found
