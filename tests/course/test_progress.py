"""Progress survives crashes, versions and company."""

import sqlite3
import threading
from pathlib import Path

import pytest

from k8s_tutor.course import ProgressStore
from k8s_tutor.errors import LocalStateError, PackError


def test_place_settings_and_commands_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "progress.db"
    with ProgressStore(path) as store:
        store.set_place("k8s", "pods", "manifest")
        store.set_setting("language", "ru")
        store.record_command("k8s", "pods/first", "kubectl get pods", 0)
        store.record_command("k8s", "pods/first", "kubectl gte pods", 1)
    assert path.stat().st_mode & 0o777 == 0o600
    with ProgressStore(path) as store:
        assert store.place("k8s") == ("pods", "manifest")
        assert store.setting("language") == "ru"
        assert store.commands("k8s") == ["kubectl get pods", "kubectl gte pods"]
        assert store.commands("k8s", worked=True) == ["kubectl get pods"]


def test_exercise_keeps_its_best_points_and_start_forgets_help(tmp_path: Path) -> None:
    with ProgressStore(tmp_path / "p.db") as store:
        store.set_running("k8s", "pods/first", "https://a", "snap")
        store.record_hint("k8s", "pods/first", 1, 0.5)
        store.record_solution("k8s", "pods/first")
        store.record_answer("k8s", "pods/first", "node", ["a", "b"])
        store.record_checks("k8s", "pods/first", ["ready"])
        assert store.record_passed("k8s", "pods/first", 2.5, 3)
        assert not store.record_passed("k8s", "pods/first", 1, 3)
        assert store.passed("k8s")["pods/first"].points == 2.5
        assert store.passed("k8s")["pods/first"].times == 2
        assert store.answers("k8s", "pods/first") == {"node": ["a", "b"]}
        store.set_running("k8s", "pods/first", "https://a", "snap2")
        assert store.hints("k8s", "pods/first") == {}
        assert not store.solution_shown("k8s", "pods/first")
        assert store.passed_checks("k8s", "pods/first") == frozenset()
        assert store.passed("k8s")


def test_damaged_database_says_what_to_do_and_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "progress.db"
    path.write_bytes(b"this is no database at all, but long enough to be looked at" * 20)
    before = path.read_bytes()
    with pytest.raises(LocalStateError) as caught:
        ProgressStore(path)
    assert "damaged" in caught.value.what
    assert f"mv {path}" in caught.value.next_step
    assert caught.value.exit_code == 7
    assert path.read_bytes() == before


def test_half_overwritten_database_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "progress.db"
    with ProgressStore(path) as store:
        for number in range(2000):
            store.record_command("k8s", "pods/first", f"kubectl get pods {number} {'x' * 50}", 0)
    raw = bytearray(path.read_bytes())
    raw[8192:40000] = b"\xff" * (40000 - 8192)
    path.write_bytes(raw)
    with pytest.raises(LocalStateError, match="damaged"):
        ProgressStore(path)


def test_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "progress.db"
    ProgressStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LocalStateError) as caught:
        ProgressStore(path)
    assert "newer" in caught.value.what
    assert "update" in caught.value.next_step


def test_empty_file_is_migrated_to_the_present_version(tmp_path: Path) -> None:
    path = tmp_path / "progress.db"
    path.touch()
    with ProgressStore(path) as store:
        store.set_setting("a", "b")
        assert store.setting("a") == "b"


def test_read_only_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocker = tmp_path / "file"
    blocker.touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(blocker / "state"))
    with pytest.raises(LocalStateError, match="cannot be used"):
        ProgressStore()


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "progress.db"
    ProgressStore(path).close()

    def write(name: str) -> None:
        with ProgressStore(path) as store:
            for number in range(50):
                store.record_command("k8s", name, f"{name} {number}", 0)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with ProgressStore(path) as store:
        assert len(store.commands("k8s")) == 150


def test_export_and_import_elsewhere(tmp_path: Path) -> None:
    with ProgressStore(tmp_path / "a.db") as store:
        store.record_passed("k8s", "pods/first", 3, 3)
        store.set_place("k8s", "pods", "what")
        store.record_command("k8s", "pods/first", "kubectl get pods", 0)
        data = store.export()
    with ProgressStore(tmp_path / "b.db") as other:
        assert other.import_(data) == 3
        assert other.passed("k8s")["pods/first"].points == 3
        assert other.commands("k8s") == ["kubectl get pods"]
        with pytest.raises(PackError, match="no export"):
            other.import_([])
        with pytest.raises(PackError, match="newer"):
            other.import_({**data, "version": 99})
        with pytest.raises(PackError, match="another shape"):
            other.import_({**data, "places": [{"course": "x"}]})
