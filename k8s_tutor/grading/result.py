"""What grading finds: plain values that become JSON and come back (``schemas/result.schema.json``)."""

from dataclasses import asdict, dataclass, field
from typing import Any

# States of a task, best first; "review" asks for a human, "error" is our fault and never scored as zero.
PASSED, PARTIAL, FAILED, MISSING, REVIEW, ERROR = "passed", "partial", "failed", "missing", "review", "error"


@dataclass(frozen=True, slots=True)
class CheckMark:
    """One check's verdict, with what to tell the student."""

    id: str
    state: str
    points: float
    max_points: float
    title: str
    message: str = ""
    differences: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    next: str = ""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One task of one submission.

    Attributes:
        files: which files were taken for its answer, ``path:line``.
        notes: what a human or the student should know: refused objects as the API server said it, ambiguities.
    """

    id: str
    title: str
    state: str
    points: float
    max_points: float
    bonus: bool = False
    checks: tuple[CheckMark, ...] = ()
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """One submission; ``notes`` are about the submission as a whole (unreadable files, limits reached)."""

    id: str
    points: float
    max_points: float
    tasks: tuple[TaskResult, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def needs_review(self) -> bool:
        """Whether a human should look."""
        return any(task.state in (REVIEW, ERROR) for task in self.tasks)


@dataclass(frozen=True, slots=True)
class ClassResult:
    """All submissions of one homework."""

    homework: str
    title: str
    max_points: float
    submissions: tuple[SubmissionResult, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Return it as the documented JSON."""
        return {"version": 1, **asdict(self)}


def submission_from_json(value: dict[str, Any]) -> SubmissionResult:
    """Read back what a worker wrote."""
    tasks = tuple(
        TaskResult(
            **{
                **task,
                "checks": tuple(
                    CheckMark(**{**check, "differences": tuple(check["differences"]), "causes": tuple(check["causes"])})
                    for check in task["checks"]
                ),
                "files": tuple(task["files"]),
                "notes": tuple(task["notes"]),
            }
        )
        for task in value["tasks"]
    )
    return SubmissionResult(**{**value, "tasks": tasks, "notes": tuple(value["notes"])})


def state_of(marks: tuple[CheckMark, ...]) -> str:
    """Return a task's state from its checks."""
    states = {mark.state for mark in marks}
    if "error" in states or "ungradable" in states:
        return ERROR
    if states == {"passed"}:
        return PASSED
    return PARTIAL if "passed" in states else FAILED
