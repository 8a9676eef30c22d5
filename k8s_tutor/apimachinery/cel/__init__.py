"""CEL: expressions of ValidatingAdmissionPolicies, of CRD rules and of the course's checks.

An adapter over cel-expr-python, whose errors are values rather than exceptions: ``evaluate`` returns either a plain value
or a CelError, and ``is_true`` is the one safe way to ask whether a condition holds.  Kubernetes' own functions are in
``library``.  The library can not be interrupted, so the work of nested comprehensions is estimated beforehand and
refused above a budget, as upstream's cost limit does.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel as _cel

from k8s_tutor.apimachinery.cel.library import configuration, extensions

_MACRO = re.compile(r"\.(?:all|exists|exists_?[oO]ne|map|filter|transform\w+|sortBy)\s*\(|[()]")
_STRING = re.compile(r"""[rRbB]{0,2}(?:\"\"\".*?\"\"\"|'''.*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", re.DOTALL)
_STATUS = re.compile(r"^[A-Z_]+: ")
_NO_OVERLOAD = re.compile(r"<input>:(\d+):(\d+): found no matching overload for '(\w+)' applied to '\(([^']*)\)'")
_ARGUMENT = re.compile(r"((?:[^,(]|\([^()]*(?:\([^()]*\)[^()]*)*\))*)(, )?(.*)")
_BUDGET: Final = 10_000_000
_MAX_EXPRESSION: Final = 100_000


class CelError:
    """What came of an evaluation that failed; not an exception, since CEL's errors are values."""

    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"CelError({self.message!r})"

    def __bool__(self) -> bool:
        return False


class CompileError(ValueError):
    """The expression is no CEL; the message is that of upstream after ``compilation failed: ``."""


class Program:
    """A compiled expression."""

    __slots__ = ("_compiled", "_depth", "expression", "type")

    def __init__(self, expression: str, compiled: Any, checked: Any) -> None:
        self.expression = expression
        self._compiled = compiled
        self._depth = _comprehension_depth(expression)
        #: The type of its result, as the compiler knows it: ``bool``, ``int``, ``string``, ``dyn`` …
        self.type: str = _type_name(checked.return_type().name())

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return the plain value of the expression, or a CelError."""
        if self._depth and _size(values) ** self._depth > _BUDGET:
            return CelError("operation cancelled: actual cost limit exceeded")
        try:
            result = self._compiled.eval(data=dict(values))
            if result.type() == _cel.Type.ERROR:
                return CelError(_runtime_message(str(result.plain_value())))
            return result.plain_value()
        except (RuntimeError, ValueError, TypeError, OverflowError) as error:
            return CelError(_runtime_message(str(error)))


_TIMES = re.compile(r"\b(timestamp|duration)\b")


def compile(
    expression: str,
    variables: tuple[str, ...] = ("self", "oldSelf"),
    *,
    patches: bool = False,
    bindings: bool = False,
) -> Program:
    """Return the program of an expression.

    Args:
        expression: CEL.
        variables: the names it may use; their values are of any type.
        patches: whether it may use what only mutating policies know.
        bindings: whether it may use ``cel.bind``.

    Raises:
        CompileError: with upstream's words.
    """
    return _compile(expression, tuple(variables), patches=patches, bindings=bindings)


def evaluate(program: Program, values: Mapping[str, Any]) -> Any:
    """Return the value of a program, or a CelError."""
    return program.evaluate(values)


def is_true(program: Program, values: Mapping[str, Any]) -> bool:
    """Tell whether a condition holds: only the boolean true does."""
    return program.evaluate(values) is True


@lru_cache(maxsize=1024)
def _compile(expression: str, variables: tuple[str, ...], *, patches: bool, bindings: bool) -> Program:
    if len(expression) > _MAX_EXPRESSION:
        raise CompileError("expression exceeds the maximum length")
    try:
        checked = _environment(variables, patches=patches, bindings=bindings, checking=True).compile(expression)
        compiled = _environment(variables, patches=patches, bindings=bindings).compile(expression)
        return Program(expression, compiled, checked)
    except RuntimeError as error:
        text = _STATUS.sub("", str(error)).removesuffix(" [INVALID_ARGUMENT]").replace("\\u003F", "?")
        raise CompileError(_as_members(text, expression)) from None


@lru_cache(maxsize=64)
def _environment(variables: tuple[str, ...], *, patches: bool, bindings: bool, checking: bool = False) -> Any:
    types = dict.fromkeys(variables, _cel.Type.DYN)
    return _cel.NewEnv(
        config=configuration(bindings=bindings),
        variables=types,
        extensions=extensions(patches=patches, checking=checking),
    )


def _type_name(name: str) -> str:
    """Return a type's name as cel-go prints it: ``list(string)``, ``google.protobuf.Timestamp``."""
    text = name.lower().replace("<", "(").replace(">", ")")
    return _TIMES.sub(lambda match: f"google.protobuf.{match.group().capitalize()}", text)


def _as_members(text: str, expression: str) -> str:
    """Tell the target of a method apart from its arguments, as cel-go does: ``string.(int)``."""
    lines = expression.split("\n")

    def told(match: re.Match[str]) -> str:
        line, column, name, types = match.groups()
        if not lines[int(line) - 1].encode()[: int(column) - 1].endswith(f".{name}".encode()):
            return match.group()
        target, _, rest = _ARGUMENT.fullmatch(types).groups()  # type: ignore[union-attr]
        return match.group()[: -len(types) - 4] + f"'{target}.({rest or ''})'"

    return _NO_OVERLOAD.sub(told, text)


def _runtime_message(text: str) -> str:
    text = _STATUS.sub("", text)
    if match := re.match(r'Key not found in map : "?(.*?)"?$', text):
        return f"no such key: {match.group(1)}"
    if match := re.match(r"Index error: index=(-?\d+) ", text):
        return f"index out of bounds: {match.group(1)}"
    if text.startswith("No matching overloads found"):
        return "no such overload"
    return {"divide by zero": "division by zero"}.get(text, text)


def _comprehension_depth(expression: str) -> int:
    """Return how deep comprehensions are nested in one another."""
    depth = deepest = 0
    stack: list[bool] = []
    for token in _MACRO.finditer(_STRING.sub("''", expression)):
        if token.group() == ")":
            if stack and stack.pop():
                depth -= 1
        else:
            is_macro = token.group() != "("
            stack.append(is_macro)
            depth += is_macro
            deepest = max(deepest, depth)
    return deepest


def _size(value: Any) -> int:
    """Return about how many items the values hold, at least 10."""
    count, waiting = 10, [value]
    while waiting and count < 100_000:
        item = waiting.pop()
        if isinstance(item, Mapping):
            count += len(item)
            waiting += item.values()
        elif isinstance(item, list):
            count += len(item)
            waiting += item
    return count
