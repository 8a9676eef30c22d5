"""Names that are not there: what, why, next, and exit code 2."""

import pytest

from tests.badinput.conftest import Tutor


@pytest.mark.parametrize("words", [("99",), ("--plain", "podz"), ("check", "podz/first-manifest")])
def test_an_unknown_lesson(tutor: Tutor, words: tuple[str, ...]) -> None:
    said = tutor("--plain", *words) if words[0] != "check" else tutor("hint", words[1])
    said.told(2, "There is no lesson", "pods", "k8s-tutor list")


@pytest.mark.parametrize("command", ["hint", "solution"])
def test_an_unknown_exercise(tutor: Tutor, command: str) -> None:
    tutor(command, "pods/first-pood").told(2, "The lesson pods has no exercise «first-pood»", "first-manifest", "Type:")


def test_no_exercise_on_this_screen(tutor: Tutor) -> None:
    tutor("hint").told(2, "There is no exercise here", "only text", "Type: k8s-tutor list")


def test_an_unknown_option_and_a_wrong_number(tutor: Tutor) -> None:
    tutor("list", "--jsn").told(2, "No such option", "--json")
    tutor("cluster", "start", "--nodes", "many").told(2, "'many' is not a valid integer")
    tutor("completion", "tcsh").told(2, "'tcsh' is not one of")


def test_an_unknown_provider_and_schema(tutor: Tutor) -> None:
    tutor("provider", "use", "k3d").told(2, "There is no provider «k3d»", "practice", "Type:")
    tutor("schema", "nonsense").told(2, "There is no schema «nonsense»", "exercise", "Type: k8s-tutor schema")


def test_two_tutors_do_not_know_a_foreign_language(tutor: Tutor) -> None:
    said = tutor("--lang", "xx", "list")
    said.told(0, "Welcome")
