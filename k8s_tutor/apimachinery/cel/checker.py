"""Types of expressions, and what is wrong with them, in the words of the API server.

Mirrors cel-go's ``checker`` as Kubernetes sets it up: numbers compare across their types; that the items of a literal have
one type is asked in ``literals``. ``functions.json`` has the signatures of all functions of Kubernetes 1.37's environment
(``environment.MustBaseEnvSet`` with the authorizer's and JSON patch's libraries): name, then for each overload its id,
whether it is a method, arguments, result.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from k8s_tutor.apimachinery.cel import ast, types
from k8s_tutor.apimachinery.cel.ast import Node, Tree
from k8s_tutor.apimachinery.cel.types import BOOL, DYN, ERROR, INT, PARAM, STRUCT_KIND, Type
from k8s_tutor.apimachinery.cel.unifying import Substitutions, assign, is_dyn_or_error, most_general, substitute

_TYPE_NAMES: Final[dict[str, Type]] = {
    **{name: types.SCALARS[name] for name in ("bool", "int", "uint", "double", "string", "bytes", "dyn", "type")},
    "null_type": types.NULL,
    "google.protobuf.Timestamp": types.TIMESTAMP,
    "google.protobuf.Duration": types.DURATION,
    "list": types.list_of(DYN),
    "map": types.map_of(DYN, DYN),
    "net.IP": Type(types.OPAQUE, "net.IP"),
    "net.CIDR": Type(types.OPAQUE, "net.CIDR"),
}
_LOGICAL = ("_&&_", "_||_")
_OPTIONAL_SELECT = "_?._"


class Overload(NamedTuple):
    """One way to call a function."""

    id: str
    member: bool
    arguments: tuple[Type, ...]
    result: Type


@cache
def functions() -> dict[str, tuple[Overload, ...]]:
    """Return the functions that expressions know, with their overloads in order."""
    text = resources.files(__package__).joinpath("functions.json").read_text()
    return {
        name: tuple(Overload(id_, member, tuple(map(types.parse, args)), types.parse(result)) for id_, member, args, result in rows)
        for name, rows in json.loads(text).items()
    }  # fmt: skip


@dataclass(slots=True)
class Checked:
    """A checked expression: its tree, the type of each node, the overloads each call may take, and the errors."""

    tree: Tree
    types: dict[int, Type] = field(default_factory=dict)
    overloads: dict[int, tuple[str, ...]] = field(default_factory=dict)
    errors: list[tuple[int, str]] = field(default_factory=list)

    @property
    def type(self) -> Type:
        """The type of the whole expression."""
        return self.types[self.tree.root.id]

    def message(self) -> str:
        """Return the errors as the server shows them, in the order of their places."""
        placed = sorted(self.errors, key=lambda error: error[0])
        return "\n".join(pointed(self.tree.text, offset, text) for offset, text in placed)


def pointed(expression: str, offset: int, message: str) -> str:
    """Return an error in the compiler's form: place, message, the line, and an arrow under the place."""
    lines = expression[:offset].split("\n")
    line = expression.split("\n")[len(lines) - 1]
    column = len(lines[-1])
    shown = line.replace("\t", " ")
    dots = "".join("\uff0e" if ord(one) > 127 else "." for one in line[:column])
    mark = "\uff3e" if line[column : column + 1] and ord(line[column]) > 127 else "^"
    return f"ERROR: <input>:{len(lines)}:{column + 1}: {message}\n | {shown}\n | {dots}{mark}"


def check(
    tree: Tree,
    variables: Mapping[str, Type],
    structs: Mapping[str, Mapping[str, Type]],
    *,
    removed: frozenset[str] = frozenset(),
) -> Checked:
    """Check an expression.

    Args:
        tree: the expression.
        variables: the types of what it may name.
        structs: the fields of the objects that occur.
        removed: functions that it does not know.
    """
    checker = _Checker(tree, variables, structs, removed)
    checker.check(tree.root)
    done = checker.done
    done.types = {id_: substitute(checker.known, one, to_dyn=True) for id_, one in done.types.items()}
    return done


