"""Quiz questions of an exercise: shown when it is passed (``when: before``: from its start), judged at once, no points."""

from dataclasses import dataclass

from k8s_tutor.course import Exercise
from k8s_tutor.course.model import Question
from k8s_tutor.errors import UsageError


@dataclass(frozen=True, slots=True)
class QuizAnswer:
    """Whether the chosen answers are the right ones, and what the author says about a wrong choice."""

    right: bool
    why: str


def due(exercise: Exercise | None, *, passed: bool) -> tuple[Question, ...]:
    """Return the questions that are to be shown now."""
    if exercise is None:
        return ()
    return tuple(question for question in exercise.quiz if passed or question.when == "before")


def as_text(question: Question, language: str) -> str:
    """Return a question with its numbered choices, and how to answer."""
    choices = [f"  {number}. {choice.text.get(language)}" for number, choice in enumerate(question.choices, start=1)]
    return "\n".join([f"? {question.question.get(language)}", *choices, f"  answer {question.id} 1…{len(choices)}"])


def judge(question: Question, words: list[str], language: str) -> QuizAnswer:
    """Judge the chosen numbers.

    Raises:
        UsageError: they are no numbers of choices.
    """
    if not words or not all(word.isdigit() and 1 <= int(word) <= len(question.choices) for word in words):
        raise UsageError(
            f"The question «{question.id}» has the choices 1 to {len(question.choices)}.",
            f"«{' '.join(words)}» is none of them.",
            f"Type e.g.: answer {question.id} 1",
        )
    chosen = {int(word) - 1 for word in words}
    right = {at for at, choice in enumerate(question.choices) if choice.correct}
    shown = sorted(chosen - right) or sorted(chosen)
    why = " ".join(text for at in shown if (text := question.choices[at].why.get(language)))
    return QuizAnswer(chosen == right, why)
