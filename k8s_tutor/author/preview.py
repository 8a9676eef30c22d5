"""``k8s-tutor dev preview``: the core of live reload; whoever shows the pack decides what to do with a fresh course."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from k8s_tutor.author.lint import lint
from k8s_tutor.author.report import Report
from k8s_tutor.course import Course
from k8s_tutor.errors import PackError

SUFFIXES = (".yaml", ".yml", ".md")


def preview(root: Path, show: Callable[[Course | None, Report], None], stop: threading.Event) -> None:
    """Show a pack now and after every change of its files, until ``stop`` is set.

    Args:
        root: the pack's folder.
        show: called with the course (None while it cannot be opened) and what lint says.
        stop: ends it.
    """
    for _ in _changes(root, stop):
        show(*opened(root))


def opened(root: Path) -> tuple[Course | None, Report]:
    """Open a pack anew and lint it."""
    report = Report()
    try:
        course = Course(root)
        lint(course, report)
    except PackError as error:
        report.add(error.what, error.why)
        return None, report
    return course, report


def _changes(root: Path, stop: threading.Event) -> Iterator[None]:
    import watchfiles

    yield
    for changed in watchfiles.watch(root, stop_event=stop, debounce=200, raise_interrupt=False):
        if any(name.endswith(SUFFIXES) for _, name in changed):
            yield
