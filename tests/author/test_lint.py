"""A pack read as a critical reader would: what is wrong is named with its place."""

from pathlib import Path

import pytest

from k8s_tutor.author import check_pack
from k8s_tutor.author.report import Severity
from tests.packs import CHECKS_FILE, EXERCISE_FILE, LESSON, TEXT, replace_in, write_pack

LESSON_FILE = "lessons/01-settings/lesson.yaml"
RUSSIAN = "lessons/01-settings/text.ru.md"


def found(root: Path, severity: Severity = Severity.ERROR) -> list[str]:
    report = check_pack(root, None)
    assert report.good is not any(problem.severity is Severity.ERROR for problem in report.problems)
    return [f"{one.where}: {one.text}" for one in report.problems if one.severity is severity]


def test_good_pack_has_no_problems(tmp_path: Path) -> None:
    assert found(write_pack(tmp_path)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "wanted"),
    [
        (EXERCISE_FILE, ", ru: Цвет}", "}", f"{EXERCISE_FILE}:1:1: title: not translated: ru"),
        (EXERCISE_FILE, "{en: One line., ru: Одна строка.}", "One line.", f"{EXERCISE_FILE}:1:1: command: text: not translated: ru"),
        (EXERCISE_FILE, ", ru: Под}", "}", f"{EXERCISE_FILE}:1:1: quiz what: choice: not translated: ru"),
        (CHECKS_FILE, ", ru: Он синий}", "}", f"{CHECKS_FILE}:9:5: title: not translated: ru"),
        (LESSON_FILE, ", ru: Где живут настройки.}", "}", f"{LESSON_FILE}:1:1: summary: not translated: ru"),
        (CHECKS_FILE, "learn: try", "learn: tyr", f"{CHECKS_FILE}:2:5: learn: the lesson settings has no screen tyr"),
        (CHECKS_FILE, "learn: settings#what", "learn: other#what", f"{CHECKS_FILE}:9:5: learn: there is no lesson other"),
        (CHECKS_FILE, "kind: match", "kind: macth", f"{CHECKS_FILE}:2:5: kind: there is no check kind 'macth'; did you mean match?"),
        (CHECKS_FILE, "any: {data", "eny: {data", f"{CHECKS_FILE}:18:7: unknown field; did you mean any?"),
        (CHECKS_FILE, "data: {color: blue}", "data: {$like: 1}", f"{CHECKS_FILE}:18:20: unknown operator; known are"),
        (CHECKS_FILE, "needs: [exists]", "needs: [exits]", f"{CHECKS_FILE}:9:5: needs: there is no check 'exits'"),
        (CHECKS_FILE, "id: blue", "id: exists", f"{EXERCISE_FILE}:1:1: the check id exists stands 2 times"),
        (EXERCISE_FILE, "fails: [blue]", "fails: [bleu]", f"{EXERCISE_FILE}:19:5: fails: there is no check bleu"),
        (EXERCISE_FILE, "check: blue", "check: bleu", f"{EXERCISE_FILE}:1:1: hints: there is no check bleu"),
        (EXERCISE_FILE, "  - {text: {en: Which kind?, ru: Какой вид?}, cost: 0}\n", "", f"{EXERCISE_FILE}:1:1: hints: 3 are expected, there are 2"),
        (EXERCISE_FILE, "name: manifest", "name: command", f"{EXERCISE_FILE}:1:1: the name in solutions command stands 2 times"),
        (EXERCISE_FILE, "- apply: paint.yaml", "- kubectl create configmap paint --from-literal=color=blue", f"{EXERCISE_FILE}:1:1: solutions: two of them do the same"),
        (EXERCISE_FILE, "correct: true", "correct: false", f"{EXERCISE_FILE}:1:1: quiz: the question what has no correct choice"),
        (EXERCISE_FILE, "  - file: paint.yaml", "  - {answer: blue, with: x}", f"{EXERCISE_FILE}:5:5: answer: there is no answer check blue"),
        (LESSON_FILE, "exercises: [color]", "exercises: [color, colour]", f"{LESSON_FILE}:5:20: exercises[1]: lessons/01-settings/exercises/colour.yaml does not exist"),
        (LESSON_FILE, "exercises: [color]", "exercises: [color]\ncovers: [{slide: 3, screen: waht}]", f"{LESSON_FILE}:1:1: covers: the slide 3 names the screen waht"),
        (RUSSIAN, "{#what}", "{#chto}", f"{RUSSIAN}: screens differ from those in en: chto / what"),
        (RUSSIAN, " exercise=color", "", f"{RUSSIAN}: screens differ from those in en: try / try"),
        ("course.yaml", "[01-settings]", "[01-settings, 02-none]", "course.yaml:5:24: lessons[1]: lessons/02-none/lesson.yaml does not exist"),
    ],
)  # fmt: skip
def test_problems_are_named(tmp_path: Path, file: str, old: str, new: str, wanted: str) -> None:
    root = write_pack(tmp_path)
    replace_in(root, file, old, new)
    assert any(text.startswith(wanted) for text in found(root)), found(root)


