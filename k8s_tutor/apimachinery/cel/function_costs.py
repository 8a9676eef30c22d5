"""What calls of functions cost, from the sizes of what they are given.

Mirrors the costs of Kubernetes' own functions (``apiserver/pkg/cel/library/cost.go``), of cel-go's extensions for lists
and sets, and of CEL's standard functions.
"""

import math
from collections.abc import Callable
from typing import Final

from k8s_tutor.apimachinery.cel import ast
from k8s_tutor.apimachinery.cel.ast import Node
from k8s_tutor.apimachinery.cel.ranges import LARGEST, NOTHING, ONE, Range, bounded
from k8s_tutor.apimachinery.cel.types import Type

TRAVERSAL: Final = 0.1
NEW_LIST: Final = 10
NEW_STRUCT: Final = 40
_PATTERN = 0.25
_CHECK: Final = 350_000
_MAX_FORMAT, _MAX_PATTERN = 64, 128

#: What a call costs beside its arguments, and the size of its result where that is known.
Cost = tuple[Range, Range | None]

_FREE = frozenset(
    ["serviceAccount", "path", "group", "resource", "subresource", "namespace", "name", "allowed", "reason", "error",
     "errored", "masked", "prefixLength", "family", "isUnspecified", "isLoopback", "isLinkLocalMulticast",
     "isLinkLocalUnicast", "isGlobalUnicast", "format.named", "sign", "asInteger", "isInteger", "asApproximateFloat",
     "isGreaterThan", "isLessThan", "compareTo", "add", "sub", "major", "minor", "patch", "getScheme", "getHostname",
     "getHost", "getPort", "getEscapedPath", "getQuery"]
)  # fmt: skip
_WALKS = frozenset(["isSorted", "sum", "max", "min", "indexOf", "lastIndexOf", "includes"])
_READS = frozenset(["cidr", "isIP", "isCIDR", "ip", "quantity", "isQuantity", "semver", "isSemver"])
_COPIES = frozenset(["lowerAscii", "upperAscii", "substring", "trim"])
_COMPARES = ("_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_")
_TEXT_OVERLOADS = ("string", "bytes")
_EQUAL_IN_ONE = frozenset(["kubernetes.Quantity", "kubernetes.Semver", "net.IP", "net.CIDR"])


