"""A row a submission, a column a task."""

import csv
import io
from typing import ClassVar

from k8s_tutor.grading.report import Report
from k8s_tutor.grading.result import ClassResult


class CsvReport(Report):
    """See the module."""

    name: ClassVar[str] = "csv"
    suffix: ClassVar[str] = ".csv"

    def render(self, graded: ClassResult) -> str:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        tasks = [task.id for task in graded.submissions[0].tasks] if graded.submissions else []
        writer.writerow(["id", *tasks, "points", "max_points", "review"])
        for submission in graded.submissions:
            points = [f"{task.points:g}" for task in submission.tasks]
            review = "yes" if submission.needs_review else ""
            cells = [_plain(submission.id), *points, f"{submission.points:g}", f"{submission.max_points:g}", review]
            writer.writerow(cells)
        return out.getvalue()


def _plain(text: str) -> str:
    """A name that a spreadsheet would take for a formula is marked as text."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
