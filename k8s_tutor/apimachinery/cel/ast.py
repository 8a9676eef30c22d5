"""The tree of a parsed expression.

The library behind parses, and hands its tree out as a protobuf message (``cel.expr.ParsedExpr``); checking types and
estimating costs as Kubernetes does are done on the tree that this module reads from it.
"""

import struct
from dataclasses import dataclass, field
from typing import Any, Final

from k8s_tutor.apimachinery.protobuf.wire import as_bytes, fields, read_varint, signed

CONST: Final = "const"
IDENT: Final = "ident"
SELECT: Final = "select"
CALL: Final = "call"
LIST: Final = "list"
MAP: Final = "map"
STRUCT: Final = "struct"
COMPREHENSION: Final = "comprehension"

_CONSTANTS: Final = {1: "null", 2: "bool", 3: "int", 4: "uint", 5: "double", 6: "string", 7: "bytes"}
_PARTS: Final = {2: "range", 4: "init", 5: "condition", 6: "step", 7: "result"}


@dataclass(slots=True)
class Entry:
    """A pair of a map, or a field of a struct."""

    id: int
    key: "Node | None"
    name: str
    value: "Node"
    optional: bool


@dataclass(slots=True)
class Node:
    """A node; which attributes it has depends on its kind.

    Attributes:
        kind: one of the constants above.
        id: its number.
        type: of a constant, the name of its type.
        value: of a constant.
        name: of an identifier, a selected field, a function, a struct.
        test: a selection that only asks whether the field is there.
        operand: what a field is selected from; what a method is called on, None for a function.
        args: arguments, or the items of a list.
        optionals: which items of a list are optional.
        entries: of a map or struct.
        variables: of a comprehension, of the items and of the accumulator: one or two, and one.
        parts: of a comprehension: ``range``, ``init``, ``condition``, ``step``, ``result``.
    """

    kind: str
    id: int
    type: str = ""
    value: Any = None
    name: str = ""
    test: bool = False
    operand: "Node | None" = None
    args: "list[Node]" = field(default_factory=list)
    optionals: frozenset[int] = frozenset()
    entries: list[Entry] = field(default_factory=list)
    variables: tuple[str, ...] = ()
    accumulator: str = ""
    parts: "dict[str, Node]" = field(default_factory=dict)

    def children(self) -> "list[Node]":
        """Return the nodes right below."""
        below = [self.operand] if self.operand is not None else []
        below += self.args
        for entry in self.entries:
            below += [entry.key] if entry.key is not None else []
            below.append(entry.value)
        return below + list(self.parts.values())


@dataclass(slots=True)
class Tree:
    """An expression: its root, its text, and where in it the nodes stand."""

    root: Node
    text: str
    offsets: dict[int, int]

    def walk(self) -> "list[Node]":
        """Return all nodes, parents first."""
        found, waiting = [], [self.root]
        while waiting:
            node = waiting.pop()
            found.append(node)
            waiting += reversed(node.children())
        return found


def read(serialized: bytes, text: str) -> Tree:
    """Return the tree of a serialized expression."""
    parsed = next(as_bytes(value) for number, value in fields(serialized) if number == 2)
    root: Node | None = None
    offsets: dict[int, int] = {}
    for number, value in fields(parsed):
        if number == 2:
            root = _node(as_bytes(value))
        elif number == 3:
            offsets = _offsets(as_bytes(value))
    if root is None:
        raise ValueError("an expression without a root")
    return Tree(root, text, offsets)


def _offsets(info: bytes) -> dict[int, int]:
    found = {}
    for number, value in fields(info):
        if number == 4:
            pair = dict(fields(as_bytes(value)))
            found[signed(pair.get(1, 0))] = signed(pair.get(2, 0))
    return found


def _node(data: bytes) -> Node:
    id_, kind, body = 0, 0, b""
    for number, value in fields(data):
        if number == 2:
            id_ = signed(value)
        else:
            kind, body = number, as_bytes(value)
    build = _BUILDERS.get(kind)
    if build is None:
        raise ValueError(f"an expression of an unknown kind: {kind}")
    return build(id_, body)


def _const(id_: int, body: bytes) -> Node:
    for number, raw in fields(body):
        type_name = _CONSTANTS[number]
        value: Any = raw
        if type_name == "string":
            value = as_bytes(raw).decode(errors="surrogateescape")
        elif type_name == "double":
            value = struct.unpack("<d", as_bytes(raw))[0]
        elif type_name == "int":
            value = signed(raw)
        elif type_name in {"bool", "null"}:
            value = bool(raw) if type_name == "bool" else None
        return Node(CONST, id_, type=type_name, value=value)
    return Node(CONST, id_, type="null")


def _ident(id_: int, body: bytes) -> Node:
    return Node(IDENT, id_, name=as_bytes(dict(fields(body)).get(1, b"")).decode())


def _select(id_: int, body: bytes) -> Node:
    found = dict(fields(body))
    name = as_bytes(found.get(2, b"")).decode()
    return Node(SELECT, id_, name=name, operand=_node(as_bytes(found[1])), test=bool(found.get(3, 0)))


def _call(id_: int, body: bytes) -> Node:
    node = Node(CALL, id_)
    for number, value in fields(body):
        if number == 1:
            node.operand = _node(as_bytes(value))
        elif number == 2:
            node.name = as_bytes(value).decode()
        elif number == 3:
            node.args.append(_node(as_bytes(value)))
    return node


def _list(id_: int, body: bytes) -> Node:
    node = Node(LIST, id_)
    optionals: set[int] = set()
    for number, value in fields(body):
        if number == 1:
            node.args.append(_node(as_bytes(value)))
        elif isinstance(value, bytes):
            at = 0
            while at < len(value):
                index, at = read_varint(value, at)
                optionals.add(index)
        else:
            optionals.add(value)
    node.optionals = frozenset(optionals)
    return node


def _struct(id_: int, body: bytes) -> Node:
    node = Node(MAP, id_)
    for number, value in fields(body):
        if number == 1:
            node.name, node.kind = as_bytes(value).decode(), STRUCT
        else:
            node.entries.append(_entry(as_bytes(value)))
    return node


def _entry(body: bytes) -> Entry:
    found = dict(fields(body))
    key = _node(as_bytes(found[3])) if 3 in found else None
    name = as_bytes(found.get(2, b"")).decode()
    return Entry(signed(found.get(1, 0)), key, name, _node(as_bytes(found[4])), bool(found.get(5, 0)))


def _comprehension(id_: int, body: bytes) -> Node:
    node = Node(COMPREHENSION, id_)
    variables = ["", ""]
    for number, value in fields(body):
        if number in {1, 8}:
            variables[number == 8] = as_bytes(value).decode()
        elif number == 3:
            node.accumulator = as_bytes(value).decode()
        else:
            node.parts[_PARTS[number]] = _node(as_bytes(value))
    node.variables = tuple(name for name in variables if name)
    return node


_BUILDERS = {3: _const, 4: _ident, 5: _select, 6: _call, 7: _list, 8: _struct, 9: _comprehension}