def test_missing_text_and_exercise_without_a_screen(tmp_path: Path) -> None:
    root = write_pack(tmp_path, {"lessons/01-settings/text.en.md": TEXT.replace(" exercise=color", "")})
    (root / RUSSIAN).unlink()
    problems = found(root)
    assert f"{RUSSIAN}: the lesson settings has no text in ru" in problems
    assert any("no screen of the lesson has the exercise" in text for text in problems)


def test_too_few_ways(tmp_path: Path) -> None:
    root = write_pack(tmp_path)
    replace_in(root, EXERCISE_FILE, "  - name: manifest\n    steps:\n      - apply: paint.yaml\n", "")
    assert f"{EXERCISE_FILE}:1:1: solutions: at least 2 are expected, there are 1" in found(root)


def test_exercise_without_checks(tmp_path: Path) -> None:
    root = write_pack(
        tmp_path, {CHECKS_FILE: "other:\n- {id: a, kind: match, title: a, message: a, learn: a, spec: {}}\n"}
    )
    assert f"{CHECKS_FILE}: there are no checks for color" in found(root)


def test_two_lessons_of_one_id(tmp_path: Path) -> None:
    root = write_pack(tmp_path, {"lessons/02-more/lesson.yaml": LESSON.replace("[color]", "[]"), "lessons/02-more/text.en.md": TEXT, "lessons/02-more/text.ru.md": TEXT})  # fmt: skip
    replace_in(root, "course.yaml", "[01-settings]", "[01-settings, 02-more]")
    assert "course.yaml: the lesson id settings stands 2 times" in found(root)


def test_long_screen_and_dear_hints_are_warnings(tmp_path: Path) -> None:
    root = write_pack(tmp_path)
    replace_in(root, "lessons/01-settings/text.en.md", "More of it.", "- more\n" * 30)
    replace_in(root, EXERCISE_FILE, "cost: 1}", "cost: 5}")
    warnings = found(root, Severity.WARNING)
    assert any("the screen what-2 takes about 30 rows" in text for text in warnings)
    assert any("hints cost more than the exercise gives (3 points)" in text for text in warnings)
    assert check_pack(root, None).good


def test_broken_pack_is_one_problem(tmp_path: Path) -> None:
    report = check_pack(write_pack(tmp_path, {"course.yaml": "id: [\n"}), None)
    assert not report.good
    assert "course.yaml:2:1: not YAML" in report.render()
    assert report.as_json()["good"] is False


def test_only_one_lesson_or_exercise(tmp_path: Path) -> None:
    root = write_pack(tmp_path)
    assert check_pack(root, None, "settings/color").good
    assert "there is no lesson or exercise 'nothing'" in check_pack(root, None, "nothing").render()


def test_builtin_course_is_free_of_errors() -> None:
    from k8s_tutor.content import builtin_course

    report = check_pack(builtin_course(), None)
    assert report.good, report.render()
