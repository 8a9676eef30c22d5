"""``dev new lesson`` makes something that is green at once."""

from pathlib import Path

import pytest

from k8s_tutor.author import check_pack, new_lesson
from k8s_tutor.course import Course
from k8s_tutor.errors import RefusedError, UsageError
from tests.packs import write_pack


def test_new_pack_with_two_lessons(tmp_path: Path) -> None:
    root = tmp_path / "My pack"
    written = new_lesson(root, "volumes")
    assert root / "lessons/01-volumes/lesson.yaml" in written
    new_lesson(root, "05-services")
    assert Course(root).folders == ("01-volumes", "05-services")
    assert Course(root).id == "my-pack"
    assert check_pack(root, None).render() == "0 cases, 0 failed; 0 errors, 0 warnings."


@pytest.mark.parametrize(
    "form", ["lessons: [01-settings]", "lessons:\n  - 01-settings", "lessons:\n- 01-settings  # one"]
)
def test_lesson_is_added_in_the_authors_own_form(tmp_path: Path, form: str) -> None:
    root = write_pack(tmp_path)
    file = root / "course.yaml"
    file.write_text(file.read_text().replace("lessons: [01-settings]", form) + "license: CC0\n")
    new_lesson(root, "more-of-it")
    assert Course(root).folders == ("01-settings", "02-more-of-it")
    assert check_pack(root, None).good


def test_bad_name_and_second_time(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no name for a lesson"):
        new_lesson(tmp_path, "Über uns")
    new_lesson(tmp_path / "pack", "03-a")
    with pytest.raises(RefusedError, match="is there already"):
        new_lesson(tmp_path / "pack", "03-a")
