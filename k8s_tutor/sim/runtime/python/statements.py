"""Statements of the walked program: each costs time of the cluster, so that no loop is endless for us."""

import ast
from typing import Any

from k8s_tutor.sim.runtime.python.expressions import Expressions
from k8s_tutor.sim.runtime.python.modules import modules
from k8s_tutor.sim.runtime.python.operators import binary
from k8s_tutor.sim.runtime.python.values import Function, Leave, PythonError

MAX_CALLS = 60


class Walker(Expressions):
    """Runs one program."""

    async def block(self, body: list[ast.stmt]) -> None:
        """Run statements."""
        for statement in body:
            await self.machine.process.work(3e-5)
            await self._statement(statement)

    async def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Expr):
            await self.value(node.value)
        elif isinstance(node, ast.Assign):
            value = await self.value(node.value)
            for target in node.targets:
                await self.bind(target, value)
        elif isinstance(node, ast.AugAssign):
            old = await self.value(_load(node.target))
            await self.bind(node.target, await binary(self.machine, node.op, old, await self.value(node.value), node))
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            await self.bind(node.target, await self.value(node.value))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        elif isinstance(node, ast.FunctionDef):
            self.machine.frames[-1][node.name] = Function(node)
        elif isinstance(node, ast.If):
            await self.block(node.body if await self.value(node.test) else node.orelse)
        elif isinstance(node, ast.While):
            await self._while(node)
        elif isinstance(node, ast.For):
            await self._for(node)
        elif isinstance(node, ast.Try):
            await self._try(node)
        elif isinstance(node, ast.With):
            await self._with(node)
        else:
            await self._leave(node)

    async def _leave(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Return):
            raise Leave("return", await self.value(node.value) if node.value else None)
        if isinstance(node, ast.Break | ast.Continue):
            raise Leave("break" if isinstance(node, ast.Break) else "continue")
        if isinstance(node, ast.Raise):
            value = await self.value(node.exc) if node.exc else None
            name, text = value if isinstance(value, tuple) and len(value) == 2 else (str(value or "RuntimeError"), "")
            raise PythonError(name, str(text), node.lineno)
        if isinstance(node, ast.Assert):
            if not await self.value(node.test):
                raise PythonError("AssertionError", str(await self.value(node.msg)) if node.msg else "", node.lineno)
        elif not isinstance(node, ast.Pass | ast.Global | ast.Nonlocal | ast.Delete):
            raise PythonError(
                "NotImplementedError", f"{type(node).__name__} is not part of the simulated python", node.lineno
            )

    async def _while(self, node: ast.While) -> None:
        while await self.value(node.test):
            await self.machine.process.work(1e-5)
            if await self._round(node.body):
                return
        await self.block(node.orelse)

    async def _for(self, node: ast.For) -> None:
        values = await self.value(node.iter)
        for value in values if isinstance(values, range) else list(values)[: 1 << 24]:
            await self.machine.process.work(1e-5)
            await self.bind(node.target, value)
            if await self._round(node.body):
                return
        await self.block(node.orelse)

    async def _round(self, body: list[ast.stmt]) -> bool:
        """Run a loop's body once; True if the loop ends."""
        try:
            await self.block(body)
        except Leave as leaving:
            if leaving.kind == "return":
                raise
            return leaving.kind == "break"
        return False

    async def _try(self, node: ast.Try) -> None:
        try:
            await self.block(node.body)
        except PythonError as error:
            for handler in node.handlers:
                names = [ast.unparse(handler.type)] if handler.type else ["Exception"]
                if error.name in names[0] or names[0] in {"Exception", "BaseException", "OSError"}:
                    if handler.name:
                        self.machine.frames[-1][handler.name] = error.text
                    await self.block(handler.body)
                    break
            else:
                raise
        else:
            await self.block(node.orelse)
        finally:
            await self.block(node.finalbody)

    async def _with(self, node: ast.With) -> None:
        for item in node.items:
            value = await self.value(item.context_expr)
            if item.optional_vars is not None:
                await self.bind(item.optional_vars, value)
        await self.block(node.body)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        known = modules(self.machine)
        for alias in node.names:
            name = alias.name if isinstance(node, ast.Import) else node.module or ""
            module = known.get(name.split(".")[0])
            if module is None:
                raise PythonError("ModuleNotFoundError", f"No module named '{name}'", node.lineno)
            value: Any = module if isinstance(node, ast.Import) else module.names.get(alias.name)
            self.machine.frames[-1][alias.asname or alias.name.split(".")[0]] = value

    async def enter(self, function: Function, arguments: list[Any], named: dict[str, Any], line: int) -> Any:
        """Call a function of the program.

        Raises:
            PythonError: what its body raises; RecursionError.
        """
        if len(self.machine.frames) > MAX_CALLS:
            raise PythonError("RecursionError", "maximum recursion depth exceeded", line)
        parameters = [each.arg for each in function.node.args.args]
        defaults = function.node.args.defaults
        frame = dict(zip(parameters, arguments, strict=False)) | named
        for name, default in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
            if name not in frame:
                frame[name] = await self.value(default)
        self.machine.frames.append(frame)
        try:
            await self.block(function.node.body)
        except Leave as leaving:
            return leaving.value
        finally:
            self.machine.frames.pop()
        return None


def _load(node: ast.expr) -> ast.expr:
    """Return the same expression to be read."""
    return ast.parse(ast.unparse(node), mode="eval").body
