"""What a session tells its subscribers; plain values, sent from whatever thread the work ran in.

A Textual app forwards them with ``self.call_from_thread(self.post_message, ...)`` or ``self.call_later``; a subscriber
must return quickly and may call the session's getters.
"""

from dataclasses import dataclass

from k8s_tutor.checks.result import CheckResult, State
from k8s_tutor.course.model import Check


@dataclass(frozen=True, slots=True)
class CheckState:
    """One check of the exercise that is going on, with its last verdict."""

    check: Check
    result: CheckResult

    @property
    def state(self) -> State:
        return self.result.state

    @property
    def id(self) -> str:
        return self.check.id


@dataclass(frozen=True, slots=True)
class Event:
    """The base of all."""


@dataclass(frozen=True, slots=True)
class PlaceChanged(Event):
    """Another lesson or screen is shown."""

    lesson: str
    screen: str


@dataclass(frozen=True, slots=True)
class LanguageChanged(Event):
    """Texts are to be read again."""

    language: str


@dataclass(frozen=True, slots=True)
class Working(Event):
    """Long work is going on (``done`` False) or has ended; ``what`` says which, in the learner's language."""

    what: str
    done: bool = False


@dataclass(frozen=True, slots=True)
class ExerciseStarted(Event):
    """The start state stands; checks begin to turn."""

    exercise: str


@dataclass(frozen=True, slots=True)
class ExerciseReset(Event):
    """The start state stands again."""

    exercise: str


@dataclass(frozen=True, slots=True)
class ChecksChanged(Event):
    """At least one verdict is another one; all are given, in their order."""

    exercise: str
    checks: tuple[CheckState, ...]


@dataclass(frozen=True, slots=True)
class ExercisePassed(Event):
    """All checks passed; sent once a start."""

    exercise: str
    points: float
    max_points: float
    first_time: bool


@dataclass(frozen=True, slots=True)
class HintTaken(Event):
    """A hint was shown."""

    exercise: str
    number: int
    cost: float


@dataclass(frozen=True, slots=True)
class CommandFinished(Event):
    """A shell line of ``Session.run_command`` ended."""

    line: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class ClusterLost(Event):
    """The cluster does not answer; the session keeps trying. ``what``, ``why``, ``next_step`` as TutorError's."""

    what: str
    why: str
    next_step: str


@dataclass(frozen=True, slots=True)
class ClusterBack(Event):
    """It answers again; the watches were made anew."""
