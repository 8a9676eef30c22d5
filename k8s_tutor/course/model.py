"""What a pack says, as frozen dataclasses; the loader builds them, nothing else does.

Every model that an author wrote carries its ``source`` (file, line, column), so that errors found long after loading
(a check whose object cannot be resolved) still point at the author's file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Text:
    """A text in several languages; the first is what a missing one falls back to."""

    by_language: Mapping[str, str]

    def get(self, language: str) -> str:
        """Return the text in this language, else in the first one it has, else nothing."""
        found = self.by_language.get(language)
        return found if found is not None else next(iter(self.by_language.values()), "")

    def has(self, language: str) -> bool:
        """Tell whether it is translated."""
        return bool(self.by_language.get(language, "").strip())

    def __bool__(self) -> bool:
        return any(self.by_language.values())


NO_TEXT = Text({})


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done on the way: exactly one of the actions is set.

    ``run`` a shell line; ``apply`` a manifest; ``file`` (absolute path in the pack) copied as ``name`` into the working
    folder; ``wait`` cluster seconds; ``answer`` an answer check's id, answered ``value``.
    """

    run: str = ""
    apply: Path | None = None
    file: Path | None = None
    name: str = ""
    wait: float | None = None
    answer: str = ""
    value: Any = None
    fails: bool = False
    source: Mark = Mark("")

    def __str__(self) -> str:
        if self.run:
            return self.run
        if self.apply is not None:
            return f"kubectl apply -f {self.apply.name}"
        if self.file is not None:
            return f"file {self.name}"
        return f"wait {self.wait:g}s" if self.wait is not None else f"answer {self.answer}: {self.value}"


@dataclass(frozen=True, slots=True)
class Check:
    """A check as data; ``spec`` belongs to the kind."""

    id: str
    kind: str
    title: Text
    message: Text
    spec: Mapping[str, Any]
    points: float = 1.0
    needs: tuple[str, ...] = ()
    learn: str = ""
    next: str = ""
    stable_for: float | None = None
    source: Mark = Mark("")


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint and the points it costs; ``check`` shows it first while that check fails."""

    text: Text
    cost: float
    check: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to act on an exercise: a solution, or a mistake (then ``fails`` is not empty)."""

    name: str
    steps: tuple[Step, ...]
    text: Text = NO_TEXT
    fails: tuple[str, ...] = ()
    says: str = ""
    settle: float | None = None
    source: Mark = Mark("")


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a quiz question."""

    text: Text
    correct: bool = False
    why: Text = NO_TEXT


@dataclass(frozen=True, slots=True)
class Question:
    """A quiz question or a prediction."""

    id: str
    question: Text
    choices: tuple[Choice, ...]
    when: str = "after"


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise; its full id, stable for ever, is ``lesson/exercise``."""

    id: str
    lesson: str
    title: Text
    goal: Text
    task: Text
    namespace: str
    start: tuple[Step, ...]
    checks: tuple[Check, ...]
    hints: tuple[Hint, ...]
    solutions: tuple[Way, ...]
    mistakes: tuple[Way, ...]
    learn: Text
    quiz: tuple[Question, ...] = ()
    namespaces: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()
    optional: bool = False
    settle: float = 60.0
    grading: Mapping[str, Any] = field(default_factory=dict)
    source: Mark = Mark("")

    @property
    def full_id(self) -> str:
        return f"{self.lesson}/{self.id}"

    @property
    def points(self) -> float:
        """All points there are, before hints."""
        return sum(check.points for check in self.checks)

    def check(self, check_id: str) -> Check:
        """Return one check.

        Raises:
            KeyError: there is none of this id.
        """
        for check in self.checks:
            if check.id == check_id:
                return check
        raise KeyError(check_id)


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen of a lesson, about 80×18; ``exercise`` is the id of the exercise done on it, or empty."""

    anchor: str
    title: str
    markdown: str
    exercise: str = ""
    optional: bool = False
    line: int = 1


@dataclass(frozen=True, slots=True)
class Cover:
    """A slide of the lecture, and where the lesson tells it."""

    slide: str
    screen: str = ""
    exercise: str = ""


@dataclass(frozen=True, slots=True)
class LessonInfo:
    """A lesson's title page: what a list needs, without its exercises."""

    id: str
    folder: str
    title: Text
    summary: Text
    exercises: tuple[str, ...]
    minutes: int = 0
    needs: frozenset[str] = frozenset()
    namespace: str = "default"
    covers: tuple[Cover, ...] = ()
    images: Mapping[str, Any] = field(default_factory=dict)
    homework: bool = False
    source: Mark = Mark("")
