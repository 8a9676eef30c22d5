"""What a report format is, and where they are found."""

import abc
from typing import ClassVar

from k8s_tutor.errors import UsageError
from k8s_tutor.grading.result import ClassResult
from k8s_tutor.plugins import discover


class Report(abc.ABC):
    """One format; ``name`` is what ``--format`` takes."""

    name: ClassVar[str]
    suffix: ClassVar[str]

    @abc.abstractmethod
    def render(self, graded: ClassResult) -> str:
        """Return the whole file's text."""


def formats() -> dict[str, type[Report]]:
    """Return all formats by name."""
    return discover("k8s_tutor.grading.reports", Report, "k8s_tutor.reports")


def report(name: str) -> Report:
    """Return a format.

    Raises:
        UsageError: there is none of that name.
    """
    found = formats()
    if name not in found:
        raise UsageError(f"There is no format «{name}».", f"There are: {', '.join(found)}.", "Use --format NAME.")
    return found[name]()
