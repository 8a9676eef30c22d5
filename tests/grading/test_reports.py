"""The formats of results."""

import csv
import json

import pytest

from k8s_tutor.errors import UsageError
from k8s_tutor.grading.report import formats, report
from k8s_tutor.grading.result import (
    CheckMark,
    ClassResult,
    SubmissionResult,
    TaskResult,
    state_of,
    submission_from_json,
)


def graded(*ids: str) -> ClassResult:
    check = CheckMark(
        "ready",
        "failed",
        0,
        2,
        "It is ready",
        "It is <not>.",
        ("status: expected a, found b",),
        ("Back-off",),
        "kubectl get pods",
    )
    task = TaskResult(
        "pod", "A Pod", "partial", 1, 3, False, (CheckMark("a", "passed", 1, 1, "A"), check), ("p.yaml:1",), ("note",)
    )
    found = tuple(SubmissionResult(name, 1, 3, (task,), ("<script>alert(1)</script>",)) for name in ids)
    return ClassResult("deploy", "Deploy", 3, found)


def test_all_formats_are_found() -> None:
    assert {"json", "csv", "gradescope", "html"} <= set(formats())
    with pytest.raises(UsageError, match="no format «xml»"):
        report("xml")


def test_json_comes_back() -> None:
    whole = graded("a")
    text = json.loads(report("json").render(whole))
    assert text["submissions"][0]["tasks"][0]["checks"][1]["state"] == "failed"
    assert submission_from_json(text["submissions"][0]) == whole.submissions[0]


def test_csv_has_a_row_a_submission_and_no_formulas() -> None:
    rows = list(csv.reader(report("csv").render(graded("=cmd()", "b")).splitlines()))
    assert rows[0] == ["id", "pod", "points", "max_points", "review"]
    assert rows[1] == ["'=cmd()", "1", "1", "3", ""]


def test_gradescope() -> None:
    one = json.loads(report("gradescope").render(graded("a")))
    assert one["score"] == 1
    assert one["tests"][0]["max_score"] == 3
    assert "expected a, found b" in one["tests"][0]["output"]
    assert set(json.loads(report("gradescope").render(graded("a", "b")))) == {"a", "b"}


def test_html_escapes_what_students_wrote() -> None:
    page = report("html").render(graded('"><img src=x>'))
    assert "<script>" not in page
    assert "<img" not in page
    assert "It is &lt;not&gt;." in page


def test_states() -> None:
    def mark(state: str) -> CheckMark:
        return CheckMark("x", state, 0, 1, "x")

    assert state_of((mark("passed"), mark("passed"))) == "passed"
    assert state_of((mark("passed"), mark("failed"))) == "partial"
    assert state_of((mark("failed"), mark("blocked"))) == "failed"
    assert state_of((mark("passed"), mark("ungradable"))) == "error"
