"""Gradescope's ``results.json``: one a submission where there is one, else an object by submission id."""

import json
from typing import Any, ClassVar

from k8s_tutor.grading.report import Report
from k8s_tutor.grading.result import ClassResult, SubmissionResult, TaskResult


class GradescopeReport(Report):
    """See the module; a task is a test, its checks are told in the test's output."""

    name: ClassVar[str] = "gradescope"
    suffix: ClassVar[str] = ".json"

    def render(self, graded: ClassResult) -> str:
        found = {submission.id: _results(submission) for submission in graded.submissions}
        whole: Any = next(iter(found.values())) if len(found) == 1 else found
        return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _results(submission: SubmissionResult) -> dict[str, Any]:
    return {
        "score": submission.points,
        "execution_time": submission.seconds,
        "output": "\n".join(submission.notes),
        "visibility": "visible",
        "tests": [_test(task) for task in submission.tasks],
    }


def _test(task: TaskResult) -> dict[str, Any]:
    lines = list(task.notes)
    for check in task.checks:
        lines.append(f"[{check.state}] {check.title}")
        lines += [f"    {text}" for text in (check.message, *check.differences, *check.causes) if text]
    return {
        "name": task.title,
        "number": task.id,
        "score": task.points,
        "max_score": task.max_points,
        "status": "passed" if task.state == "passed" else "failed",
        "output": "\n".join(lines),
        "output_format": "text",
    }
