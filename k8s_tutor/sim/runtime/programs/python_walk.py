"""Walks Python's syntax tree in cluster time: the small Python of simulated containers.

Values are plain ones (numbers, texts, lists, dicts, tuples, None); attributes are looked up in fixed tables, so nothing
leads out of the container.
"""

import ast
import datetime
import json
import math
import operator
import random
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from k8s_tutor.sim.runtime.nodes import File

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

MAX_SIZE = 1 << 24
MAX_CALLS = 60
MAX_RANGE = 1 << 20
WIDE = re.compile(r"\d{5,}|\*")
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
METHODS = frozenset(
    [
        "append",
        "extend",
        "pop",
        "insert",
        "remove",
        "sort",
        "reverse",
        "index",
        "count",
        "get",
        "keys",
        "values",
        "items",
        "update",
        "setdefault",
        "split",
        "join",
        "strip",
        "lstrip",
        "rstrip",
        "upper",
        "lower",
        "replace",
        "startswith",
        "endswith",
        "find",
        "splitlines",
        "encode",
        "decode",
        "isdigit",
        "title",
        "isoformat",
        "strftime",
        "timestamp",
        "add",
        "discard",
    ]
)
KEEPING = frozenset({"append", "extend", "insert", "add", "update", "setdefault"})
SAFE = (int, float, str, bytes, list, dict, tuple, set, bool, type(None), datetime.datetime, range)


class PythonError(Exception):
    """An exception of the walked program that nothing caught."""

    def __init__(self, name: str, text: str, line: int) -> None:
        super().__init__(f"{name}: {text}" if text else name)
        self.name, self.text, self.line = name, text, line


class ExitPython(Exception):  # noqa: N818 - control flow, not an error
    """``sys.exit``."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Leave(Exception):  # noqa: N818 - control flow, not an error
    def __init__(self, kind: str, value: Any = None) -> None:
        super().__init__(kind)
        self.kind, self.value = kind, value


Native = Callable[..., Any | Awaitable[Any]]


class Function:
    """A function of the walked program."""

    def __init__(self, node: ast.FunctionDef) -> None:
        self.node = node


class Module:
    """A module's names."""

    def __init__(self, name: str, names: dict[str, Any]) -> None:
        self.name, self.names = name, names


