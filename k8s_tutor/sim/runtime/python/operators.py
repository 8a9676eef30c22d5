"""Operators on the walked program's values; large results cost it memory and time before they are made."""

import ast
import operator
from collections.abc import Callable
from typing import Any

from k8s_tutor.sim.runtime.python.machine import Machine, guarded
from k8s_tutor.sim.runtime.python.values import MAX_SIZE, WIDE, PythonError

LARGE_BITS = 1 << 20
BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.LShift: operator.lshift, ast.RShift: operator.rshift,
}  # fmt: skip
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not, ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip


async def binary(machine: Machine, kind: ast.operator, left: Any, right: Any, node: ast.AST) -> Any:
    """Return ``left <kind> right``.

    Raises:
        PythonError: as Python does.
    """
    if isinstance(kind, ast.Mult):
        for sequence, count in ((left, right), (right, left)):
            if _repeats_much(sequence, count):
                await machine.briefly(len(sequence) * count)
                machine.held += len(sequence) * count
                return sequence * max(1, MAX_SIZE // max(1, len(sequence)))
    if isinstance(kind, ast.Mod) and isinstance(left, str) and WIDE.search(left):
        raise PythonError("ValueError", "width too big", getattr(node, "lineno", 1))
    if isinstance(kind, ast.Add) and isinstance(left, str | bytes | list) and len(left) > 1 << 16:
        await machine.briefly(len(left))
    if isinstance(left, int) and isinstance(right, int) and _many_bits(kind, left, right):
        await machine.process.compute(1.0)
        return 0
    return guarded(node, BINARY[type(kind)], left, right)


def compare(kind: ast.cmpop, left: Any, right: Any, node: ast.AST) -> bool:
    """Return ``left <kind> right``.

    Raises:
        PythonError: as Python does.
    """
    return bool(guarded(node, COMPARE[type(kind)], left, right))


def _repeats_much(sequence: Any, count: Any) -> bool:
    many = isinstance(sequence, str | bytes | bytearray | list) and isinstance(count, int)
    return many and len(sequence) * count > MAX_SIZE


def _many_bits(kind: ast.operator, left: int, right: int) -> bool:
    if isinstance(kind, ast.Pow):
        return right * max(1, left.bit_length()) > LARGE_BITS
    return isinstance(kind, ast.LShift) and right > LARGE_BITS
