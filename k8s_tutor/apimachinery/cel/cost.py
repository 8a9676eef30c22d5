"""How much work an expression is, estimated from the sizes its values can have.

Mirrors cel-go's ``checker/cost.go``. Sizes and costs are ranges; what is not known reaches to the largest number there is.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from k8s_tutor.apimachinery.cel import ast
from k8s_tutor.apimachinery.cel.ast import Node
from k8s_tutor.apimachinery.cel.checker import Checked
from k8s_tutor.apimachinery.cel.function_costs import NEW_LIST, NEW_STRUCT, FunctionCosts
from k8s_tutor.apimachinery.cel.ranges import LARGEST, NOTHING, ONE, UNKNOWN, Range
from k8s_tutor.apimachinery.cel.types import Type

_NEW_MAP = 30

Path = tuple[str, ...]


Sizes = Callable[[Path], "Range | None"]


class _Entries(NamedTuple):
    """What the items of a literal list or map can measure."""

    kind: str
    key: Range
    value: Range

    def joined(self, other: "_Entries | None") -> "_Entries | None":
        return None if other is None else _Entries(self.kind, self.key.union(other.key), self.value.union(other.value))


class _Local(NamedTuple):
    """A variable of a comprehension."""

    path: Path
    size: Range | None
    entries: _Entries | None


_SCALAR = frozenset(["bool", "double", "duration", "int", "timestamp", "uint"])


def estimate(checked: Checked, sizes: Sizes, *, unknown: Range = UNKNOWN) -> Range:
    """Return the cost of an expression.

    Args:
        checked: the expression.
        sizes: how large the value at a path can be.
        unknown: the size of what nobody knows the size of.
    """
    return _Estimator(checked, sizes, unknown).cost(checked.tree.root)


def actual_sizes(values: Mapping[str, Any]) -> Sizes:
    """Return how large the values of variables are, by their paths."""

    def size(path: Path) -> Range | None:
        found = [values.get(path[0])]
        for step in path[1:]:
            found = [inner for value in found for inner in _within(value, step)]
        counts = [len(value) if isinstance(value, str | bytes | list | Mapping) else 1 for value in found]
        return Range(min(counts), max(counts)) if counts else NOTHING

    return size


def _within(value: Any, step: str) -> list[Any]:
    if step == "@items":
        return value if isinstance(value, list) else []
    if step == "@indices":
        return [0]
    if not isinstance(value, Mapping):
        return []
    if step in {"@keys", "@values"}:
        return list(value if step == "@keys" else value.values())
    return [value[step]] if step in value else []


class _Estimator:
    def __init__(self, checked: Checked, sizes: Sizes, unknown: Range) -> None:
        self._checked = checked
        self._unknown = unknown
        self._sizes = sizes
        self._paths: dict[int, Path] = {}
        self._locals: dict[str, list[_Local]] = {}
        self._computed: dict[int, Range] = {}
        self._entries: dict[int, _Entries] = {}
        self._functions = FunctionCosts(self._type, self._size_or_unknown, self._item_size)

    def cost(self, node: Node) -> Range:
        """Return the cost of a node and all below."""
        match node.kind:
            case ast.CONST:
                return NOTHING
            case ast.IDENT:
                local = self._local(node.name)
                self._paths[node.id] = local.path if local else (node.name,)
                return ONE
            case ast.SELECT:
                return self._select(node)
            case ast.CALL:
                return self._call(node)
            case ast.LIST:
                return self._list(node)
            case ast.MAP:
                return self._map(node)
            case ast.STRUCT:
                return self._sum([entry.value for entry in node.entries]).plus(Range(NEW_STRUCT, NEW_STRUCT))
            case _:
                return self._bind(node) if _is_bind(node) else self._comprehension(node)

    def _sum(self, nodes: list[Node]) -> Range:
        total = NOTHING
        for node in nodes:
            total = total.plus(self.cost(node))
        return total

    def _type(self, node: Node) -> Type:
        return self._checked.types[node.id]

    def _local(self, name: str) -> _Local | None:
        stack = self._locals.get(name)
        return stack[-1] if stack else None

    def _path(self, node: Node) -> Path:
        if node.kind == ast.IDENT and (local := self._local(node.name)) is not None:
            return local.path
        return self._paths.get(node.id, ())

    # -- sizes

    def _size(self, node: Node) -> Range | None:
        if node.id in self._computed:
            return self._computed[node.id]
        if (literal := _literal_size(node)) is not None:
            return literal
        path = self._path(node)
        if path and not path[0].startswith("@") and (known := self._sizes(path)) is not None:
            self._computed[node.id] = known
            return known
        if _is_scalar(self._type(node)):
            return ONE
        local = self._local(node.name) if node.kind == ast.IDENT else None
        return local.size if local is not None else None

    def _size_or_unknown(self, node: Node) -> Range:
        return self._size(node) or self._unknown

    def _entries_of(self, node: Node) -> _Entries | None:
        if node.id in self._entries:
            return self._entries[node.id]
        local = self._local(node.name) if node.kind == ast.IDENT else None
        return local.entries if local is not None else None

    def _copy(self, target: Node, source: Node) -> None:
        if (size := self._size(source)) is not None:
            self._computed[target.id] = size
        if (entries := self._entries_of(source)) is not None:
            self._entries[target.id] = entries

    # -- nodes

    def _select(self, node: Node) -> Range:
        assert node.operand is not None  # noqa: S101 - the parser gives every selection one
        total = self.cost(node.operand)
        if node.test:
            return total
        if self._type(node.operand).kind in {"map", "struct", "param"}:
            total = total.plus(ONE)
        self._paths[node.id] = (*self._path(node.operand), node.name)
        return total

    def _list(self, node: Node) -> Range:
        total = Range(NEW_LIST, NEW_LIST)
        item = Range(LARGEST if node.args else 0, 0)
        for argument in node.args:
            total = total.plus(self.cost(argument))
            item = item.union(self._size_or_unknown(argument))
        self._entries[node.id] = _Entries("list", ONE, item)
        return total

    def _map(self, node: Node) -> Range:
        total = Range(_NEW_MAP, _NEW_MAP)
        key = value = Range(LARGEST if node.entries else 0, 0)
        for entry in node.entries:
            assert entry.key is not None  # noqa: S101 - entries of a map have keys
            total = total.plus(self.cost(entry.key)).plus(self.cost(entry.value))
            key = key.union(self._size_or_unknown(entry.key))
            value = value.union(self._size_or_unknown(entry.value))
        self._entries[node.id] = _Entries("map", key, value)
        return total

    def _bind(self, node: Node) -> Range:
        parts = node.parts
        total = self.cost(parts["range"]).plus(self.cost(parts["init"]))
        self._push(node.accumulator, self._as_local(parts["init"]))
        total = total.plus(self.cost(parts["result"]))
        self._copy(node, parts["result"])
        self._locals[node.accumulator].pop()
        return total

    def _as_local(self, node: Node) -> _Local:
        return _Local(self._path(node), self._size(node), self._entries_of(node))

    def _push(self, name: str, local: _Local) -> None:
        self._locals.setdefault(name, []).append(local)

    def _comprehension(self, node: Node) -> Range:
        parts = node.parts
        total = self.cost(parts["range"]).plus(self.cost(parts["init"]))
        self._push(node.accumulator, self._as_local(parts["init"]))
        for index, name in enumerate(node.variables):
            self._push(name, self._item(parts["range"], index, len(node.variables)))
        loop = self.cost(parts["condition"]).plus(self.cost(parts["step"]))
        for name in node.variables:
            self._locals[name].pop()
        total = total.plus(self.cost(parts["result"]))
        self._locals[node.accumulator].pop()
        count = self._size_or_unknown(parts["range"])
        self._made(node, count)
        return total.plus(count.times(loop))

    def _item(self, of: Node, index: int, count: int) -> _Local:
        entries = self._entries_of(of)
        is_list = (entries.kind if entries is not None else self._type(of).kind) == "list"
        value = index == 1 or (count == 1 and is_list)
        step = ("@items" if is_list else "@values") if value else ("@indices" if is_list else "@keys")
        size = None if entries is None else entries.value if value else entries.key
        return _Local((*self._path(of), step), size, None)

    def _made(self, node: Node, count: Range) -> None:
        """Note the size of what a comprehension makes."""
        start = node.parts["init"]
        if start.kind == ast.CONST:
            if (size := self._size(start)) is not None:
                self._computed[node.id] = size
        elif start.kind in {ast.LIST, ast.MAP}:
            self._computed[node.id] = count
            if (entries := self._entries_of(node.parts["step"])) is not None:
                self._entries[node.id] = entries

    # -- calls

    def _call(self, node: Node) -> Range:
        if node.name == "dyn":
            total = self.cost(node.args[0]).plus(ONE)
            self._copy(node, node.args[0])
            return total
        costs = [self.cost(argument) for argument in node.args]
        overloads = self._checked.overloads.get(node.id, ())
        if not overloads:
            return NOTHING
        total = self.cost(node.operand) if self._is_method(node) and node.operand is not None else NOTHING
        own: Range | None = None
        size: Range | None = None
        for overload in overloads:
            found, result = self._function(node, overload, costs)
            own = found if own is None else own.union(found)
            if result is not None:
                size = result if size is None else size.union(result)
            if overload in {"index_list", "index_map"}:
                entries = self._entries_of(node.args[0])
                size = entries.value if entries is not None else None
                self._paths[node.id] = (*self._path(node.args[0]), "@items" if overload == "index_list" else "@values")
            if size is None:
                size = self._size(node)
        if size is not None:
            self._computed[node.id] = size
        return total.plus(own or NOTHING)

    def _is_method(self, node: Node) -> bool:
        return node.operand is not None and node.operand.id in self._checked.types

    def _function(self, node: Node, overload: str, costs: list[Range]) -> tuple[Range, Range | None]:
        if overload in {"logical_and", "logical_or"}:
            return Range(costs[0].least, costs[0].plus(costs[1]).most), None
        if overload == "conditional":
            return self._conditional(node, costs)
        arguments = NOTHING
        for cost in costs:
            arguments = arguments.plus(cost)
        target = node.operand if self._is_method(node) else None
        if overload in {"add_string", "add_bytes", "add_list"}:
            self._join_entries(node, *node.args)
        found, size = self._functions.cost(node, overload, target)
        return found.plus(arguments), size

    def _conditional(self, node: Node, costs: list[Range]) -> tuple[Range, Range | None]:
        one, other = node.args[1:]
        self._join_entries(node, one, other)
        size = self._size_or_unknown(one).union(self._size_or_unknown(other))
        return costs[0].plus(costs[1].union(costs[2])), size

    def _join_entries(self, node: Node, one: Node, other: Node) -> None:
        mine = self._entries_of(one)
        joined = mine.joined(self._entries_of(other)) if mine is not None else None
        if joined is not None:
            self._entries[node.id] = joined

    def _item_size(self, target: Node) -> Range:
        path = self._path(target)
        return (self._sizes((*path, "@items")) if path else None) or self._unknown


def _is_bind(node: Node) -> bool:
    of, condition = node.parts["range"], node.parts["condition"]
    never = condition.kind == ast.CONST and condition.value is False
    return of.kind == ast.LIST and not of.args and never and not node.accumulator.startswith("@")


def _literal_size(node: Node) -> Range | None:
    if node.kind == ast.CONST:
        count = len(node.value) if node.type in {"string", "bytes"} else 1
    elif node.kind == ast.LIST:
        count = len(node.args)
    elif node.kind == ast.MAP:
        count = len(node.entries)
    else:
        return None
    return Range(count, count)


def _is_scalar(type: Type) -> bool:
    return type.kind in _SCALAR or (type.name == "optional_type" and _is_scalar(type.params[0]))
