"""A cursor over an object that collects what is wrong with it.

``At`` stands at one field: it knows the field's path and value and shares one list of errors with all cursors of the
same check. A rule reads ``v.need("name")`` or ``v.each("ports")``; the reasons and their words are those of upstream's
``field.Required``, ``field.Invalid`` and so on (apimachinery ``util/validation/field``).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from k8s_tutor.apimachinery.encoding import EmptyMap
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.resources.shared.gotext import Plain, Typed, quote, show

Judge = Callable[[str], list[str]]

_SELF = object()
NEGATIVE = "must be greater than or equal to 0"
IMMUTABLE = "field is immutable"


def join(path: str, name: str) -> str:
    """Return the path of a child field."""
    return f"{path}.{name}" if path and name else path or name


class At:
    """A cursor.

    Args:
        errors: where complaints go.
        path: the field's path, "" at the root.
        value: the field's value; None where it is absent.
    """

    __slots__ = ("errors", "path", "value")

    def __init__(self, errors: list[FieldError], path: str, value: Any) -> None:
        self.errors = errors
        self.path = path
        self.value = value

    # -- moving

    def at(self, name: str, alias: str | None = None) -> "At":
        """Return the cursor at a child; ``alias`` is the name its path shows where upstream's differs."""
        value = self.value.get(name) if self.value else None
        path = self.path
        return At(self.errors, f"{path}.{alias or name}" if path else alias or name, value)

    def key(self, key: str, value: Any = None) -> "At":
        """Return the cursor at a key of a map: ``path[key]``."""
        return At(self.errors, f"{self.path}[{key}]", value)

    def index(self, number: int, value: Any = None) -> "At":
        """Return the cursor at an item of a list."""
        return At(self.errors, f"{self.path}[{number}]", value)

    def each(self, name: str, alias: str | None = None) -> Iterator["At"]:
        """Walk the items of a child list."""
        items = self.value.get(name) if self.value else None
        if items:
            base = join(self.path, name if alias is None else alias)
            for number, item in enumerate(items):
                yield At(self.errors, f"{base}[{number}]", item)

    def items(self) -> Iterator["At"]:
        """Walk the items of the list the cursor stands at."""
        for number, item in enumerate(self.value or ()):
            yield At(self.errors, f"{self.path}[{number}]", item)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a child's value."""
        return self.value.get(name, default) if self.value else default

    def text(self, name: str) -> str:
        """Return a child string, "" where absent."""
        return (self.value.get(name) or "") if self.value else ""

    def number(self, name: str) -> int:
        """Return a child number, 0 where absent."""
        return (self.value.get(name) or 0) if self.value else 0

    def __bool__(self) -> bool:
        return self.value is not None

    # -- complaining (about a child, or with "" about the field itself)

    def _value(self, name: str, value: Any) -> Any:
        if value is not _SELF:
            return value
        if not name:
            return self.value
        return self.value.get(name) if self.value else None

    def add(self, reason: str, name: str, message: str) -> None:
        """Add an error of any reason."""
        self.errors.append(FieldError(reason, join(self.path, name), message))

    def required(self, name: str = "", detail: str = "") -> None:
        """Add ``Required value``."""
        self.add("FieldValueRequired", name, f"Required value: {detail}" if detail else "Required value")

    def invalid(self, name: str = "", detail: str = "", value: Any = _SELF) -> None:
        """Add ``Invalid value``; without ``value``, the child's own is shown."""
        shown = f"Invalid value: {show(self._value(name, value))}"
        self.add("FieldValueInvalid", name, f"{shown}: {detail}" if detail else shown)

    def invalid_text(self, name: str = "", detail: str = "", value: Any = _SELF) -> None:
        """Add ``Invalid value`` about a string, where an absent one is shown as ""."""
        self.invalid(name, detail, self._value(name, value) or "")

    def unsupported(self, name: str, allowed: Iterable[str], value: Any = _SELF) -> None:
        """Add ``Unsupported value`` with the allowed ones."""
        shown = self._value(name, value)
        if shown is None:
            shown = ""
        if isinstance(shown, str) and not isinstance(shown, Plain):
            shown = Typed(shown)
        listed = ", ".join(quote(item) for item in allowed)
        tail = f": supported values: {listed}" if listed else ""
        self.add("FieldValueNotSupported", name, f"Unsupported value: {show(shown)}{tail}")

    def forbidden(self, name: str = "", detail: str = "") -> None:
        """Add ``Forbidden``."""
        self.add("FieldValueForbidden", name, f"Forbidden: {detail}" if detail else "Forbidden")

    def duplicate(self, name: str = "", value: Any = _SELF, detail: str = "") -> None:
        """Add ``Duplicate value``."""
        shown = f"Duplicate value: {show(self._value(name, value))}"
        self.add("FieldValueDuplicate", name, f"{shown}: {detail}" if detail else shown)

    def not_found(self, name: str = "", value: Any = _SELF, detail: str = "") -> None:
        """Add ``Not found``."""
        shown = f"Not found: {show(self._value(name, value))}"
        self.add("FieldValueNotFound", name, f"{shown}: {detail}" if detail else shown)

    def too_long(self, name: str, limit: int) -> None:
        """Add ``Too long`` (in bytes)."""
        self.add(
            "FieldValueTooLong", name, f"Too long: may not be more than {limit} {'byte' if limit == 1 else 'bytes'}"
        )

    def too_many(self, name: str, count: int, limit: int) -> None:
        """Add ``Too many`` items."""
        what = "item" if limit == 1 else "items"
        self.add("FieldValueTooMany", name, f"Too many: {count}: must have at most {limit} {what}")

    # -- the usual rules

    def need(self, name: str, detail: str = "") -> bool:
        """Require a child that is neither absent nor empty; tells whether it is there."""
        if not self.get(name):
            self.required(name, detail)
            return False
        return True

    def judge(self, name: str, judges: Judge, value: Any = _SELF) -> bool:
        """Add one ``Invalid value`` for each complaint about a string; tells whether there was none."""
        text = self._value(name, value) or ""
        complaints = judges(text)
        for complaint in complaints:
            self.invalid(name, complaint, text)
        return not complaints

    def need_judged(self, name: str, judges: Judge) -> None:
        """Require a string and judge it."""
        if self.need(name):
            self.judge(name, judges)

    def judge_if(self, name: str, judges: Judge) -> None:
        """Judge a string unless it is absent or empty."""
        if self.get(name):
            self.judge(name, judges)

    def one_of(self, name: str, allowed: Iterable[str], *, required: bool = False) -> bool:
        """Allow only these strings; an empty one is required where ``required``."""
        value = self.get(name) or ""
        if value in allowed:
            return True
        if required and not value:
            self.required(name)
        else:
            self.unsupported(name, allowed)
        return False

    def one_of_if(self, name: str, allowed: Iterable[str]) -> bool:
        """Allow only these strings where the field is present."""
        if self.get(name) is None:
            return True
        return self.one_of(name, allowed)

    def not_negative(self, *names: str) -> None:
        """Refuse negative numbers."""
        for name in names:
            value = self.get(name)
            if value is not None and value < 0:
                self.invalid(name, NEGATIVE)

    def immutable(self, name: str, old: Any, path: str | None = None, show: Callable[[Any], Any] | None = None) -> bool:
        """Refuse a change of a child; ``old`` is its old parent, ``show`` makes of the value what is shown."""
        before, now = (old or {}).get(name), self.get(name)
        if same(before, now):
            return True
        if now is None and isinstance(before, str):
            now = ""
        at = self if path is None else At(self.errors, "", None)
        at.invalid(name if path is None else path, IMMUTABLE, show(now) if show else now)
        return False

    def immutable_declared(self, name: str, old: Any) -> None:
        """Refuse a change as declarative validation does, which does not show the value."""
        if not same((old or {}).get(name), self.get(name)):
            self.invalid(name, IMMUTABLE, None)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal where empty and absent lists count alike (``apiequality.Semantic``).

    So do maps; but an empty struct that is there is not an absent one (see ``EmptyMap``).
    """
    if one is other or (one == other and isinstance(one, dict | list)):
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return all(same(one.get(key), other.get(key)) for key in one.keys() | other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    if one is None or other is None:
        there = one if other is None else other
        return there is None or there == [] or isinstance(there, EmptyMap)
    return type(one) is type(other) and bool(one == other)


def begin(obj: Json) -> At:
    """Return a cursor at an object's root, with a new list of errors."""
    return At([], "", obj)