class Walker:
    """Runs one program."""

    def __init__(self, process: "Process", argv: list[str]) -> None:
        self._process = process
        self._argv = argv
        self._globals: dict[str, Any] = {"__name__": "__main__"}
        self._frames: list[dict[str, Any]] = [self._globals]
        self._held = self._told = 0

    # -- statements

    async def block(self, body: list[ast.stmt]) -> None:
        """Run statements."""
        for statement in body:
            await self._process.work(3e-5)
            await self._statement(statement)

    async def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Expr):
            await self._value(node.value)
        elif isinstance(node, ast.Assign):
            value = await self._value(node.value)
            for target in node.targets:
                await self._bind(target, value)
        elif isinstance(node, ast.AugAssign):
            old = await self._value(_load(node.target))
            await self._bind(node.target, await self._binary(node.op, old, await self._value(node.value), node))
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            await self._bind(node.target, await self._value(node.value))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        elif isinstance(node, ast.FunctionDef):
            self._frames[-1][node.name] = Function(node)
        elif isinstance(node, ast.If):
            await self.block(node.body if await self._value(node.test) else node.orelse)
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
            raise _Leave("return", await self._value(node.value) if node.value else None)
        if isinstance(node, ast.Break | ast.Continue):
            raise _Leave("break" if isinstance(node, ast.Break) else "continue")
        if isinstance(node, ast.Raise):
            value = await self._value(node.exc) if node.exc else None
            name, text = value if isinstance(value, tuple) and len(value) == 2 else (str(value or "RuntimeError"), "")
            raise PythonError(name, str(text), node.lineno)
        if isinstance(node, ast.Assert):
            if not await self._value(node.test):
                raise PythonError("AssertionError", str(await self._value(node.msg)) if node.msg else "", node.lineno)
        elif not isinstance(node, ast.Pass | ast.Global | ast.Nonlocal | ast.Delete):
            raise PythonError(
                "NotImplementedError", f"{type(node).__name__} is not part of the simulated python", node.lineno
            )

    async def _while(self, node: ast.While) -> None:
        while await self._value(node.test):
            await self._process.work(1e-5)
            if await self._round(node.body):
                return
        await self.block(node.orelse)

    async def _for(self, node: ast.For) -> None:
        values = await self._value(node.iter)
        for value in values if isinstance(values, range) else list(values)[: 1 << 24]:
            await self._process.work(1e-5)
            await self._bind(node.target, value)
            if await self._round(node.body):
                return
        await self.block(node.orelse)

    async def _round(self, body: list[ast.stmt]) -> bool:
        """Run a loop's body once; True if the loop ends."""
        try:
            await self.block(body)
        except _Leave as leaving:
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
                        self._frames[-1][handler.name] = error.text
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
            value = await self._value(item.context_expr)
            if item.optional_vars is not None:
                await self._bind(item.optional_vars, value)
        await self.block(node.body)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        modules = self._modules()
        for alias in node.names:
            name = alias.name if isinstance(node, ast.Import) else node.module or ""
            module = modules.get(name.split(".")[0])
            if module is None:
                raise PythonError("ModuleNotFoundError", f"No module named '{name}'", node.lineno)
            value: Any = module if isinstance(node, ast.Import) else module.names.get(alias.name)
            self._frames[-1][alias.asname or alias.name.split(".")[0]] = value

    async def _bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            grown = _weight(value) - _weight(self._frames[-1].get(target.id))
            self._frames[-1][target.id] = value
            if grown:
                await self._hold(grown)
        elif isinstance(target, ast.Tuple | ast.List):
            for each, part in zip(target.elts, list(value), strict=False):
                await self._bind(each, part)
        elif isinstance(target, ast.Subscript):
            container = await self._value(target.value)
            container[await self._value(target.slice)] = value
            await self._hold(_weight(value))
        else:
            raise PythonError("NotImplementedError", "assignment to attributes", target.lineno)

    # -- expressions

    async def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.JoinedStr):
            return "".join([await self._formatted(part) for part in node.values])
        if isinstance(node, ast.BinOp):
            return await self._binary(node.op, await self._value(node.left), await self._value(node.right), node)
        if isinstance(node, ast.BoolOp):
            value: Any = None
            for part in node.values:
                value = await self._value(part)
                if bool(value) != isinstance(node.op, ast.And):
                    return value
            return value
        if isinstance(node, ast.UnaryOp):
            value = await self._value(node.operand)
            return not value if isinstance(node.op, ast.Not) else -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Compare):
            return await self._compare(node)
        if isinstance(node, ast.IfExp):
            return await self._value(node.body if await self._value(node.test) else node.orelse)
        if isinstance(node, ast.Call):
            return await self._call(node)
        return await self._structure(node)

    async def _structure(self, node: ast.expr) -> Any:
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            values = [await self._value(part) for part in node.elts]
            return (
                values if isinstance(node, ast.List) else tuple(values) if isinstance(node, ast.Tuple) else set(values)
            )
        if isinstance(node, ast.Dict):
            return {
                await self._value(key): await self._value(value)
                for key, value in zip(node.keys, node.values, strict=True)
                if key
            }
        if isinstance(node, ast.Subscript):
            return self._guarded(node, operator.getitem, await self._value(node.value), await self._value(node.slice))
        if isinstance(node, ast.Slice):
            parts = [await self._value(part) if part else None for part in (node.lower, node.upper, node.step)]
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
        for value in await self._value(generator.iter):
            await self._process.work(5e-6)
            await self._bind(generator.target, value)
            if all([await self._value(test) for test in generator.ifs]):
                found.append(await self._value(node.elt))
                if len(found) % 65536 == 0:
                    await self._process.keep(self._held + len(found) * 8)
        return found

    def _name(self, node: ast.Name) -> Any:
        for frame in (self._frames[-1], self._globals):
            if node.id in frame:
                return frame[node.id]
        found = self._builtins().get(node.id)
        if found is None and node.id != "None":
            if node.id.endswith(("Error", "Exception")) or node.id in {"KeyboardInterrupt", "SystemExit"}:
                return lambda text="": (node.id, text)
            raise PythonError("NameError", f"name '{node.id}' is not defined", node.lineno)
        return found

    async def _formatted(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        if isinstance(node, ast.FormattedValue):
            value = await self._value(node.value)
            spec = await self._value(node.format_spec) if node.format_spec else ""
            if WIDE.search(spec):
                raise PythonError("ValueError", "Too many decimal digits in format string", node.lineno)
            return format(repr(value) if node.conversion == 114 else value, spec)
        return ""

    async def _binary(self, kind: ast.operator, left: Any, right: Any, node: ast.AST) -> Any:
        size = len(left) if isinstance(left, str | bytes | list) else 0
        if isinstance(kind, ast.Mult):
            for sequence, count in ((left, right), (right, left)):
                if (
                    isinstance(sequence, str | bytes | bytearray | list)
                    and isinstance(count, int)
                    and len(sequence) * count > MAX_SIZE
                ):
                    await self._process.keep(self._held + len(sequence) * count)
                    self._held += len(sequence) * count
                    return sequence * max(1, MAX_SIZE // max(1, len(sequence)))
        if isinstance(kind, ast.Mod) and isinstance(left, str) and WIDE.search(left):
            raise PythonError("ValueError", "width too big", getattr(node, "lineno", 1))
        if isinstance(kind, ast.Add) and size > 1 << 16:
            await self._process.keep(self._held + size)
        if (
            isinstance(kind, ast.Pow)
            and isinstance(left, int)
            and isinstance(right, int)
            and right * max(1, left.bit_length()) > 1 << 20
        ):
            await self._process.compute(1.0)
            return 0
        if isinstance(kind, ast.LShift) and isinstance(right, int) and right > 1 << 20:
            return 0
        return self._guarded(node, BINARY[type(kind)], left, right)

    async def _compare(self, node: ast.Compare) -> bool:
        left = await self._value(node.left)
        for kind, part in zip(node.ops, node.comparators, strict=True):
            right = await self._value(part)
            if not self._guarded(node, COMPARE[type(kind)], left, right):
                return False
            left = right
        return True

    async def _attribute(self, node: ast.Attribute) -> Any:
        value = await self._value(node.value)
        if isinstance(value, Module):
            if node.attr not in value.names:
                raise PythonError(
                    "AttributeError", f"module '{value.name}' has no attribute '{node.attr}'", node.lineno
                )
            return value.names[node.attr]
        if isinstance(value, str) and node.attr in {"format", "zfill"}:
            return lambda *words, **named: _format(value, node.attr, words, named)
        if isinstance(value, SAFE) and node.attr in METHODS:
            return getattr(value, node.attr)
        raise PythonError(
            "AttributeError", f"'{type(value).__name__}' object has no attribute '{node.attr}'", node.lineno
        )

    async def _call(self, node: ast.Call) -> Any:
        function = await self._value(node.func)
        arguments = [await self._value(part) for part in node.args]
        named = {part.arg: await self._value(part.value) for part in node.keywords if part.arg}
        if isinstance(function, Function):
            return await self._enter(function, arguments, named, node.lineno)
        if not callable(function):
            raise PythonError("TypeError", f"'{type(function).__name__}' object is not callable", node.lineno)
        result = self._guarded(node, function, *arguments, **named)
        if getattr(function, "__name__", "") in KEEPING:
            await self._hold(32 + sum(map(_weight, arguments)))
        if not hasattr(result, "__await__"):
            return result
        try:
            return await result
        except MemoryError as error:
            raise PythonError("MemoryError", "", node.lineno) from error
        except (TypeError, ValueError) as error:
            raise PythonError(type(error).__name__, str(error), node.lineno) from error

    async def _enter(self, function: Function, arguments: list[Any], named: dict[str, Any], line: int) -> Any:
        if len(self._frames) > MAX_CALLS:
            raise PythonError("RecursionError", "maximum recursion depth exceeded", line)
        parameters = [each.arg for each in function.node.args.args]
        defaults = function.node.args.defaults
        frame = dict(zip(parameters, arguments, strict=False)) | named
        for name, default in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
            if name not in frame:
                frame[name] = await self._value(default)
        self._frames.append(frame)
        try:
            await self.block(function.node.body)
        except _Leave as leaving:
            return leaving.value
        finally:
            self._frames.pop()
        return None

    def _guarded(self, node: ast.AST, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        try:
            result = function(*arguments, **named)
            if isinstance(result, str | bytes | bytearray | list | dict | set | tuple) and len(result) > 2 * MAX_SIZE:
                raise MemoryError
            return result
        except (PythonError, ExitPython):
            raise
        except Exception as error:
            raise PythonError(type(error).__name__, str(error), getattr(node, "lineno", 1)) from error

    async def _hold(self, size: int) -> None:
        """Account for memory that the program's values take; told to the kernel in steps of a megabyte."""
        self._held += size
        if abs(self._held - self._told) >= 1 << 20:
            self._told = self._held
            await self._process.keep(max(0, self._held))

    # -- what there is

    def _builtins(self) -> dict[str, Any]:
        async def show(*values: Any, sep: str = " ", end: str = "\n", file: Any = None, flush: bool = False) -> None:
            del flush
            await self._process.write(
                2 if file == "stderr" else 1, (sep.join(map(str, values)) + end).encode("utf-8", "replace")
            )

        def whole(function: Callable[..., Any]) -> Callable[..., Any]:
            """Consume an iterable at once only if it is small: else the time and memory are the container's."""

            async def consume(*values: Any, **named: Any) -> Any:
                big = max((len(value) for value in values if isinstance(value, range)), default=0)
                if big > MAX_RANGE:
                    if function is sum and isinstance(values[0], range):
                        await self._process.compute(big * 3e-8)
                        return (values[0][0] + values[0][-1]) * len(values[0]) // 2
                    if function in {list, set, tuple, sorted}:
                        await self._process.allocate(self._held + big * 36)
                    await self._process.compute(big * 5e-8)
                    raise MemoryError
                return function(*values, **named)

            return consume

        def blank(size: Any = 0) -> Any:
            return bytearray(min(size, MAX_SIZE)) if isinstance(size, int) else bytearray(size)

        async def bytes_(size: Any = 0) -> Any:
            if isinstance(size, int) and size > 1 << 16:
                self._held += size
                await self._process.keep(self._held)
            return blank(size)

        return {
            "print": show,
            "range": range,
            "len": len,
            "str": str,
            "int": int,
            "float": float,
            "bool": bool,
            "list": whole(list),
            "dict": dict,
            "set": whole(set),
            "tuple": whole(tuple),
            "sum": whole(sum),
            "min": whole(min),
            "max": whole(max),
            "abs": abs,
            "round": round,
            "sorted": whole(sorted),
            "enumerate": enumerate,
            "zip": zip,
            "reversed": reversed,
            "repr": repr,
            "ord": ord,
            "chr": chr,
            "hex": hex,
            "any": whole(any),
            "all": whole(all),
            "bytearray": bytes_,
            "bytes": bytes_,
            "exit": self._exit,
            "quit": self._exit,
            "open": self._open,
            "True": True,
            "False": False,
            "isinstance": isinstance,
            "divmod": divmod,
        }

    @staticmethod
    def _exit(code: Any = 0) -> None:
        raise ExitPython(code if isinstance(code, int) else 0 if code is None else 1)

    def _open(self, path: str, mode: str = "r") -> Module:
        process = self._process
        files = process.files
        if "r" in mode:
            text = files.read_file(path, process.cwd, process.credentials).decode("utf-8", "replace")
            return Module(
                "file",
                {"read": lambda: text, "readlines": lambda: text.splitlines(keepends=True), "close": lambda: None},
            )
        node = files.file_for_writing(path, process.cwd, process.credentials)
        if not isinstance(node, File):
            node = File()
        if "w" in mode:
            node.truncate()

        def write(text: Any) -> None:
            node.append(str(text).encode())

        return Module("file", {"write": write, "close": lambda: None, "flush": lambda: None})

    def _modules(self) -> dict[str, Module]:
        process = self._process
        clock = process.container.clock
        chance = random.Random(process.pid)

        def now(*_: Any) -> datetime.datetime:
            return datetime.datetime.fromtimestamp(clock.now(), datetime.UTC).replace(tzinfo=None)

        date = Module("datetime", {"now": now, "utcnow": now})
        environ = Module("environ", {"get": process.env.get, "items": process.env.items, "keys": process.env.keys})
        environ_dict: Any = dict(process.env)
        del environ
        return {
            "time": Module(
                "time",
                {
                    "sleep": process.sleep,
                    "time": clock.now,
                    "monotonic": clock.now,
                    "perf_counter": clock.now,
                    "strftime": lambda pattern: now().strftime(pattern),
                    "ctime": lambda: now().ctime(),
                },
            ),
            "os": Module(
                "os",
                {
                    "environ": environ_dict,
                    "getenv": process.env.get,
                    "getpid": lambda: process.pid,
                    "getcwd": lambda: process.cwd,
                    "_exit": self._exit,
                    "cpu_count": lambda: 4,
                    "listdir": lambda path=".": [name for name, _ in process.files.list(path, process.cwd)],
                    "uname": lambda: ("Linux", process.container.hostname),
                },
            ),
            "sys": Module(
                "sys",
                {
                    "exit": self._exit,
                    "argv": self._argv,
                    "stdout": Module("stdout", {"flush": lambda: None, "write": lambda text: process.say(str(text))}),
                    "stderr": "stderr",
                    "version": process.container.image.version,
                },
            ),
            "socket": Module("socket", {"gethostname": lambda: process.container.hostname}),
            "random": Module(
                "random",
                {
                    "random": chance.random,
                    "randint": chance.randint,
                    "choice": chance.choice,
                    "uniform": chance.uniform,
                },
            ),
            "datetime": Module("datetime", {"datetime": date}),
            "math": Module(
                "math",
                {
                    name: getattr(math, name)
                    for name in ("sqrt", "pi", "e", "floor", "ceil", "sin", "cos", "log", "gcd")
                },
            ),
            "json": Module("json", {"dumps": json.dumps, "loads": json.loads}),
        }


def _weight(value: Any) -> int:
    """Return about how many bytes a value takes, if it is worth counting."""
    size = len(value) if isinstance(value, str | bytes | bytearray | list | tuple) else 0
    size *= 8 if isinstance(value, list | tuple) else 1
    return size if size > 4096 else 0


def _format(text: str, method: str, words: tuple[Any, ...], named: dict[str, Any]) -> str:
    """Return ``text.format(…)`` without attributes and huge widths; ``zfill`` with a sane width."""
    if method == "zfill":
        return text.zfill(min(int(words[0]), 1 << 16))
    if re.search(r"\{[^}]*[.\[][^}]*[a-zA-Z_]", text) or WIDE.search(text):
        msg = "format fields with attributes are not part of the simulated python"
        raise ValueError(msg)
    return text.format(*words, **named)


def _load(node: ast.expr) -> ast.expr:
    """Return the same expression to be read."""
    return ast.parse(ast.unparse(node), mode="eval").body
