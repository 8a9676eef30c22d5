"""CEL expressions of admission policies and webhooks: what compiles, and to which type.

Mirrors upstream's ``admission/plugin/cel/compile.go``. The checker of the library knows all variables but types none of
them; two things it can not know are decided here: whether a policy declares the variable an expression uses, and the
functions of ``authorizer``, which live outside of CEL.
"""

import re
from typing import Any

from k8s_tutor.apimachinery import cel
from k8s_tutor.apimachinery.cel.objects import pointed, type_of
from k8s_tutor.sim.resources.shared.check import At

_BASE = ("object", "oldObject", "request", "namespaceObject")
_AUTHORIZER = ("authorizer",)
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


_GROUP_KIND = r"request\.(kind|resource|requestKind|requestResource)\."
_REQUEST = (
    (
        re.compile(r"request\.(operation|name|namespace|subResource|requestSubResource|userInfo\.(username|uid))"),
        "string",
    ),
    (re.compile(_GROUP_KIND + r"(group|version|kind|resource)"), "string"),
    (re.compile(r"request\.userInfo\.groups"), "list(string)"),
    (re.compile(r"request\.dryRun"), "bool"),
    (re.compile(r"namespaceObject\.metadata\.(name|generateName|resourceVersion|uid)"), "string"),
    (re.compile(r"namespaceObject\.metadata\.(labels|annotations)"), "map(string, string)"),
    (re.compile(r"authorizer\..*\.(reason|error)\(\)"), "string"),
    (re.compile(r"authorizer\..*\.(allowed|errored)\(\)"), "bool"),
)


def _request_type(expression: str) -> str | None:
    """Return the type of a bare field of ``request``, which upstream declares with its types."""
    return next((type for pattern, type in _REQUEST if pattern.fullmatch(expression.strip())), None)


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
        self._names = (*_BASE, *(("params",) if params else ()))
        self._composed = composed
        self._kept = kept
        self._declared: set[str] = set()

    def declare(self, name: str) -> None:
        """Let later expressions use ``variables.name``."""
        self._declared.add(name)

    def problem(self, expression: str, types: tuple[str, ...], *, composed: bool, authorizer: bool) -> str | None:
        """Return what is wrong with an expression that must have one of the types; none given allows any."""
        known = (*self._names, *(_AUTHORIZER if authorizer else ()), *(("variables",) if composed else ()))
        try:
            program = cel.compile(expression, known)
        except cel.CompileError as error:
            use = _AUTHORIZER_USE.search(expression) if "Syntax error" not in str(error) else None
            if use is None:
                return f"compilation failed: {error}"
            found = _request_type(expression) if authorizer else None
            if not authorizer:
                why = pointed(expression, use.start(), "undeclared reference to 'authorizer' (in container '')")
                return f"compilation failed: {why}"
            return _unfit(types, found) if found else None
        if composed:
            unknown = self._undeclared(expression)
            if unknown is not None:
                return f"compilation failed: {unknown}"
        found = _request_type(expression) or program.type
        return _unfit(types, found)

    def _undeclared(self, expression: str) -> str | None:
        bare = _STRING.sub(lambda match: " " * len(match.group()), expression)
        for match in _VARIABLE.finditer(bare):
            if match.group(1) not in self._declared:
                return pointed(expression, match.start(1) - 1, f"undefined field '{match.group(1)}'")
        return None

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

    def check_initializers(self, v: At, expression: str, wanted: str) -> None:
        """Complain about the expression of a mutation, which makes objects or patches."""
        if expression in self._kept:
            return
        try:
            found = type_of(expression, (*self._names, *_AUTHORIZER, "variables"))
        except cel.CompileError as error:
            if "Syntax error" in str(error) or not _AUTHORIZER_USE.search(expression):
                v.invalid("expression", f"compilation failed: {error}", expression)
            return
        unknown = self._undeclared(expression)
        if unknown is not None:
            v.invalid("expression", f"compilation failed: {unknown}", expression)
        elif found not in {wanted, "dyn", "list(dyn)"}:
            v.invalid("expression", f"must evaluate to {wanted} but got {found}", expression)
