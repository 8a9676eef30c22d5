"""The command line as a person calls it: in this process where that shows the same, as a program where it must be one."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from k8s_tutor.__main__ import guarded

CLEARED = ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "KUBECONFIG", "LC_MESSAGES", "LANG")


@dataclass
class Said:
    """What a call printed and how it ended."""

    out: str
    err: str
    code: int

    def told(self, code: int, *words: str) -> None:
        """Assert the exit code, the words, and that nobody saw a traceback."""
        assert self.code == code, (self.code, self.out, self.err)
        for word in words:
            assert word in self.err + self.out, (word, self.out, self.err)
        assert "Traceback" not in self.err + self.out


Tutor = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh HOME, in English."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def tutor(home: Path, capfd: pytest.CaptureFixture[str]) -> Tutor:
    """Call the command line in this process, through its error boundary."""

    def call(*words: str) -> Said:
        capfd.readouterr()
        code = guarded(list(words))
        sys.stdout.flush()
        sys.stderr.flush()
        out, err = capfd.readouterr()
        return Said(out, err, code)

    return call


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of a program with this HOME."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", **more}


@pytest.fixture
def tutor_process(home: Path) -> Tutor:
    """Call the command line as a program of its own: await nothing, ``stdin`` is text, ``env`` adds variables."""

    def call(*words: str, stdin: str = "", env: dict[str, str] | None = None) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "k8s_tutor", *words],
            input=stdin.encode(),
            capture_output=True,
            env=environment(home, **(env or {})),
            timeout=120,
            check=False,
            cwd=home,
        )
        return Said(done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"), done.returncode)

    return call


@pytest.fixture(scope="module")
def practice_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A HOME whose practice cluster runs, for the tests of one module."""
    from k8s_tutor.providers import open_provider

    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        for name in CLEARED:
            patch.delenv(name, raising=False)
        provider = open_provider("practice", nodes=1, start_latency=False)
        provider.start()
    yield folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        for name in CLEARED:
            patch.delenv(name, raising=False)
        open_provider("practice").remove()
