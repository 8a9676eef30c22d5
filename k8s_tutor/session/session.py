"""One learner's session: the whole that the app, the plain mode and the command line drive. (Interface; being filled in.)

Getters are cheap and may be called from any thread. Methods marked *slow* talk to the cluster: call them from a worker
thread. Events go to subscribers from the thread where they arise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from k8s_tutor.checks.result import CheckResult
from k8s_tutor.course.model import Exercise, LessonInfo, Screen, Way
from k8s_tutor.session.events import CheckState, Event


@dataclass(frozen=True, slots=True)
class Place:
    """Where the learner is: lesson id, index of the screen, its anchor, the exercise on it (or empty)."""

    lesson: str
    index: int
    screen: str
    exercise: str = ""


@dataclass(frozen=True, slots=True)
class LessonStatus:
    """A line of the list of lessons."""

    info: LessonInfo
    passed: int
    total: int
    points: float
    current: bool
    missing: frozenset[str]  # capabilities that the provider does not offer


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a shell line gave."""

    line: str
    exit_code: int
    output: str  # stdout and stderr as they came; empty if streams were given


class Session:
    """Made by :meth:`open`, ended by :meth:`close` (also a context manager)."""

    course: Any  # k8s_tutor.course.Course
    store: Any  # k8s_tutor.course.ProgressStore
    language: str
    workdir: Path  # the learner's working folder of this exercise: state_dir()/work/<lesson>/<exercise>
    kubeconfig: Path  # own copy, 0600, whose current context has the exercise's namespace

    @classmethod
    def open(
        cls,
        course: Any = None,
        *,
        provider: Any = None,
        kubeconfig: Path | None = None,
        store: Any = None,
        language: str = "",
    ) -> "Session":
        """Open a session where the learner stopped; nothing is asked of the cluster yet (fast: first paint).

        Args:
            course: the built-in one if not given.
            provider: gives kubeconfig and capabilities (clock, snapshot); may be None with a kubeconfig.
            kubeconfig: of an existing cluster; the provider's if not given.
            store: progress; the one in the state folder if not given.
            language: the stored one, else the locale's, if not given.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Stop watches, keep the place."""

    # -- place and texts
    @property
    def place(self) -> Place:
        raise NotImplementedError

    @property
    def lesson(self) -> LessonInfo:
        raise NotImplementedError

    @property
    def screens(self) -> tuple[Screen, ...]:
        """Screens of the current lesson in the current language."""
        raise NotImplementedError

    @property
    def screen(self) -> Screen:
        raise NotImplementedError

    @property
    def exercise(self) -> Exercise | None:
        """The exercise of the current screen, else the last one started in this lesson, else None."""
        raise NotImplementedError

    def lessons(self) -> list[LessonStatus]: raise NotImplementedError
    def go(self, lesson: str, screen: str | int = 0) -> Place:
        """Show another place (lesson id, folder or number; screen anchor, index or an exercise id). UsageError if unknown."""
        raise NotImplementedError

    def next(self) -> Place: """The next screen, over lesson ends; stays at the very end."""; raise NotImplementedError
    def previous(self) -> Place: raise NotImplementedError
    def set_language(self, language: str) -> None: raise NotImplementedError

    # -- the exercise
    @property
    def started(self) -> str:
        """Full id of the exercise whose start state stands and whose checks are live; empty if none."""
        raise NotImplementedError

    def start(self, exercise: str = "") -> None:
        """*Slow.* Make the start state (namespace, steps, files), snapshot it, begin live checks. Default: `exercise`.
        An exercise whose start state stands already (resumed) is only re-attached. Raises TutorError."""

    def checks(self) -> tuple[CheckState, ...]:
        """Live states; `pending` before the first look. Works before `start` as well."""
        raise NotImplementedError

    def check_now(self, exercise: str = "", timeout: float = 15.0) -> tuple[CheckState, ...]:
        """*Slow.* Judge all checks now, waiting out stability windows up to `timeout` seconds (the `check` command)."""
        raise NotImplementedError

    def submit(self, check: str, answer: str | float | list[str]) -> CheckResult:
        """Answer an answer check; judged at once."""
        raise NotImplementedError

    def hints_taken(self, exercise: str = "") -> int: raise NotImplementedError
    def hint(self, exercise: str = "") -> tuple[int, str, float] | None:
        """Take the next hint: (number from 1, text, cost); the one for the failing check first; None when all were taken."""
        raise NotImplementedError

    def solutions(self, exercise: str = "") -> tuple[Way, ...]:
        """Show the answers; noted in the store (the exercise earns no points afterwards until reset)."""
        raise NotImplementedError

    def solution_text(self, way: Way) -> str:
        """A solution as Markdown: its commands and the manifests it applies."""
        raise NotImplementedError

    def reset(self, exercise: str = "") -> None: """*Slow.* The start state again, by snapshot or by emptying the namespaces."""
    def undo(self) -> bool: """*Slow.* Take back the last command (capability snapshot); False if there is none."""; raise NotImplementedError

    # -- commands
    def run_command(self, line: str, *, stdin: IO[bytes] | None = None, write: Callable[[bytes], None] | None = None) -> CommandResult:
        """*Slow.* Run a shell line in the working folder. `write` gets output as it comes (any thread). Ctrl-C: `interrupt()`."""
        raise NotImplementedError

    def interrupt(self) -> None: """End the running command, from any thread."""
    def history(self) -> list[str]: """Lines typed, oldest first (kept over sessions)."""; raise NotImplementedError

    # -- events
    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back on every event, from a worker thread; returns the function that ends it."""
        raise NotImplementedError
