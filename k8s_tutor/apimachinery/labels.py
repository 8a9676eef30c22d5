"""Label selectors: parsing of both notations, matching, and the canonical text that ``describe`` prints.

Mirrors ``k8s.io/apimachinery/pkg/labels`` and ``LabelSelectorAsSelector``.  A selector is a tuple of requirements
sorted by key; each requirement is compiled once into a closure, so that matching a label map costs one call per
requirement.  Parsed texts are cached: watches and controllers repeat the same few selectors.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from k8s_tutor.apimachinery import names

Labels = Mapping[str, str]

_TOKEN = re.compile(r"[ \t\r\n]*(?:([=!(),<>]+)|([^=!(),<> \t\r\n]+)|$)")
_TWO_SYMBOLS: Final = ("==", "!=")
_BINARY_OPERATORS: Final = ("in", "notin", "=", "==", "!=", "gt", "lt")
_OPERATORS: Final = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


class SelectorError(ValueError):
    """The selector is malformed; the message is upstream's, ``complaints`` are its parts, each with its path."""

    def __init__(self, message: str, complaints: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.complaints = tuple(complaints) or (message,)


class Requirement(NamedTuple):
    """One condition on one key; ``operator`` is one of ``= == != in notin exists ! gt lt``."""

    key: str
    operator: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        key, operator, values = self
        shown = ",".join(sorted(values))
        match operator:
            case "exists":
                return key
            case "!":
                return f"!{key}"
            case "in" | "notin":
                return f"{key} {operator} ({shown})"
            case "gt" | "lt":
                return f"{key}{'>' if operator == 'gt' else '<'}{shown}"
            case _:
                return f"{key}{operator}{shown}"


class Selector:
    """A conjunction of requirements; ``Selector.nothing()`` matches no object at all."""

    __slots__ = ("_equal", "_tests", "empty", "never", "requirements")

    def __init__(self, requirements: Iterable[Requirement] = (), *, never: bool = False) -> None:
        self.requirements = tuple(sorted(requirements, key=lambda requirement: requirement.key))
        self.never = never
        self.empty = not self.requirements and not never
        equal = [item for item in self.requirements if item.operator in {"=", "=="}]
        self._equal = tuple((item.key, item.values[0]) for item in equal)
        self._tests = tuple(_compile(item) for item in self.requirements if item not in equal)

    @staticmethod
    def nothing() -> "Selector":
        """Return the selector that matches no object."""
        return _NOTHING

    def matches(self, labels: Labels | None) -> bool:
        """Tell whether an object with these labels is selected."""
        if self.empty:
            return True
        if self.never:
            return False
        labels = labels or {}
        for key, value in self._equal:
            if labels.get(key) != value:
                return False
        return all(test(labels) for test in self._tests)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    def __repr__(self) -> str:
        return f"Selector({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selector) and (self.requirements, self.never) == (other.requirements, other.never)

    def __hash__(self) -> int:
        return hash((self.requirements, self.never))


def _integer(text: str | None) -> int | None:
    try:
        return int(text) if text is not None and re.fullmatch("[+-]?[0-9]+", text) else None
    except ValueError:
        return None


def _compile(requirement: Requirement) -> Callable[[Labels], bool]:
    key, operator, values = requirement
    chosen = frozenset(values)
    if operator in {"=", "==", "in"}:
        return lambda labels: labels.get(key) in chosen
    if operator in {"!=", "notin"}:
        return lambda labels: labels.get(key) not in chosen
    if operator == "exists":
        return lambda labels: key in labels
    if operator == "!":
        return lambda labels: key not in labels
    bound = int(values[0])
    sign = 1 if operator == "gt" else -1

    def beyond(labels: Labels) -> bool:
        number = _integer(labels.get(key))
        return number is not None and number * sign > bound * sign

    return beyond


_NOTHING: Final = Selector(never=True)


def _quote(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _key_error(key: str, path: str) -> str | None:
    errors = names.is_qualified_name(key)
    return f"{path}: Invalid value: {_quote(key)}: {'; '.join(errors)}" if errors else None


def _value_complaint(operator: str, values: tuple[str, ...]) -> str | None:
    if operator in {"in", "notin"}:
        return None if values else "for 'in', 'notin' operators, values set can't be empty"
    if operator in {"exists", "!"}:
        return "values set must be empty for exists and does not exist" if values else None
    if operator in {"gt", "lt"}:
        return None if len(values) == 1 else "for 'Gt', 'Lt' operators, exactly one value is required"
    return None if len(values) == 1 else "exact-match compatibility requires one single value"


def aggregated(errors: Sequence[str]) -> str:
    """Return several errors as Go's aggregate prints them: each once."""
    return errors[0] if len(errors) == 1 else f"[{', '.join(dict.fromkeys(errors))}]"


def requirement(key: str, operator: str, values: Iterable[str]) -> Requirement:
    """Return a valid requirement; raises SelectorError with all complaints, as ``NewRequirement`` aggregates them."""
    chosen = tuple(values)
    errors = [error for error in [_key_error(key, "key")] if error]
    if complaint := _value_complaint(operator, chosen):
        shown = json.dumps(list(chosen), separators=(",", ":"), ensure_ascii=False) if chosen else "null"
        errors.append(f"values: Invalid value: {'[]' if operator == '!' else shown}: {complaint}")
    if operator in {"gt", "lt"}:
        errors += [
            f"values[{index}]: Invalid value: {_quote(value)}: for 'Gt', 'Lt' operators, the value must be an integer"
            for index, value in enumerate(chosen)
            if _integer(value) is None
        ]
    for index, value in enumerate(chosen):
        if complaints := names.is_label_value(value):
            errors.append(f"values[{index}][{key}]: Invalid value: {_quote(value)}: {'; '.join(complaints)}")
    if errors:
        raise SelectorError(aggregated(errors), errors)
    return Requirement(key, operator, chosen)


def _tokens(text: str) -> list[tuple[str, str]]:
    """Split into (kind, literal): kind is the symbol itself, ``id``, ``error`` or ``end``."""
    tokens: list[tuple[str, str]] = []
    position = 0
    text = text.partition("\0")[0]
    while match := _TOKEN.match(text, position):
        symbols, word = match.groups()
        if word:
            tokens.append(("word" if word in {"in", "notin"} else "id", word))
            position = match.end()
        elif symbols:
            length = 2 if symbols[:2] in _TWO_SYMBOLS else 1
            tokens.append((symbols[:length], symbols[:length]))
            position = match.start(1) + length
        else:
            break
    return [*tokens, ("end", "")]


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.position = 0

    def look(self) -> tuple[str, str]:
        """Return the next token as a value, where ``in`` and ``notin`` are plain words."""
        kind, literal = self.tokens[min(self.position, len(self.tokens) - 1)]
        return ("id" if kind == "word" else kind), literal

    def take(self) -> tuple[str, str]:
        token = self.look()
        self.position += 1
        return token

    def parse(self) -> list[Requirement]:
        found: list[Requirement] = []
        while True:
            kind, literal = self.look()
            if kind == "end":
                return found
            if kind not in {"id", "!"}:
                raise SelectorError(f"found '{literal}', expected: !, identifier, or 'end of string'")
            try:
                found.append(self.requirement())
            except SelectorError as error:
                raise SelectorError(f"unable to parse requirement: {error}") from None
            kind, literal = self.take()
            if kind == "end":
                return found
            if kind != ",":
                raise SelectorError(f"found '{literal}', expected: ',' or 'end of string'")
            kind, literal = self.look()
            if kind not in {"id", "!"}:
                raise SelectorError(f"found '{literal}', expected: identifier after ','")

    def requirement(self) -> Requirement:
        kind, key = self.take()
        absent = kind == "!"
        if absent:
            kind, key = self.take()
        if kind != "id":
            raise SelectorError(f"found '{key}', expected: identifier")
        if error := _key_error(key, "<nil>"):
            raise SelectorError(error)
        if absent or self.look()[0] in {"end", ","}:
            return requirement(key, "!" if absent else "exists", ())
        literal = self.take()[1]
        operator = {">": "gt", "<": "lt"}.get(literal, literal)
        if operator not in _BINARY_OPERATORS or literal in {"gt", "lt"}:
            raise SelectorError(f"found '{literal}', expected: in, notin, =, ==, !=, gt, lt")
        values = self.value_set() if operator in {"in", "notin"} else {self.exact_value()}
        return requirement(key, operator, sorted(values))

    def exact_value(self) -> str:
        if self.look()[0] in {"end", ","}:
            return ""
        kind, literal = self.take()
        if kind != "id":
            raise SelectorError(f"found '{literal}', expected: identifier")
        return literal

    def value_set(self) -> set[str]:
        kind, literal = self.take()
        if kind != "(":
            raise SelectorError(f"found '{literal}' expected: '('")
        kind, literal = self.look()
        if kind == ")":
            self.take()
            return {""}
        if kind not in {"id", ","}:
            raise SelectorError(f"found '{literal}', expected: ',', ')' or identifier")
        values = self.identifiers()
        self.take()
        return values

    def identifiers(self) -> set[str]:
        values: set[str] = set()
        while True:
            kind, literal = self.take()
            following, shown = self.look()
            if kind == "id":
                values.add(literal)
                if following == ")":
                    return values
                if following != ",":
                    raise SelectorError(f"found '{shown}', expected: ',' or ')'")
            elif kind == ",":
                if not values or following in {",", ")"}:
                    values.add("")
                if following == ")":
                    return values
            else:
                raise SelectorError(f"found '{literal}', expected: ',', or identifier")


@lru_cache(maxsize=1024)
def parse(text: str) -> Selector:
    """Return the selector of a text such as ``app=web,tier in (a,b),!canary``; raises SelectorError."""
    return Selector(_Parser(text).parse())


def from_map(labels: Labels | None) -> Selector:
    """Return the selector that wants exactly these labels (``spec.selector`` of Services); empty matches everything."""
    return Selector(Requirement(key, "=", (value,)) for key, value in (labels or {}).items())


def from_label_selector(selector: Mapping[str, Any] | None) -> Selector:
    """Return the selector of a LabelSelector object; None matches nothing, ``{}`` everything.

    Raises:
        SelectorError: for an unknown operator or an invalid key or value.
    """
    if selector is None:
        return _NOTHING
    found = [requirement(key, "=", (value,)) for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or ():
        operator = expression.get("operator", "")
        if operator not in _OPERATORS:
            raise SelectorError(f"{_quote(operator)} is not a valid label selector operator")
        found.append(requirement(expression.get("key", ""), _OPERATORS[operator], expression.get("values") or ()))
    return Selector(found)
