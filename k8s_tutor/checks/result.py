"""What a check found, in layers: the difference, the cause, the next command, the paragraph that teaches it."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """A check's state; only ``passed`` earns points, and ``error`` (our fault) never costs any."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    UNGRADABLE = "ungradable"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as it should be."""

    path: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The verdict on one check.

    Attributes:
        state: see :class:`State`; ``pending`` means "holds, but not yet for long enough" or "not looked at yet".
        about: the object it speaks of, ``pod/web``; empty where there is none.
        differences: field by field, expected against found, of the nearest candidate.
        causes: event, condition or log lines of the cluster that explain it, most telling first.
        next: the next command to type.
        learn: the lesson anchor that teaches it, ``lesson#anchor``.
        detail: one sentence of the kind itself, English, for logs and JSON.
        retry_after: cluster seconds after which looking again may give another verdict; None: only a change can.
        basis: versions of the objects that the verdict rests on; another basis begins its time of holding anew.
    """

    state: State
    about: str = ""
    differences: tuple[Difference, ...] = ()
    causes: tuple[str, ...] = ()
    next: str = ""
    learn: str = ""
    detail: str = ""
    retry_after: float | None = field(default=None, compare=False)
    basis: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def passed(self) -> bool:
        return self.state is State.PASSED

    def changed(self, **changes: Any) -> "CheckResult":
        """Return a copy with some fields changed."""
        return replace(self, **changes)