class _Checker:
    def __init__(
        self,
        tree: Tree,
        variables: Mapping[str, Type],
        structs: Mapping[str, Mapping[str, Type]],
        removed: frozenset[str],
    ) -> None:
        self.done = Checked(tree)
        self.known: Substitutions = {}
        self._scopes: list[Mapping[str, Type]] = [variables]
        self._structs = structs
        self._removed = removed
        self._fresh = 0

    def check(self, node: Node) -> Type:
        """Check a node and all below; returns its type."""
        found = self.done.types[node.id] = self._type(node)
        return found

    def _type(self, node: Node) -> Type:
        match node.kind:
            case ast.CONST:
                return types.SCALARS[node.type]
            case ast.IDENT:
                return self._ident(node)
            case ast.SELECT:
                found = self._select(node, node.operand, node.name, optional=False)
                return BOOL if node.test else substitute(self.known, found)
            case ast.CALL:
                return self._call(node)
            case ast.LIST:
                return self._list(node)
            case ast.MAP:
                return self._map(node)
            case ast.STRUCT:
                return self._struct(node)
            case _:
                return self._comprehension(node)

    def _error(self, node_id: int, text: str) -> Type:
        self.done.errors.append((self.done.tree.offsets.get(node_id, 0), text))
        return ERROR

    def _fits(self, one: Type, other: Type) -> bool:
        return self._all_fit([(one, other)])

    def _all_fit(self, pairs: list[tuple[Type, Type]]) -> bool:
        found = assign(self.known, pairs)
        if found is None:
            return False
        self.known = found
        return True

    def _variable(self) -> Type:
        self._fresh += 1
        return Type(PARAM, f"_var{self._fresh - 1}")

    # -- names

    def _lookup(self, name: str) -> Type | None:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        found = _TYPE_NAMES.get(name)
        return types.type_of(found) if found is not None else None

    def _undeclared(self, node: Node, name: str) -> Type:
        return self._error(node.id, f"undeclared reference to '{name}' (in container '')")

    def _ident(self, node: Node) -> Type:
        found = self._lookup(node.name)
        return self._undeclared(node, node.name) if found is None else found

    def _select(self, node: Node, operand: Node | None, name: str, *, optional: bool) -> Type:
        assert operand is not None  # noqa: S101 - the parser gives every selection one
        qualified = _qualified(node) if not optional else ""
        if qualified and (known := self._lookup(qualified)) is not None:
            return known
        target = substitute(self.known, self.check(operand))
        wrapped = target.name == "optional_type"
        if wrapped:
            target = target.params[0]
        found = self._field(node, target, name)
        return types.optional_of(found) if wrapped or optional else found

    def _field(self, node: Node, target: Type, name: str) -> Type:
        if target.kind == "map":
            return target.params[1]
        if target.kind == STRUCT_KIND:
            return self._struct_field(node.id, target.name, name)
        if target.kind == PARAM:
            self._fits(DYN, target)
        elif not is_dyn_or_error(target):
            self._error(node.id, f"type '{target.shown}' does not support field selection")
        return DYN

    def _struct_field(self, node_id: int, struct: str, name: str) -> Type:
        fields = self._structs.get(struct)
        if fields is None:
            return self._error(node_id, f"unexpected failed resolution of '{struct}'")
        if name not in fields:
            return self._error(node_id, f"undefined field '{name}'")
        return fields[name]

    # -- calls

    def _call(self, node: Node) -> Type:
        if node.name == _OPTIONAL_SELECT:
            return self._optional_select(node)
        for argument in node.args:
            self.check(argument)
        if node.operand is None:
            return self._resolved(node, node.name, None)
        prefix = _qualified(node.operand)
        if prefix and self._knows(f"{prefix}.{node.name}"):
            return self._resolved(node, f"{prefix}.{node.name}", None)
        self.check(node.operand)
        return self._resolved(node, node.name, node.operand)

    def _knows(self, name: str) -> bool:
        return name in functions() and name not in self._removed

    def _optional_select(self, node: Node) -> Type:
        operand, name = node.args
        if name.kind != ast.CONST or name.type != "string":
            return self._error(name.id, f"unsupported optional field selection: {name.name}")
        self.done.overloads[node.id] = ("select_optional_field",)
        return substitute(self.known, self._select(node, operand, name.value, optional=True))

    def _resolved(self, node: Node, name: str, target: Node | None) -> Type:
        if not self._knows(name):
            return self._undeclared(node, name)
        operands = [*([target] if target is not None else []), *node.args]
        given = [self.done.types[one.id] for one in operands]
        if name in _LOGICAL:
            return self._logical(node, name, given)
        result: Type | None = None
        taken: list[str] = []
        for overload in functions()[name]:
            if overload.member != (target is not None) or len(overload.arguments) != len(given):
                continue
            fresh = self._instantiated(overload)
            if self._all_fit(list(zip(given, fresh.arguments, strict=True))):
                taken.append(overload.id)
                found = substitute(self.known, fresh.result)
                if result is None:
                    result = found
                elif result.kind != "dyn" and found != result:
                    result = DYN
        if result is None:
            return self._no_overload(node, name, given, member=target is not None)
        self.done.overloads[node.id] = tuple(taken)
        return result

    def _logical(self, node: Node, name: str, given: list[Type]) -> Type:
        good = True
        for argument, one in zip(node.args, given, strict=True):
            if not self._fits(one, BOOL):
                self._error(argument.id, f"expected type 'bool' but found '{one.shown}'")
                good = False
        self.done.overloads[node.id] = (functions()[name][0].id,)
        return BOOL if good else ERROR

    def _instantiated(self, overload: Overload) -> Overload:
        """Return an overload with type variables of its own for its parameters."""
        named = sorted({one for type_ in (overload.result, *overload.arguments) for one in _parameters(type_)}, key=str)
        if not named:
            return overload
        fresh: Substitutions = {one: self._variable() for one in named}
        arguments = tuple(substitute(fresh, one) for one in overload.arguments)
        return Overload(overload.id, overload.member, arguments, substitute(fresh, overload.result))

    def _no_overload(self, node: Node, name: str, given: list[Type], *, member: bool) -> Type:
        shown = [substitute(self.known, one, to_dyn=True).shown for one in given]
        target = f"{shown.pop(0)}." if member else ""
        signature = f"{target}({', '.join(shown)})"
        return self._error(node.id, f"found no matching overload for '{name}' applied to '{signature}'")

    # -- literals

    def _joined(self, before: Type | None, now: Type) -> Type:
        if before is None:
            return now
        return most_general(before, now) if self._fits(before, now) else DYN

    def _unwrapped(self, node: Node, found: Type, *, optional: bool) -> Type:
        if not optional:
            return found
        if found.name == "optional_type":
            return found.params[0]
        if found.kind != "dyn":
            self._error(node.id, f"expected type 'optional_type({found.shown})' but found '{found.shown}'")
        return found

    def _list(self, node: Node) -> Type:
        item: Type | None = None
        for index, argument in enumerate(node.args):
            found = self._unwrapped(argument, self.check(argument), optional=index in node.optionals)
            item = self._joined(item, found)
        return types.list_of(item or self._variable())

    def _map(self, node: Node) -> Type:
        key: Type | None = None
        value: Type | None = None
        for entry in node.entries:
            assert entry.key is not None  # noqa: S101 - entries of a map have keys
            key = self._joined(key, self.check(entry.key))
            found = self._unwrapped(entry.value, self.check(entry.value), optional=entry.optional)
            value = self._joined(value, found)
        return types.map_of(key or self._variable(), value or self._variable())

    def _struct(self, node: Node) -> Type:
        if node.name not in self._structs:
            return self._undeclared(node, node.name)
        for entry in node.entries:
            given = self.check(entry.value)
            wanted = self._struct_field(entry.id, node.name, entry.name)
            given = self._unwrapped(entry.value, given, optional=entry.optional)
            if not self._fits(wanted, given):
                text = f"expected type of field '{entry.name}' is '{wanted.shown}' but provided type is '{given.shown}'"
                self._error(entry.id, text)
        return types.struct(node.name)

    def _comprehension(self, node: Node) -> Type:
        parts = node.parts
        self.check(parts["range"])
        accumulator = self.check(parts["init"])
        self._scopes.append({node.accumulator: accumulator})
        self._scopes.append(dict(zip(node.variables, self._items(node), strict=True)))
        self._wanted(parts["condition"], BOOL)
        self._wanted(parts["step"], accumulator)
        self._scopes.pop()
        self.check(parts["result"])
        self._scopes.pop()
        return substitute(self.known, self.done.types[parts["result"].id])

    def _items(self, node: Node) -> list[Type]:
        """Return the types of a comprehension's variables."""
        of, two = substitute(self.known, self.done.types[node.parts["range"].id]), len(node.variables) == 2
        if of.kind == "list":
            return [INT, of.params[0]] if two else [of.params[0]]
        if of.kind == "map":
            return list(of.params) if two else [of.params[0]]
        found = DYN
        if is_dyn_or_error(of) or of.kind == PARAM:
            self._fits(DYN, of)
        else:
            text = f"expression of type '{of.shown}' cannot be range of a comprehension (must be list, map, or dynamic)"
            found = self._error(node.parts["range"].id, text)
        return [found] * len(node.variables)

    def _wanted(self, node: Node, type: Type) -> None:
        found = self.check(node)
        if not self._fits(type, found):
            self._error(node.id, f"expected type '{type.shown}' but found '{found.shown}'")


def _parameters(type: Type) -> set[Type]:
    found = {type} if type.kind == PARAM else set()
    for one in type.params:
        found |= _parameters(one)
    return found


def _qualified(node: Node) -> str:
    """Return a chain of plain selections as one dotted name, "" where it is none."""
    names: list[str] = []
    at: Node | None = node
    while at is not None and at.kind == ast.SELECT and not at.test:
        names.append(at.name)
        at = at.operand
    if at is None or at.kind != ast.IDENT:
        return ""
    return ".".join([at.name, *reversed(names)])
