"""CEL expressions of admission policies and webhooks: what compiles, and to which type.

Mirrors upstream's ``admission/plugin/cel/compile.go`` and ``composition.go``: a policy's variables may use those before
them, and have the types of their expressions. What makes objects is checked by rules of its own.
"""

import re
from typing import TYPE_CHECKING, Any

from k8s_tutor.apimachinery import cel
from k8s_tutor.apimachinery.cel.checker import pointed
from k8s_tutor.apimachinery.cel.objects import type_of
from k8s_tutor.sim.resources.shared.admission.scope import scope
from k8s_tutor.sim.resources.shared.check import At

if TYPE_CHECKING:
    from k8s_tutor.apimachinery.cel.types import Type

_STRING = re.compile(r"""\"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
_VARIABLE = re.compile(r"(?<![\w.])variables\.([A-Za-z_]\w*)")
_AUTHORIZER_USE = re.compile(r"(?<![\w.])authorizer\.")
_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_RESERVED = frozenset(
    [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)


def is_identifier(name: str) -> bool:
    """Tell whether a variable may have this name."""
    return bool(_IDENTIFIER.fullmatch(name)) and name not in _RESERVED


def _unfit(types: tuple[str, ...], found: str) -> str | None:
    if not types or found in types:
        return None
    one = types[0] if len(types) == 1 else f"one of [{' '.join(types)}]"
    return f"must evaluate to {one} but got {found}"


class Expressions:
    """The compiler of one object's expressions.

    Args:
        params: whether expressions may use ``params``.
        composed: whether the policy has variables.
        kept: expressions of the old object, which stay allowed.
    """

    def __init__(self, *, params: bool = False, composed: bool = False, kept: frozenset[str] = frozenset()) -> None:
        self._params = params
        self._composed = composed
        self._kept = kept
        self._declared: dict[str, Type] = {}
        self._scopes: dict[tuple[bool, bool], cel.Scope] = {}

    def declare(self, name: str, expression: str) -> None:
        """Let later expressions use ``variables.name``, if its own expression is good."""
        try:
            program = cel.compile(expression, self._scope(composed=True, authorizer=True))
        except cel.CompileError:
            return
        if program.checked is not None:
            self._declared[name] = program.checked.type
            self._scopes.clear()

    def _scope(self, *, composed: bool, authorizer: bool) -> cel.Scope:
        key = composed, authorizer
        if key not in self._scopes:
            variables = self._declared if composed else None
            self._scopes[key] = scope(params=self._params, authorizer=authorizer, variables=variables)
        return self._scopes[key]

    def problem(self, expression: str, types: tuple[str, ...], *, composed: bool, authorizer: bool) -> str | None:
        """Return what is wrong with an expression that must have one of the types; none given allows any."""
        try:
            program = cel.compile(expression, self._scope(composed=composed, authorizer=authorizer))
        except cel.CompileError as error:
            return f"compilation failed: {error}"
        return _unfit(types, program.type)

    def check(
        self,
        v: At,
        field: str,
        expression: str,
        types: tuple[str, ...],
        *,
        composed: bool | None = None,
        authorizer: bool = True,
        shown: Any = None,
    ) -> None:
        """Complain about an expression of a field that does not compile or has another type."""
        if expression in self._kept:
            return
        uses = self._composed if composed is None else composed
        problem = self.problem(expression, types, composed=uses, authorizer=authorizer)
        if problem is not None:
            v.invalid(field, problem, expression if shown is None else shown)

    def _undeclared(self, expression: str) -> str | None:
        bare = _STRING.sub(lambda match: " " * len(match.group()), expression)
        for match in _VARIABLE.finditer(bare):
            if match.group(1) not in self._declared:
                return pointed(expression, match.start(1) - 1, f"undefined field '{match.group(1)}'")
        return None

    def check_initializers(self, v: At, expression: str, wanted: str) -> None:
        """Complain about the expression of a mutation, which makes objects or patches."""
        if expression in self._kept:
            return
        try:
            found = type_of(expression, self._scope(composed=True, authorizer=True).names)
        except cel.CompileError as error:
            if "Syntax error" in str(error) or not _AUTHORIZER_USE.search(expression):
                v.invalid("expression", f"compilation failed: {error}", expression)
            return
        if (unknown := self._undeclared(expression)) is not None:
            v.invalid("expression", f"compilation failed: {unknown}", expression)
        elif found not in {wanted, "dyn", "list(dyn)"}:
            v.invalid("expression", f"must evaluate to {wanted} but got {found}", expression)
