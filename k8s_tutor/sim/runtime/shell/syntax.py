"""The tree of a shell program. Words are lists of parts; commands are nodes."""

from dataclasses import dataclass, field


class ShellSyntaxError(Exception):
    """The text is no program; ``token`` is what was not expected."""

    def __init__(self, message: str, line: int, token: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.token = message, line, token


class IncompleteError(ShellSyntaxError):
    """The text ends before the command does (more lines may come)."""


@dataclass(slots=True)
class Literal:
    """Text; ``quoted`` text is neither split nor a pattern."""

    text: str
    quoted: bool = False


@dataclass(slots=True)
class Parameter:
    """``$name`` or ``${name…}``; ``operator`` is '', 'length', or one of the POSIX and ash operators."""

    name: str
    operator: str = ""
    argument: "Word | None" = None
    second: "Word | None" = None
    quoted: bool = False
    index: "Word | None" = None  # bash: of an array
    indirect: bool = False  # bash: ${!name}


@dataclass(slots=True)
class Substitution:
    """``$(…)`` or backquotes."""

    body: "Sequence"
    quoted: bool = False


@dataclass(slots=True)
class Arithmetic:
    """``$((…))``."""

    expression: "Word"
    quoted: bool = False


@dataclass(slots=True)
class ProcessSubstitution:
    """Bash's ``<(…)``."""

    body: "Sequence"


Part = Literal | Parameter | Substitution | Arithmetic | ProcessSubstitution


@dataclass(slots=True)
class Word:
    """Parts that stand together."""

    parts: list[Part] = field(default_factory=list)

    @property
    def literal(self) -> str | None:
        """The text of a word without quotes and expansions; None for any other."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Literal) and not self.parts[0].quoted:
            return self.parts[0].text
        return None


@dataclass(slots=True)
class Redirect:
    """``fd operator target``; for ``<<`` the target is the document."""

    fd: int
    operator: str
    target: Word


@dataclass(slots=True)
class Assignment:
    """``name=value``; in bash ``name+=value``, ``name[index]=value``, ``name=(values)`` as well."""

    name: str
    value: Word
    append: bool = False
    index: Word | None = None
    values: "list[tuple[Word | None, Word]] | None" = None


@dataclass(slots=True)
class Simple:
    """Assignments, words, redirections."""

    assignments: list[Assignment]
    words: list[Word]
    redirects: list[Redirect]
    line: int
    text: str = ""


@dataclass(slots=True)
class Pipeline:
    """Commands joined by pipes."""

    commands: list["Node"]
    negated: bool = False


@dataclass(slots=True)
class AndOr:
    """Pipelines joined by ``&&`` and ``||``."""

    first: "Node"
    rest: list[tuple[str, "Node"]]


@dataclass(slots=True)
class Sequence:
    """Commands one after the other; True marks those in the background."""

    items: list[tuple["Node", bool]]


@dataclass(slots=True)
class Group:
    """``{ …; }``."""

    body: Sequence


@dataclass(slots=True)
class Subshell:
    """``( … )``."""

    body: Sequence


@dataclass(slots=True)
class If:
    """Conditions with bodies, and the else part."""

    clauses: list[tuple[Sequence, Sequence]]
    otherwise: Sequence | None


@dataclass(slots=True)
class Loop:
    """``while`` or ``until``."""

    condition: Sequence
    body: Sequence
    until: bool


@dataclass(slots=True)
class For:
    """``for name in words``; without words over the parameters."""

    name: str
    words: list[Word] | None
    body: Sequence


@dataclass(slots=True)
class Case:
    """``case``; each item has patterns, body, and how it ends: ``;;``, in bash ``;&`` or ``;;&``."""

    word: Word
    items: list[tuple[list[Word], Sequence, str]]


@dataclass(slots=True)
class Function:
    """A function's definition."""

    name: str
    body: "Node"


@dataclass(slots=True)
class Redirected:
    """A compound command with redirections."""

    body: "Node"
    redirects: list[Redirect]


@dataclass(slots=True)
class ArithmeticCommand:
    """Bash's ``((…))``."""

    expression: Word


@dataclass(slots=True)
class Conditional:
    """Bash's ``[[…]]``: words, and operators as text."""

    tokens: list[Word | str]


@dataclass(slots=True)
class CountingFor:
    """Bash's ``for ((start; condition; step))``."""

    start: Word
    condition: Word
    step: Word
    body: Sequence


Bash = ArithmeticCommand | Conditional | CountingFor
Node = Bash | Simple | Pipeline | AndOr | Sequence | Group | Subshell | If | Loop | For | Case | Function | Redirected
