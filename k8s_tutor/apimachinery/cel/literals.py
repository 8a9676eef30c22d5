"""What is wrong with the literals of a well-typed expression.

Mirrors cel-go's AST validators that Kubernetes switches on: patterns, durations and times that are written out must be
good, the items of a list and the entries of a map have one type, and ``format`` gets what its clauses can print.
"""

import re
from collections.abc import Iterator
from typing import Final

from k8s_tutor.apimachinery.cel import ast
from k8s_tutor.apimachinery.cel.ast import Node
from k8s_tutor.apimachinery.cel.checker import Checked
from k8s_tutor.apimachinery.cel.types import Type

_DURATION: Final = re.compile(r"[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
_CLAUSE: Final = re.compile(r"%(?:%|(?:\.\d+)?(.?))", re.DOTALL)
_PRINTABLE: Final = frozenset(
    {"list", "map", "int", "uint", "double", "bool", "string", "timestamp", "bytes", "duration", "type", "null", "dyn"}
)
_CLAUSES: Final = {
    "s": (
        _PRINTABLE,
        "string",
        "strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
    ),
    "d": (frozenset({"int", "uint", "dyn"}), "decimal", "integers"),
    "f": (frozenset({"double", "string", "dyn"}), "fixed-point", "doubles"),
    "e": (frozenset({"double", "string", "dyn"}), "scientific", "doubles"),
    "b": (frozenset({"int", "uint", "bool", "dyn"}), "binary", "integers and bools"),
    "o": (frozenset({"int", "uint", "dyn"}), "octal", "integers"),
    "x": (frozenset({"int", "uint", "string", "bytes", "dyn"}), "hex", "integers, byte buffers, and strings"),
}


def check_literals(done: Checked) -> None:
    """Add what is wrong to a checked expression's errors."""
    for node in done.tree.walk():
        if node.kind == ast.CALL:
            _check_call(done, node)
    exempt = {below.id for node in done.tree.walk() if node.name == "format" for below in _below(node)}
    for node in done.tree.walk():
        if node.id not in exempt and node.kind in {ast.LIST, ast.MAP}:
            _check_items(done, node)


def _below(node: Node) -> Iterator[Node]:
    for child in node.children():
        yield child
        yield from _below(child)


def _error(done: Checked, node: Node, text: str) -> None:
    done.errors.append((done.tree.offsets.get(node.id, 0), text))


def _check_call(done: Checked, node: Node) -> None:
    if node.name == "format" and node.operand is not None:
        _check_format(done, node, node.operand)
        return
    first = node.args[0] if node.args else None
    if first is None or first.kind != ast.CONST or first.type != "string":
        return
    good = True
    if node.name == "matches":
        good = _compiles(first.value)
    elif node.name == "duration":
        good = _DURATION.fullmatch(first.value) is not None
    elif node.name == "timestamp":
        good = _TIME.fullmatch(first.value) is not None
    if not good:
        _error(done, first, f"invalid {node.name} argument")


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _check_items(done: Checked, node: Node) -> None:
    if node.kind == ast.LIST:
        found = [
            (item, _inner(done.types[item.id]) if index in node.optionals else done.types[item.id])
            for index, item in enumerate(node.args)
        ]
        _check_same(done, found, every=False)
        return
    keys = [(entry.key, done.types[entry.key.id]) for entry in node.entries if entry.key is not None]
    values = [
        (entry.value, _inner(done.types[entry.value.id]) if entry.optional else done.types[entry.value.id])
        for entry in node.entries
    ]
    _check_same(done, keys, every=True)
    _check_same(done, values, every=True)


def _inner(type: Type) -> Type:
    return type.params[0] if type.params else type


def _check_same(done: Checked, items: list[tuple[Node, Type]], *, every: bool) -> None:
    """Complain about items of another type than the first: about the first such item, or all."""
    for node, found in items[1:]:
        if found != items[0][1]:
            _error(done, node, f"expected type '{items[0][1].shown}' but found '{found.shown}'")
            if not every:
                return


def _check_format(done: Checked, node: Node, template: Node) -> None:
    items = node.args[0] if node.args else None
    if template.kind != ast.CONST or template.type != "string" or items is None or items.kind != ast.LIST:
        return
    letters = [match[1] for match in _CLAUSE.finditer(template.value) if match.group() != "%%"]
    for index, letter in enumerate(letters):
        rule = _CLAUSES.get(letter.lower() if letter == "X" else letter)
        if rule is None:
            text = f'could not parse formatting clause: unrecognized formatting clause "{letter}"'
            _error(done, node, text)
            return
        if index >= len(items.args):
            _error(done, node, f"index {index} out of range")
            return
        if (wrong := _unfit(done, items.args[index], rule[0], deep=letter == "s")) is not None:
            kind = done.types[wrong.id]
            text = f"{rule[1]} clause can only be used on {rule[2]}, was given {str(kind).partition('(')[0]}"
            _error(done, wrong, f"error during formatting: {text}")
            return
    if len(items.args) > len(letters):
        _error(
            done,
            node,
            f"too many arguments supplied to string.format (expected {len(letters)}, got {len(items.args)})",
        )


def _unfit(done: Checked, node: Node, kinds: frozenset[str], *, deep: bool) -> Node | None:
    if done.types[node.id].kind not in kinds:
        return node
    if not deep or node.kind not in {ast.LIST, ast.MAP}:
        return None
    below = node.args or [part for entry in node.entries for part in (entry.key, entry.value) if part is not None]
    return next((wrong for one in below if (wrong := _unfit(done, one, kinds, deep=True)) is not None), None)
