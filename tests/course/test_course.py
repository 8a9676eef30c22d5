"""Opening a pack: lazily, in languages, with errors that name file, line, column and field."""

import time
from pathlib import Path

import pytest

from k8s_tutor.course import Course
from k8s_tutor.errors import PackError, UsageError
from tests.packs import CHECKS_FILE, EXERCISE_FILE, replace_in, write_pack


def problem(root: Path, reading: str = "settings/color") -> PackError:
    with pytest.raises(PackError) as caught:
        Course(root).exercise(reading)
    return caught.value


def test_everything_an_author_wrote_is_read(tmp_path: Path) -> None:
    course = Course(write_pack(tmp_path))
    exercise = course.exercise("settings/color")
    assert course.title.get("ru") == "Маленький курс"
    assert exercise.full_id == "settings/color"
    assert exercise.namespace == "settings"
    assert exercise.points == 3
    assert [check.id for check in exercise.checks] == ["exists", "blue"]
    assert exercise.start[0].name == "paint.yaml"
    assert exercise.solutions[1].steps[0].apply == tmp_path / "manifests/01-settings/paint.yaml"
    assert exercise.mistakes[0].fails == ("blue",)
    assert exercise.hints[1].check == "blue"
    assert exercise.quiz[0].choices[0].correct


@pytest.mark.parametrize("name", ["settings", "01-settings", "1", "01"])
def test_lessons_are_found_by_id_folder_and_number(tmp_path: Path, name: str) -> None:
    assert Course(write_pack(tmp_path)).lesson(name).id == "settings"


def test_unknown_names_suggest_the_nearest(tmp_path: Path) -> None:
    course = Course(write_pack(tmp_path))
    with pytest.raises(UsageError) as lesson:
        course.lesson("setting")
    assert "did you mean settings?" in lesson.value.why
    with pytest.raises(UsageError) as exercise:
        course.exercise("settings/colour")
    assert "did you mean settings/color?" in exercise.value.why
    assert exercise.value.exit_code == 2


def test_exercise_by_its_own_id(tmp_path: Path) -> None:
    assert Course(write_pack(tmp_path)).exercise("color").lesson == "settings"


def test_screens_and_fallback_to_the_first_language(tmp_path: Path) -> None:
    root = write_pack(tmp_path)
    (root / "lessons/01-settings/text.ru.md").unlink()
    screens = Course(root).screens("settings", "ru")
    assert [(screen.anchor, screen.exercise) for screen in screens] == [("what", ""), ("what-2", ""), ("try", "color")]


def test_overlay_adds_a_language(tmp_path: Path) -> None:
    overlay = """\
language: de
texts:
  settings.title: Einstellungen
  settings/color.hints.1.text: kubectl erzeugen
  settings/color.checks.blue.message: Andere Farbe.
"""
    course = Course(write_pack(tmp_path, {"i18n/de.yaml": overlay}))
    assert course.available_languages() == ("en", "ru", "de")
    course.use_language("de")
    exercise = course.exercise("settings/color")
    assert course.lesson("settings").title.get("de") == "Einstellungen"
    assert exercise.hints[1].text.get("de") == "kubectl erzeugen"
    assert exercise.check("blue").message.get("de") == "Andere Farbe."
    assert exercise.goal.get("de") == exercise.goal.get("en")


def test_unknown_field_has_its_place_and_a_suggestion(tmp_path: Path) -> None:
    root = write_pack(tmp_path)
    replace_in(root, EXERCISE_FILE, "learn:", "lern: {en: x}\nlearn:")
    error = problem(root)
    assert error.what == f"{EXERCISE_FILE}:29:1: lern: unknown field; did you mean learn?"
    assert error.exit_code == 3


def test_missing_field_and_wrong_type(tmp_path: Path) -> None:
    root = write_pack(tmp_path)
    replace_in(root, CHECKS_FILE, "    message: {en: Another color., ru: Другой цвет.}\n", "")
    assert "color[1]: the field message is missing" in problem(root).what
    root = write_pack(tmp_path)
    replace_in(root, CHECKS_FILE, "points: 2", "points: two")
    assert f'{CHECKS_FILE}:12:5: color[1].points: "two" is not of type number' in problem(root).what


def test_trusted_pack_is_explained_by_the_schema_when_it_fails(tmp_path: Path) -> None:
    root = write_pack(tmp_path)
    replace_in(root, EXERCISE_FILE, "learn:", "lern:")
    with pytest.raises(PackError, match="unknown field; did you mean learn"):
        Course(root, validate=False).exercise("color")


@pytest.mark.parametrize(
    ("path", "why"),
    [("../../course.yaml", "malformed|does not match|should not"), ("nothing.yaml", "does not exist")],
)
def test_manifests_stay_inside_and_exist(tmp_path: Path, path: str, why: str) -> None:
    root = write_pack(tmp_path)
    replace_in(root, EXERCISE_FILE, "apply: paint.yaml", f"apply: {path}")
    with pytest.raises(PackError, match=why):
        Course(root).exercise("color")


def test_symlink_out_of_the_pack_is_refused(tmp_path: Path) -> None:
    root = write_pack(tmp_path / "pack")
    (tmp_path / "secret.yaml").write_text("a: 1\n")
    (root / "manifests/01-settings/link.yaml").symlink_to(tmp_path / "secret.yaml")
    replace_in(root, EXERCISE_FILE, "apply: paint.yaml", "apply: link.yaml")
    assert "leaves the pack" in problem(root).what


def test_no_pack_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="is no course pack"):
        Course(tmp_path)
    root = write_pack(
        tmp_path, {"course.yaml": "id: a\ntitle: a\nversion: 1.0.0\nlanguages: [en]\nlessons: [09-none]\n"}
    )
    with pytest.raises(PackError, match=r"course.yaml:5:11: lessons\[0\]: lessons/09-none/lesson.yaml does not exist"):
        Course(root).lessons()


def test_file_name_and_id_must_agree(tmp_path: Path) -> None:
    root = write_pack(tmp_path)
    replace_in(root, EXERCISE_FILE, "id: color", "id: colour")
    assert "colour is not the file's name, color" in problem(root).what


def test_builtin_course_opens_and_lists_quickly() -> None:
    begun = time.perf_counter()
    lessons = Course.builtin().lessons()
    assert lessons
    # The budget is 30 ms; a shared machine may be slow, parsing exercises for a list would take seconds.
    assert time.perf_counter() - begun < 1
