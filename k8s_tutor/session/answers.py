"""Answers typed as words (``answer usage 500``) become what an answer check takes."""

from collections.abc import Sequence
from typing import Any

from k8s_tutor.checks.kind import build
from k8s_tutor.errors import UsageError
from k8s_tutor.session.session import Session


def answer_of(session: Session, check: str, words: Sequence[str]) -> str | list[str]:
    """Return the words as one text, or as a list where the check takes several choices.

    Raises:
        UsageError: the exercise has no such answer check.
    """
    exercise = session.exercise
    found = {c.id: c for c in exercise.checks if c.kind == "answer"} if exercise is not None else {}
    if check not in found:
        known = ", ".join(found) or "none here"
        raise UsageError(
            f"There is no question «{check}».", f"Questions: {known}.", "Type: answer QUESTION YOUR-ANSWER"
        )
    kind: Any = build(found[check])
    if kind.several or kind.type == "ordering":
        return [part for word in words for part in word.split(",") if part]
    return " ".join(words)
