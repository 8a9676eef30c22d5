"""``k8s-tutor dev check``: lint, then proof, into one report."""

from collections.abc import Callable
from pathlib import Path

from k8s_tutor.author.lint import lint
from k8s_tutor.author.proof import prove
from k8s_tutor.author.report import Case, Report
from k8s_tutor.course import Course
from k8s_tutor.errors import PackError
from k8s_tutor.playground import Playground


def check_pack(
    root: Path, playground: Playground | None, only: str = "", tell: Callable[[Case], None] | None = None
) -> Report:
    """Check a pack.

    Args:
        root: the pack's folder.
        playground: where exercises are played (already entered); None: only lint.
        only: a lesson, or ``lesson/exercise``; everything if empty.
        tell: called after each case, to show progress.
    """
    report = Report()
    try:
        course = Course(root)
        exercises = lint(course, report, only)
    except PackError as error:
        report.add(error.what, error.why or "the pack cannot be opened")
        return report
    if only and not exercises and not report.problems:
        report.add("course.yaml", f"there is no lesson or exercise {only!r}")
    if playground is None:
        return report
    for exercise in exercises:
        for case in prove(exercise, playground):
            report.cases.append(case)
            if tell is not None:
                tell(case)
    return report
