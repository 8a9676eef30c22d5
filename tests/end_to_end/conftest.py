"""A terminal emulator around the real program: tmux, whose keys are a learner's and whose screen is what she sees."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from k8s_tutor.providers import open_provider


@dataclass
class Terminal:
    """One tmux window of 80×24 with a shell in it."""

    socket: Path
    name: str

    def tmux(self, *words: str) -> str:
        """Call tmux; returns what it prints."""
        done = subprocess.run(["tmux", "-S", str(self.socket), *words], capture_output=True, check=True, timeout=60)
        return done.stdout.decode("utf-8", "replace")

    def keys(self, *names: str) -> None:
        """Press keys by tmux's names."""
        self.tmux("send-keys", "-t", self.name, *names)

    def line(self, text: str) -> None:
        """Type lines, each with Enter."""
        for line in text.split("\n"):
            if line:
                self.tmux("send-keys", "-t", self.name, "-l", "--", line)
            self.keys("Enter")

    def screen(self) -> str:
        """Return what is on the screen."""
        return self.tmux("capture-pane", "-t", self.name, "-p")

    def until(self, *words: str, gone: str = "", seconds: float = 60.0) -> str:
        """Look at the screen until it shows all words (and not ``gone``)."""
        end = time.monotonic() + seconds
        while True:
            shown = self.screen()
            if all(word in shown for word in words) and not (gone and gone in shown):
                return shown
            assert time.monotonic() < end, f"{words} did not come (without {gone!r}):\n{shown}"
            time.sleep(0.1)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HOME in a fresh folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "KUBECONFIG", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def terminal(home: Path, tmp_path: Path) -> Iterator[Callable[[str], Terminal]]:
    """Factory: open a terminal by name; all of them, and the cluster of this HOME, are gone afterwards."""
    socket = tmp_path / "tmux"
    programs = Path(sys.executable).parent
    variables = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TERM": "tmux-256color",
        "PS1": "shell$ ",
    }
    shell = shlex.join(["env", "-i", *(f"{key}={value}" for key, value in variables.items()), "sh"])
    opened: list[Terminal] = []

    def open_(name: str) -> Terminal:
        window = Terminal(socket, name)
        window.tmux("-f", "/dev/null", "new-session", "-d", "-s", name, "-x", "80", "-y", "24", shell)
        window.tmux("set-option", "-g", "status", "off")
        window.until("shell$")
        opened.append(window)
        return window

    yield open_
    if opened:
        opened[0].tmux("kill-server")
    open_provider("practice").remove()
