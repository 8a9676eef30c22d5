"""A check kind that comes with another distribution is found by its entry point; a broken one says whose fault it is."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s_tutor.checks.kind import CheckKind, kinds
from k8s_tutor.errors import UsageError
from k8s_tutor.plugins import discover

MODULE = """\
from k8s_tutor.checks.kind import CheckKind
from k8s_tutor.checks.result import CheckResult, State


class Moon(CheckKind):
    name = "moon"
    schema = {"type": "object"}

    def evaluate(self, context):
        return CheckResult(State.PASSED)
"""


def installed(folder: Path, module: str, entry: str) -> None:
    (folder / "moon_checks.py").write_text(module)
    info = folder / "moon_checks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: moon-checks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[k8s_tutor.checks]\n{entry}\n")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(tmp_path))
    discover.cache_clear()
    kinds.cache_clear()
    yield
    sys.modules.pop("moon_checks", None)
    discover.cache_clear()
    kinds.cache_clear()


@pytest.mark.parametrize("entry", ["moon = moon_checks", "moon = moon_checks:Moon"])
def test_module_or_class_of_another_distribution(tmp_path: Path, entry: str) -> None:
    installed(tmp_path, MODULE, entry)
    assert issubclass(kinds()["moon"], CheckKind)
    assert "match" in kinds()


def test_ours_win_over_foreign_ones_of_the_same_name(tmp_path: Path) -> None:
    installed(tmp_path, MODULE.replace('"moon"', '"match"'), "match = moon_checks")
    assert kinds()["match"].__module__ == "k8s_tutor.checks.kinds.match"


@pytest.mark.parametrize(
    ("module", "entry", "why"),
    [
        ("raise RuntimeError('no air')", "moon = moon_checks", "no air"),
        ("Moon = 1", "moon = moon_checks:Moon", "no CheckKind"),
    ],
)
def test_broken_plugin_names_itself(tmp_path: Path, module: str, entry: str, why: str) -> None:
    installed(tmp_path, module, entry)
    with pytest.raises(UsageError) as caught:
        kinds()
    assert "'moon'" in caught.value.what
    assert why in caught.value.why
