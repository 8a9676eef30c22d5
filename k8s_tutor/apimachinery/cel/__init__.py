"""CEL: expressions of ValidatingAdmissionPolicies, of CRD rules and of the course's checks.

An adapter over cel-expr-python, whose errors are values rather than exceptions: ``evaluate`` returns either a plain value
or a CelError, and ``is_true`` is the one safe way to ask whether a condition holds.  Kubernetes' own functions are in
``library``.  The library behind parses and evaluates; types are checked by ``checker``.  An evaluation can not be
interrupted, so the work of comprehensions is estimated from the values beforehand and refused above upstream's limit.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel as _cel

from k8s_tutor.apimachinery.cel.ast import COMPREHENSION, read
from k8s_tutor.apimachinery.cel.checker import Checked, check
from k8s_tutor.apimachinery.cel.cost import actual_sizes, estimate
from k8s_tutor.apimachinery.cel.library import INSERT, configuration, extensions
from k8s_tutor.apimachinery.cel.literals import check_literals
from k8s_tutor.apimachinery.cel.ranges import NOTHING
from k8s_tutor.apimachinery.cel.types import DYN, Type

_STATUS = re.compile(r"^[A-Z_]+: ")
_NO_OVERLOAD = re.compile(r"<input>:(\d+):(\d+): found no matching overload for '(\w+)' applied to '\(([^']*)\)'")
_ARGUMENT = re.compile(r"((?:[^,(]|\([^()]*(?:\([^()]*\)[^()]*)*\))*)(, )?(.*)")
TOO_DEAR: Final = "operation cancelled: actual cost limit exceeded"
#: What one evaluation may cost.
CALL_LIMIT: Final = 1_000_000
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


class Scope:
    """What expressions may name: variables with their types, and the objects among those types.

    Args:
        variables: names and their types.
        structs: by the names of objects, their fields' types.
        bindings: whether expressions know ``cel.bind``.
    """

    __slots__ = ("bindings", "names", "structs", "variables")

    def __init__(
        self,
        variables: Mapping[str, Type],
        structs: Mapping[str, Mapping[str, Type]] | None = None,
        *,
        bindings: bool = False,
    ) -> None:
        self.variables = dict(variables)
        self.names = tuple(name for name in variables if "." not in name)  # the parser knows no dotted ones
        self.structs = structs or {}
        self.bindings = bindings


@lru_cache(maxsize=64)
def untyped(*names: str, bindings: bool = False) -> Scope:
    """Return the scope of variables that may be anything."""
    return Scope(dict.fromkeys(names, DYN), bindings=bindings)


class Program:
    """A compiled expression.

    Attributes:
        expression: its text.
        type: the type of its result, as the compiler knows it: ``bool``, ``int``, ``string``, ``dyn`` …
        checked: its tree with types; None for expressions of mutations.
    """

    __slots__ = ("_compiled", "_loops", "checked", "expression", "type")

    def __init__(self, expression: str, compiled: Any, type_name: str, checked: Checked | None = None) -> None:
        self.expression = expression
        self._compiled = compiled
        self.type = type_name
        self.checked = checked
        self._loops = checked is not None and any(node.kind == COMPREHENSION for node in checked.tree.walk())

    def _checked_cost(self, values: Mapping[str, Any]) -> int:
        assert self.checked is not None  # noqa: S101 - only asked where there are loops
        return estimate(self.checked, actual_sizes(values), unknown=NOTHING).most

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return the plain value of the expression, or a CelError."""
        if self._loops and self._checked_cost(values) > CALL_LIMIT:
            return CelError(TOO_DEAR)
        try:
            result = self._compiled.eval(data=dict(values))
            if result.type() == _cel.Type.ERROR:
                return CelError(_runtime_message(str(result.plain_value())))
            return result.plain_value()
        except (RuntimeError, ValueError, TypeError, OverflowError) as error:
            return CelError(_runtime_message(str(error)))


_TIMES = re.compile(r"\b(timestamp|duration)\b")
_INSERT: Final = b"cel.@mapInsert"  # as long as the name that replaces it
_MUTATIONS_ONLY: Final = frozenset({"jsonpatch.escapeKey"})


def compile(expression: str, scope: Scope | tuple[str, ...] = ("self", "oldSelf"), *, patches: bool = False) -> Program:
    """Return the program of an expression.

    Args:
        expression: CEL.
        scope: what it may name; mere names are variables of any type.
        patches: whether it may use what only mutating policies know.

    Raises:
        CompileError: with upstream's words.
    """
    if patches:
        return _compile_mutation(expression, scope.names if isinstance(scope, Scope) else scope)
    return _compile(expression, scope if isinstance(scope, Scope) else untyped(*scope))


def evaluate(program: Program, values: Mapping[str, Any]) -> Any:
    """Return the value of a program, or a CelError."""
    return program.evaluate(values)


def is_true(program: Program, values: Mapping[str, Any]) -> bool:
    """Tell whether a condition holds: only the boolean true does."""
    return program.evaluate(values) is True


@lru_cache(maxsize=1024)
def _compile(expression: str, scope: Scope) -> Program:
    if len(expression) > _MAX_EXPRESSION:
        raise CompileError("expression exceeds the maximum length")
    environment = _environment(scope.names, bindings=scope.bindings)
    try:
        compiled = environment.compile(expression, disable_check=True)
    except RuntimeError as error:
        raise CompileError(_complaint(error)) from None
    parsed = compiled.serialize()
    checked = check(read(parsed, expression), scope.variables, scope.structs, removed=_MUTATIONS_ONLY)
    if not checked.errors:
        check_literals(checked)
    if checked.errors:
        raise CompileError(checked.message())
    if _INSERT in parsed:
        compiled = environment.deserialize(parsed.replace(_INSERT, INSERT.encode()))
    return Program(expression, compiled, str(checked.type), checked)


@lru_cache(maxsize=256)
def _compile_mutation(expression: str, names: tuple[str, ...]) -> Program:
    """Compile what makes objects: the library's own checker knows the functions that stand for their types."""
    try:
        checked = _environment(names, patches=True, checking=True).compile(expression)
        compiled = _environment(names, patches=True).compile(expression)
        return Program(expression, compiled, _type_name(checked.return_type().name()))
    except RuntimeError as error:
        raise CompileError(_as_members(_complaint(error), expression)) from None


def _complaint(error: RuntimeError) -> str:
    return _STATUS.sub("", str(error)).removesuffix(" [INVALID_ARGUMENT]").replace("\\u003F", "?")


@lru_cache(maxsize=64)
def _environment(
    variables: tuple[str, ...], *, patches: bool = False, bindings: bool = False, checking: bool = False
) -> Any:
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
    if text.startswith("Iteration budget exceeded"):
        return TOO_DEAR  # the library counts iterations, where upstream counts what they cost
    return {"divide by zero": "division by zero"}.get(text, text)
