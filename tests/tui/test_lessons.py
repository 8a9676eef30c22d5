"""Whole lessons as their learner plays them: every line typed key by key, every manifest through the editor.

English plays each exercise's first solution, Russian its second; both answer questions and quizzes, and meet the marks
that turn.
"""

from pathlib import Path

import pytest

from k8s_tutor.course import Course
from k8s_tutor.course.model import Exercise, Step
from k8s_tutor.providers import Provider
from k8s_tutor.session import quiz
from tests.tui.conftest import Play, Played, app_on

SOLVED = {"en": "Solved!", "ru": "Решено!"}


async def begun(played: Played) -> Exercise:
    """Wait until the exercise of the screen has its start, and no check has passed from the start alone."""
    exercise = played.talk.session.exercise
    assert exercise is not None
    await played.until(lambda: played.talk.session.started == exercise.full_id, f"the start of {exercise.full_id}")
    await played.until(lambda: "pending" not in played.marks().values(), f"the first verdicts on {exercise.full_id}")
    assert set(played.marks().values()) != {"passed"}, exercise.full_id
    return exercise


def edited_file(folder: Path, solution: Path) -> str:
    """Return the file that a learner would change to become this solution: the one she got, or a new one."""
    given = sorted(path.name for path in folder.glob("*.yaml") if solution.stem.startswith(path.stem))
    return given[-1] if given else solution.name


async def do(played: Played, step: Step) -> None:
    """Do a step of a solution at the prompt."""
    if step.run:
        await played.type(step.run)
    elif step.apply is not None:
        name = edited_file(played.talk.session.workdir, step.apply)
        await played.write(name, step.apply.read_text(encoding="utf-8"))
    elif step.answer:
        await played.type(f"answer {step.answer} {step.value}")


async def solve(played: Played, which: int) -> None:
    """Solve the exercise of the screen as its solution says, until all marks have turned and the app says so."""
    exercise = await begun(played)
    language = played.talk.session.language
    for step in exercise.solutions[which].steps:
        await do(played, step)
    await played.until(lambda: set(played.marks().values()) == {"passed"}, f"solving {exercise.full_id}")
    await played.until(lambda: SOLVED[language] in played.terminal(), "the congratulation")
    for question in quiz.due(exercise, passed=True):
        right = [str(number) for number, choice in enumerate(question.choices, start=1) if choice.correct]
        assert question.question.get(language) in str(played.app.main.task_pane.children[0].render())
        await played.type(f"answer {question.id} {' '.join(right)}")
        await played.until(lambda: ("✓ Right." if language == "en" else "✓ Верно.") in played.terminal(), "the verdict")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("lesson", "language", "which"),
    [("pods", "en", 0), ("resources", "en", 0), ("deployment", "en", 0), ("pods", "ru", 1)],
)
async def test_a_lesson_from_the_first_screen_to_the_last_check(
    provider: Provider, play: Play, lesson: str, language: str, which: int
) -> None:
    app = app_on(provider, lesson, language)
    solved: list[str] = []
    async with app.run_test(size=(80, 24)) as pilot:
        played = await play(pilot)
        session = played.talk.session
        assert session.place.index == 0
        while session.place.lesson == lesson:
            assert session.screen.title in str(app.main.head.render())
            if session.screen.exercise:
                await pilot.press("f3")
                await solve(played, which)
                solved.append(session.screen.exercise)
                await pilot.press("ctrl+l")
            await pilot.press("ctrl+n")
            await pilot.pause()
        status = next(found for found in session.lessons() if found.info.id == lesson)
    assert sorted(solved) == sorted(Course.builtin().lesson(lesson).exercises)
    assert (status.passed, status.points) == (len(solved), sum(e.points for e in Course.builtin().exercises(lesson)))
