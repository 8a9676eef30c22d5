r"""Field selectors: ``metadata.name=web,status.phase!=Running``.

Mirrors ``k8s.io/apimachinery/pkg/fields``: terms are separated by commas, ``\`` escapes a comma, an equals sign and
itself; terms are sorted.  Which fields a kind allows, and how they are read from an object, is the kind's matter: the
caller gives a function from field name to value.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from k8s_tutor.apimachinery.labels import SelectorError


class Term(NamedTuple):
    """One condition: the field's value is (or, with ``equal`` false, is not) ``value``."""

    field: str
    equal: bool
    value: str

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")
        return f"{self.field}{'=' if self.equal else '!='}{escaped}"


class FieldSelector:
    """A conjunction of terms."""

    __slots__ = ("empty", "terms")

    def __init__(self, terms: Iterable[Term] = ()) -> None:
        self.terms = tuple(terms)
        self.empty = not self.terms

    def matches(self, fields: Mapping[str, str] | Callable[[str], str]) -> bool:
        """Tell whether an object is selected; ``fields`` gives each field's value (absent counts as empty)."""
        read = fields if callable(fields) else lambda name: fields.get(name, "")
        return all((read(field) == value) is equal for field, equal, value in self.terms)

    def required_value(self, field: str) -> str | None:
        """Return the value that ``field`` must have, or None where it is left open."""
        return next((term.value for term in self.terms if term.field == field and term.equal), None)

    def __str__(self) -> str:
        return ",".join(map(str, self.terms))


def _split_terms(text: str) -> Iterator[str]:
    start, escaped = 0, False
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == ",":
            yield text[start:index]
            start = index + 1
    yield text[start:]


def _unescape(text: str) -> str:
    if not any(char in text for char in "\\,="):
        return text
    result, escaped = [], False
    for char in text:
        if escaped:
            if char not in "\\,=":
                raise SelectorError(f"invalid field selector: invalid escape sequence: \\{char}")
            result.append(char)
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in ",=":
            raise SelectorError(f"invalid field selector: unescaped character in value: {ord(char)}")
        else:
            result.append(char)
    if escaped:
        raise SelectorError("invalid field selector: invalid escape sequence: \\")
    return "".join(result)


def _split_term(term: str) -> tuple[str, str, str] | None:
    for index in range(len(term)):
        for operator in ("!=", "==", "="):
            if term.startswith(operator, index):
                return term[:index], operator, term[index + len(operator) :]
    return None


def parse(text: str) -> FieldSelector:
    """Return the selector that ``text`` spells; raises SelectorError."""
    terms = []
    for part in sorted(_split_terms(text)):
        if not part:
            continue
        split = _split_term(part)
        if split is None:
            raise SelectorError(f"invalid selector: '{text}'; can't understand '{part}'")
        field, operator, value = split
        terms.append(Term(field, operator != "!=", _unescape(value)))
    return FieldSelector(terms)


def value_at(obj: Mapping[str, Any], path: str) -> str:
    """Return the text of the field at a dotted path, the way most kinds read their selectable fields."""
    current: Any = obj
    for step in path.split("."):
        current = current.get(step) if isinstance(current, Mapping) else None
        if current is None:
            return ""
    if isinstance(current, bool):
        return "true" if current else "false"
    return str(current)
