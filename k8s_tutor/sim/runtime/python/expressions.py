"""Expressions of the walked program, and assignment to their targets."""

import ast
import operator
from abc import ABC, abstractmethod
from typing import Any

from k8s_tutor.sim.runtime.python.builtins import builtins
from k8s_tutor.sim.runtime.python.machine import Machine, guarded
from k8s_tutor.sim.runtime.python.operators import binary, compare
from k8s_tutor.sim.runtime.python.values import (
    KEEPING,
    METHODS,
    SAFE,
    WIDE,
    Function,
    Module,
    PythonError,
    formatted,
    weight,
)


class Expressions(ABC):
    """Evaluates expressions.

    Args:
        machine: where the program runs.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._builtins = builtins(machine)

    @abstractmethod
    async def enter(self, function: Function, arguments: list[Any], named: dict[str, Any], line: int) -> Any:
        """Call a function of the program."""

    async def value(self, node: ast.expr) -> Any:
        """Evaluate an expression.

        Raises:
            PythonError: the program's own exception.
        """
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.JoinedStr):
            return "".join([await self._formatted(part) for part in node.values])
        if isinstance(node, ast.BinOp):
            return await binary(self.machine, node.op, await self.value(node.left), await self.value(node.right), node)
        if isinstance(node, ast.BoolOp):
            value: Any = None
            for part in node.values:
                value = await self.value(part)
                if bool(value) != isinstance(node.op, ast.And):
                    return value
            return value
        if isinstance(node, ast.UnaryOp):
            value = await self.value(node.operand)
            return not value if isinstance(node.op, ast.Not) else -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Compare):
            return await self._compare(node)
        if isinstance(node, ast.IfExp):
            return await self.value(node.body if await self.value(node.test) else node.orelse)
        if isinstance(node, ast.Call):
            return await self._call(node)
        return await self._structure(node)

    async def _structure(self, node: ast.expr) -> Any:
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            values = [await self.value(part) for part in node.elts]
            return (
                values if isinstance(node, ast.List) else tuple(values) if isinstance(node, ast.Tuple) else set(values)
            )
        if isinstance(node, ast.Dict):
            return {
                await self.value(key): await self.value(value)
                for key, value in zip(node.keys, node.values, strict=True)
                if key
            }
        if isinstance(node, ast.Subscript):
            return guarded(node, operator.getitem, await self.value(node.value), await self.value(node.slice))
        if isinstance(node, ast.Slice):
            parts = [await self.value(part) if part else None for part in (node.lower, node.upper, node.step)]
            return slice(*parts)
        if isinstance(node, ast.Attribute):
            return await self._attribute(node)
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            return await self._comprehension(node)
        raise PythonError(
            "NotImplementedError", f"{type(node).__name__} is not part of the simulated python", node.lineno
        )

    async def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> list[Any]:
        found = []
        generator = node.generators[0]
        for value in await self.value(generator.iter):
            await self.machine.process.work(5e-6)
            await self.bind(generator.target, value)
            if all([await self.value(test) for test in generator.ifs]):
                found.append(await self.value(node.elt))
                if len(found) % 65536 == 0:
                    await self.machine.briefly(len(found) * 8)
        return found

    def _name(self, node: ast.Name) -> Any:
        for frame in (self.machine.frames[-1], self.machine.names):
            if node.id in frame:
                return frame[node.id]
        found = self._builtins.get(node.id)
        if found is None and node.id != "None":
            if node.id.endswith(("Error", "Exception")) or node.id in {"KeyboardInterrupt", "SystemExit"}:
                return lambda text="": (node.id, text)
            raise PythonError("NameError", f"name '{node.id}' is not defined", node.lineno)
        return found

    async def _formatted(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        if isinstance(node, ast.FormattedValue):
            value = await self.value(node.value)
            spec = await self.value(node.format_spec) if node.format_spec else ""
            if WIDE.search(spec):
                raise PythonError("ValueError", "Too many decimal digits in format string", node.lineno)
            return format(repr(value) if node.conversion == 114 else value, spec)
        return ""

    async def _compare(self, node: ast.Compare) -> bool:
        left = await self.value(node.left)
        for kind, part in zip(node.ops, node.comparators, strict=True):
            right = await self.value(part)
            if not compare(kind, left, right, node):
                return False
            left = right
        return True

    async def _attribute(self, node: ast.Attribute) -> Any:
        value = await self.value(node.value)
        if isinstance(value, Module):
            if node.attr not in value.names:
                raise PythonError(
                    "AttributeError", f"module '{value.name}' has no attribute '{node.attr}'", node.lineno
                )
            return value.names[node.attr]
        if isinstance(value, str) and node.attr in {"format", "zfill"}:
            return lambda *words, **named: formatted(value, node.attr, words, named)
        if isinstance(value, SAFE) and node.attr in METHODS:
            return getattr(value, node.attr)
        raise PythonError(
            "AttributeError", f"'{type(value).__name__}' object has no attribute '{node.attr}'", node.lineno
        )

    async def _call(self, node: ast.Call) -> Any:
        function = await self.value(node.func)
        arguments = [await self.value(part) for part in node.args]
        named = {part.arg: await self.value(part.value) for part in node.keywords if part.arg}
        if isinstance(function, Function):
            return await self.enter(function, arguments, named, node.lineno)
        if not callable(function):
            raise PythonError("TypeError", f"'{type(function).__name__}' object is not callable", node.lineno)
        result = guarded(node, function, *arguments, **named)
        if getattr(function, "__name__", "") in KEEPING:
            await self.machine.hold(32 + sum(map(weight, arguments)))
        if not hasattr(result, "__await__"):
            return result
        try:
            return await result
        except MemoryError as error:
            raise PythonError("MemoryError", "", node.lineno) from error
        except (TypeError, ValueError) as error:
            raise PythonError(type(error).__name__, str(error), node.lineno) from error

    async def bind(self, target: ast.expr, value: Any) -> None:
        """Assign to a name, an item, or several."""
        if isinstance(target, ast.Name):
            grown = weight(value) - weight(self.machine.frames[-1].get(target.id))
            self.machine.frames[-1][target.id] = value
            if grown:
                await self.machine.hold(grown)
        elif isinstance(target, ast.Tuple | ast.List):
            for each, part in zip(target.elts, list(value), strict=False):
                await self.bind(each, part)
        elif isinstance(target, ast.Subscript):
            container = await self.value(target.value)
            container[await self.value(target.slice)] = value
            await self.machine.hold(weight(value))
        else:
            raise PythonError("NotImplementedError", "assignment to attributes", target.lineno)
