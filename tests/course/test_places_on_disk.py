"""Folders follow the XDG variables at call time, are private, and say what is wrong with them."""

from pathlib import Path

import pytest

from k8s_tutor import paths
from k8s_tutor.content import builtin_course
from k8s_tutor.errors import LocalStateError


@pytest.mark.parametrize(
    ("variable", "name"), [("STATE", "state_dir"), ("CACHE", "cache_dir"), ("CONFIG", "config_dir")]
)
def test_another_home_is_another_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, name: str
) -> None:
    for world in ("one", "two"):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(tmp_path / world))
        folder: Path = getattr(paths, name)()
        assert folder == tmp_path / world / "k8s-tutor"
        assert folder.stat().st_mode & 0o777 == 0o700


def test_home_alone_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in paths.state_dir().parents


def test_atomic_writing(tmp_path: Path) -> None:
    target = tmp_path / "file"
    paths.write_atomically(target, "one")
    paths.write_atomically(target, b"two", mode=0o644)
    assert target.read_text() == "two"
    assert target.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    with pytest.raises(LocalStateError):
        paths.write_atomically(tmp_path / "no" / "file", "x")


def test_builtin_course_of_the_checkout() -> None:
    assert (builtin_course() / "course.yaml").is_file()