class FunctionCosts:
    """Tells what calls cost.

    Args:
        type_of: the type of a node.
        size_of: how large its value can be.
        item_size: how large the items of its value can be.
    """

    def __init__(
        self, type_of: Callable[[Node], Type], size_of: Callable[[Node], Range], item_size: Callable[[Node], Range]
    ) -> None:
        self._type = type_of
        self._size = size_of
        self._item_size = item_size

    def cost(self, node: Node, overload: str, target: Node | None) -> Cost:
        """Return what a call of an overload costs, beside its arguments."""
        return (
            self._collection(node, overload, target)
            or self._kubernetes(node, overload, target)
            or self._standard(node, overload, target)
        )

    def _collection(self, node: Node, overload: str, target: Node | None) -> Cost | None:
        """Return the cost of a function of cel-go's list and set extensions, None where it is not one."""
        sizes = [self._size(argument) for argument in node.args]
        if node.name.startswith("sets."):
            factor = 2 if node.name == "sets.equivalent" else 1
            return sizes[0].times(sizes[1]).scaled(factor).plus(ONE), None
        if overload == "lists_range":
            return _allocated(1, _written(node.args[0], LARGEST))
        if target is None or not overload.startswith("list_"):
            return None
        size = self._size(target)
        match node.name:
            case "slice":
                start, end = _written(node.args[0], 0), _written(node.args[1], size.most)
                count = max(end.most - start.most, 0)
                return _allocated(1, Range(count, count))
            case "flatten":
                depth = _written(node.args[0], LARGEST).most if node.args else 1
                return _allocated(depth, size)
            case "reverse":
                return _allocated(1, size)
            case "distinct":
                return _allocated(2, size.times(size))
            case "sort" | "@sortByAssociatedKeys":
                of = node.args[0] if node.args else target
                kind = self._type(of).params[0].kind if self._type(of).params else ""
                items = self._size(of)
                return _allocated(2 + (TRAVERSAL if kind in _TEXT_OVERLOADS else 0), items.times(items))
            case _:
                return None

    def _kubernetes(self, node: Node, overload: str, target: Node | None) -> Cost | None:
        """Return the cost of a function of Kubernetes' own, None where it is not one."""
        name = node.name
        first = node.args[0] if node.args else None
        if name == "check":
            return Range(_CHECK, _CHECK), None
        if name in _FREE or overload == "cidr_ip":
            return ONE, None
        if name in {"fieldSelector", "labelSelector"} and first is not None:
            size = self._size(first)
            return Range(NEW_LIST, NEW_LIST).plus(size.scaled(TRAVERSAL)).plus(
                size.scaled(0.5).scaled(NEW_LIST + NEW_STRUCT)
            ), None
        if name in _WALKS and target is not None:
            return self._walk(target, name), None
        if name in {"url", "jsonpatch.escapeKey"} and first is not None:
            size = self._size(first)
            return size.scaled(TRAVERSAL), size
        if name in _READS and first is not None:
            return self._size(first).scaled(TRAVERSAL), None
        if name == "isCanonical" and first is not None:
            return self._size(first).scaled(2 * TRAVERSAL), None
        if name in {"containsIP", "containsCIDR"} and first is not None:
            return self._contains(name, overload, first), None
        if name == "validate" and first is not None:
            return self._size(first).scaled(TRAVERSAL).scaled(_MAX_PATTERN * _PATTERN), None
        return self._text_function(node, target) or self._equality(node)

    def _walk(self, target: Node, name: str) -> Range:
        size, of = self._size(target), self._type(target)
        if not of.params:
            return size.times(ONE) if name == "includes" else size.scaled(TRAVERSAL)
        each = ONE
        if of.params[0].kind in {"string", "bytes"}:
            each = each.plus(self._item_size(target).scaled(TRAVERSAL))
        return size.times(each)

    def _contains(self, name: str, overload: str, first: Node) -> Range:
        address = Range(4, 16)
        total = address.plus(address).scaled(TRAVERSAL)
        if name == "containsCIDR":
            total = total.plus(address.scaled(TRAVERSAL)).plus(ONE)
        if overload.endswith("_string"):
            total = total.plus(self._size(first).scaled(TRAVERSAL))
        return total

    def _text_function(self, node: Node, target: Node | None) -> Cost | None:
        if target is None:
            return None
        size, name = self._size(target), node.name
        if name in _COPIES:
            return size.scaled(TRAVERSAL), size
        if name == "replace" and len(node.args) >= 2:
            made = _replaced(size, *(self._size(argument) for argument in node.args[:2]))
            return size.scaled(2 * TRAVERSAL), made
        if name == "split":
            limit = node.args[1] if len(node.args) > 1 else None
            most = limit.value if limit is not None and limit.kind == ast.CONST and limit.type == "int" else size.most
            return size.scaled(2 * TRAVERSAL), Range(0, most)
        if name == "join":
            return self._join(node, target, size)
        if name in {"find", "findAll"} and node.args:
            pattern = self._size(node.args[0]).scaled(_PATTERN)
            return size.plus(ONE).scaled(TRAVERSAL).times(pattern), Range(0, size.most)
        return None

    def _join(self, node: Node, target: Node, count: Range) -> Cost:
        size = count.times(self._item_size(target)) if self._type(target).params else NOTHING
        if node.args:
            gaps = Range(max(count.least - 1, 0), max(count.most - 1, 0))
            size = size.plus(self._size(node.args[0]).times(gaps))
        return size.scaled(TRAVERSAL), size

    def _equality(self, node: Node) -> Cost | None:
        if node.name != "_==_" or self._type(node.args[0]) != self._type(node.args[1]):
            return None
        name = self._type(node.args[0]).name
        if name in _EQUAL_IN_ONE or name.startswith("kubernetes.authorization."):
            return ONE, None
        if name == "kubernetes.NamedFormat":
            return Range(1, _MAX_FORMAT).scaled(TRAVERSAL), None
        if name == "kubernetes.URL":
            size = self._size(node.args[1])
            return Range(1, size.most).scaled(TRAVERSAL), None
        return None

    def _standard(self, node: Node, overload: str, target: Node | None) -> Cost:
        """Return the cost of a function of CEL itself."""
        sizes = [self._size(argument) for argument in node.args]
        if overload == "string_format" and target is not None:
            return self._size(target).scaled(TRAVERSAL), None
        if overload == "string_to_bytes":
            return sizes[0].scaled(TRAVERSAL), Range(sizes[0].least, bounded(sizes[0].most * 4))
        if overload == "bytes_to_string":
            return sizes[0].scaled(TRAVERSAL), Range(sizes[0].least // 4, sizes[0].most)
        if overload == "strings_quote":
            return sizes[0].scaled(TRAVERSAL), Range(sizes[0].least + 2, bounded(sizes[0].most * 2 + 2))
        if overload in {"starts_with_string", "ends_with_string"}:
            return sizes[0].scaled(TRAVERSAL), None
        if overload == "in_list":
            return sizes[1].scaled(1), None
        if overload in {"matches", "matches_string"}:
            text, pattern = (self._size(target), sizes[0]) if target is not None else (sizes[0], sizes[1])
            return text.plus(ONE).scaled(TRAVERSAL).times(pattern.scaled(_PATTERN)), None
        if overload == "contains_string" and target is not None:
            text = self._size(target)
            return text.scaled(TRAVERSAL).times(sizes[0].scaled(TRAVERSAL)), None
        if overload in {"add_string", "add_bytes", "add_list"}:
            return self._addition(overload, sizes)
        if node.name in _COMPARES and (overload in {"equals", "not_equals"} or overload.endswith(_TEXT_OVERLOADS)):
            most = min(sizes[0].most, sizes[1].most)
            return Range(1 if most else 0, most).scaled(TRAVERSAL), None
        return ONE, None

    def _addition(self, overload: str, sizes: list[Range]) -> Cost:
        size = sizes[0].plus(sizes[1])
        return ONE if overload == "add_list" else size.scaled(TRAVERSAL), size


def _allocated(factor: float, size: Range) -> tuple[Range, Range]:
    """Return the cost of a call that makes a list, and the list's size."""
    return size.scaled(factor).plus(Range(NEW_LIST + 1, NEW_LIST + 1)), size


def _written(node: Node, otherwise: int) -> Range:
    """Return a number that is written out, or another."""
    number = node.value if node.kind == ast.CONST and node.type in {"int", "uint"} and node.value >= 0 else otherwise
    return Range(number, number)


def _replaced(size: Range, before: Range, after: Range) -> Range:
    """Return how long a text can be after replacements."""

    def reach(length: int, shortest: int, *, grows: bool) -> tuple[int, int]:
        if shortest == 0:
            return bounded(length + 1), length
        return (math.ceil(length / shortest), 0) if grows else (0, length)

    most, kept_most = reach(size.most, before.least, grows=after.most > before.least)
    least, kept_least = reach(size.least, before.most, grows=before.most > after.least)
    return Range(least, most).times(after).plus(Range(kept_least, kept_most))
