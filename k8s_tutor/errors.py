"""The one base of all errors that people see.

Every error tells what happened, why, and what to type next; the command line prints these three lines and exits with
the class's code (design.md, "Errors"). A traceback is only shown with ``--debug``.
"""

from typing import ClassVar


class TutorError(Exception):
    """An error a person can act on.

    Args:
        what: what happened, one sentence.
        why: the cause, as far as it is known.
        next_step: what to type or do next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, why: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_step = next_step

    def render(self) -> str:
        """Return the three lines as the command line prints them."""
        return "\n".join(line for line in (self.what, self.why, self.next_step) if line)


class UsageError(TutorError):
    """The words of the call are off: unknown lesson, exercise or option."""

    exit_code = 2


class PackError(TutorError):
    """A course pack, manifest or other input file is invalid; ``what`` names file, line, column and field."""

    exit_code = 3


class ClusterUnavailableError(TutorError):
    """No cluster answers."""

    exit_code = 4


class ChecksFailedError(TutorError):
    """Checks ran, and some failed."""

    exit_code = 5


class RefusedError(TutorError):
    """Refused for safety: a real cluster, or something the tutor did not make."""

    exit_code = 6


class LocalStateError(TutorError):
    """Local state is unusable: damaged or newer database, read-only home, port taken."""

    exit_code = 7
