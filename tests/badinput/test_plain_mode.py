"""The line mode as a program fed with lines: the whole welcome, an exercise of lesson 02, in both languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s_tutor.course import Course
from k8s_tutor.providers import open_provider
from tests.badinput.conftest import Tutor

BOXES_AND_SPINNERS = "╭╮╰╯⠋⠙⠹⠸\x1b\r"


@pytest.fixture
def plain(tutor_process: Tutor, home: Path) -> Iterator[Tutor]:
    """The program on a fast cluster."""
    open_provider("practice", nodes=1, start_latency=False).start()
    yield tutor_process
    open_provider("practice").remove()


def typed(lesson: str, only: int | None = None) -> str:
    """Return the lines that solve the exercises of a lesson, in the order of its screens."""
    course, lines = Course.builtin(), []
    done = 0
    for screen in course.screens(course.lesson(lesson).id, "en"):
        if screen.exercise and (only is None or done < only):
            done += 1
            for step in course.exercise(f"{lesson}/{screen.exercise}").solutions[0].steps:
                if step.apply is not None:
                    lines += [
                        "cat > it.yaml <<EOF",
                        *step.apply.read_text().splitlines(),
                        "EOF",
                        "kubectl apply -f it.yaml",
                    ]
                elif step.answer:
                    lines.append(f"answer {step.answer} {step.value}")
                else:
                    lines.append(step.run)
            lines.append("check")
            if only is not None and done == only:
                break
        lines.append("next")
    return "\n".join(lines) + "\n"


def test_the_whole_welcome(plain: Tutor) -> None:
    said = plain("--plain", "00", stdin=typed("welcome"))
    said.told(0)
    assert said.out.count("Solved: ") == len(Course.builtin().exercises("welcome"))
    assert not set(BOXES_AND_SPINNERS) & set(said.out)
    plain("status").told(0, "02-pods", "Passed   2 of")


def test_an_exercise_of_lesson_two_in_russian(plain: Tutor) -> None:
    said = plain("--plain", "--lang", "ru", "02", stdin=typed("pods", 1) + "answer port 1\nanswer port 2\nhint\nhelp\n")
    said.told(0, "Решено!", "[пройдено]", "[не совсем]", "[верно]", "Подсказка 1", "Слова тренажёра")
    assert not set(BOXES_AND_SPINNERS) & set(said.out)
