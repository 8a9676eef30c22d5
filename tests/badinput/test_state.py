"""The tutor's own files: damaged, newer, not writable, of a pack that is wrong; codes 7 and 3."""

import json
import sqlite3
from pathlib import Path

import pytest

from k8s_tutor.course.progress import VERSION, ProgressStore
from tests.badinput.conftest import Tutor
from tests.packs import EXERCISE, write_pack


def state(home: Path) -> Path:
    folder = home / ".local" / "state" / "k8s-tutor"
    folder.mkdir(parents=True)
    return folder


def test_a_damaged_database(tutor: Tutor, home: Path) -> None:
    file = state(home) / "progress.db"
    file.write_bytes(b"this is no database" * 500)
    before = file.read_bytes()
    tutor("list").told(7, "is damaged", "Why:", f"Next: mv {file}")
    assert file.read_bytes() == before


def test_a_torn_database(tutor: Tutor, home: Path) -> None:
    file = state(home) / "progress.db"
    ProgressStore(file).close()
    file.write_bytes(file.read_bytes()[:5000])
    tutor("status").told(7, "is damaged", "Next: mv")


def test_a_newer_database_is_not_touched(tutor: Tutor, home: Path) -> None:
    file = state(home) / "progress.db"
    ProgressStore(file).close()
    with sqlite3.connect(file) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    tutor("list").told(7, "written by a newer k8s-tutor", f"version {VERSION + 1}", "Next: update k8s-tutor")


def test_a_home_that_cannot_be_written(tutor: Tutor, home: Path) -> None:
    (home / ".local").write_text("a file where a folder has to be")
    for words in (("list",), ("cluster", "start"), ("status", "--json"), ("doctor",)):
        tutor(*words).told(7, "cannot be used", "Why:", "XDG_STATE_HOME")


def test_a_damaged_choice_of_provider(tutor: Tutor, home: Path) -> None:
    folder = home / ".config" / "k8s-tutor"
    folder.mkdir(parents=True)
    (folder / "provider.json").write_text("{")
    tutor("cluster", "status").told(7, "provider.json cannot be read", "Type: rm")


def test_export_and_import_of_what_is_no_export(tutor: Tutor, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    tutor("--lang", "ru", "list").told(0)
    tutor("next").told(0)
    tutor("export", "mine.json").told(0, "wrote mine.json")
    assert json.loads(Path("mine.json").read_text())["format"] == "k8s-tutor-progress"
    tutor("import", "mine.json").told(0, "rows taken")
    Path("other.json").write_text("{}")
    tutor("import", "other.json").told(3, "no export of k8s-tutor")
    Path("torn.json").write_text("{")
    tutor("import", "torn.json").told(3, "torn.json is no JSON", "k8s-tutor export")
    tutor("import", "nowhere.json").told(2, "nowhere.json cannot be read")
    tutor("export", "no/such/folder.json").told(2, "cannot be written")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("goal: {en:", "gaol: {en: x}\ngoal: {en:", ("color.yaml:3:1", "gaol")),
        (", ru: Цвет}", "}", ("color.yaml:", "title: not translated: ru")),
    ],
)
def test_an_exercise_that_is_wrong(tutor: Tutor, tmp_path: Path, old: str, new: str, words: tuple[str, ...]) -> None:
    pack = write_pack(tmp_path / "pack", {"lessons/01-settings/exercises/color.yaml": EXERCISE.replace(old, new)})
    tutor("dev", "check", str(pack), "--lint").told(3, *words)


def test_a_check_of_an_unknown_kind(tutor: Tutor, tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack", {})
    file = pack / "checks" / "01-settings.yaml"
    file.write_text(file.read_text().replace("kind: match", "kind: mach", 1))
    tutor("dev", "check", str(pack), "--lint").told(3, "01-settings.yaml:", "mach")


def test_a_folder_that_is_no_pack(tutor: Tutor, tmp_path: Path) -> None:
    tutor("dev", "check", str(tmp_path)).told(2, "is no course pack", "course.yaml")
