"""Whole submissions, each in a process and on a cluster of its own: right, unusual, refused, hostile, nothing."""

import json
import shutil
import zipfile
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from k8s_tutor.course import Course
from k8s_tutor.errors import UsageError
from k8s_tutor.grading import Limits, SubmissionResult, grade
from k8s_tutor.grading.report import report

SAMPLES = Path(__file__).parent / "samples"


def states(submission: SubmissionResult) -> dict[str, str]:
    return {task.id: task.state for task in submission.tasks}


def notes(submission: SubmissionResult) -> str:
    return "\n".join([*submission.notes, *(note for task in submission.tasks for note in task.notes)])


def test_a_class(tmp_path: Path) -> None:
    for name in ("right", "refused", "own-image", "nothing"):
        shutil.copytree(SAMPLES / name, tmp_path / name)
    with zipfile.ZipFile(tmp_path / "nested.zip", "w") as archive:
        for file in (SAMPLES / "nested").rglob("*.*"):
            archive.write(file, file.relative_to(SAMPLES / "nested"))
    graded = grade(Course.builtin(), "deploy", [tmp_path])
    found = {submission.id: submission for submission in graded.submissions}
    assert {name: submission.points for name, submission in found.items()} == {
        "nested": 18,
        "nothing": 0,
        "own-image": 18,
        "refused": 0,
        "right": 18,
    }
    assert set(states(found["nothing"]).values()) == {"missing"}
    assert "strict decoding error: unknown field" in notes(found["refused"])
    schema = json.loads((files("k8s_tutor.grading") / "schemas" / "result.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(report("json").render(graded)), schema)


def test_a_hostile_one_costs_itself_only(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "hostile", tmp_path / "hostile")
    shutil.copytree(SAMPLES / "nothing", tmp_path / "innocent")
    graded = grade(Course.builtin(), "deploy", [tmp_path], limits=Limits(seconds=15))
    found = {submission.id: submission for submission in graded.submissions}
    assert set(states(found["hostile"]).values()) == {"error"}
    assert "took more than 15 s" in notes(found["hostile"])
    assert set(states(found["innocent"]).values()) == {"missing"}


def test_a_lesson_is_no_homework(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a homework"):
        grade(Course.builtin(), "pods", [tmp_path])
