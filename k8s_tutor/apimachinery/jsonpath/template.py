"""The nodes of a parsed JSONPath template."""

from dataclasses import dataclass, field


class JSONPathError(ValueError):
    """The template is malformed, or strict evaluation missed a key."""


@dataclass(slots=True)
class Step:
    """One step of a path: a field, slice, union, filter, literal, …, as ``kind`` tells."""

    kind: str
    name: str = ""
    numbers: tuple[int | None, int | None, int | None] = (None, None, None)
    parts: list["Path"] = field(default_factory=list)
    left: "Path | None" = None
    operator: str = ""
    right: "Path | None" = None


@dataclass(slots=True)
class Path:
    """Steps, each taken from every value that the one before gave."""

    steps: list[Step]


@dataclass(slots=True)
class Text:
    """Literal text between expressions."""

    text: str


@dataclass(slots=True)
class Range:
    """A body that is rendered for each value of a path."""

    path: Path
    body: list["Path | Text | Range"]


Node = Path | Text | Range
