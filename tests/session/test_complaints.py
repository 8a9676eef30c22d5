"""Errors that a learner meets, in Russian: made for real, so that a reworded error shows."""

from pathlib import Path

import pytest

from k8s_tutor.course import Course, ProgressStore
from k8s_tutor.errors import TutorError
from k8s_tutor.session import Session
from k8s_tutor.session.answers import answer_of
from k8s_tutor.session.complaints import told
from k8s_tutor.session.quiz import judge


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    return Session.open(Course.builtin(), language="ru")


def said(work: object, *arguments: object) -> str:
    """Return what is told of the error that a call makes."""
    assert callable(work)
    with pytest.raises(TutorError) as caught:
        work(*arguments)
    return told(caught.value, "ru")


def test_in_russian(session: Session, tmp_path: Path) -> None:
    with session:
        question = session.course.exercise("pods/first-manifest").quiz[0]
        errors = [
            said(session.go, "podz"),
            said(session.course.exercise, "pods/first-pood"),
            said(session.start),
            said(session.submit, "x", "y"),
            said(session.set_language, "fr"),
            said(session.start, "pods/first-manifest"),
            said(answer_of, session, "port", ["2"]),
            said(judge, question, ["9"], "ru"),
        ]
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database " * 500)
    errors.append(said(ProgressStore, damaged))
    for text in errors:
        for line in text.splitlines():
            assert any("а" <= letter <= "я" for letter in line.lower()), text
    assert errors[0].startswith("Урока «podz» нет.\nМожет быть, pods?\n")
    assert f"Наберите: mv {damaged}" in errors[-1]


def test_other_languages_and_other_errors_stay() -> None:
    error = TutorError("Something new.", "Why: x.", "Type: y")
    assert told(error, "en") == error.render()
    assert told(error, "ru") == "Something new.\nПричина: x.\nНаберите: y"
