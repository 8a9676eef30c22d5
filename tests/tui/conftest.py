"""Apps on a home of their own; with ``played`` on a real practice cluster in a process, whose clock tests advance."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import TextArea

from k8s_tutor.providers import Provider, open_provider
from k8s_tutor.session import Session
from k8s_tutor.tui.app import TutorApp
from k8s_tutor.tui.conversation import Conversation
from k8s_tutor.tui.screens.editor import EditorScreen


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HOME in a fresh folder, without XDG overrides, in English."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    return folder


ReadingApp = Callable[..., TutorApp]


@pytest.fixture
def reading_app(home: Path) -> ReadingApp:
    """Make an app without a cluster: lessons can be read."""

    def make(lesson: str = "", language: str = "en") -> TutorApp:
        return TutorApp(
            lambda: (Session.open(language=language), None), lesson=lesson, language=language, connect=False
        )

    return make


@dataclass
class Played:
    """An app on a practice cluster, and the hand on the cluster's clock."""

    app: TutorApp
    provider: Provider
    pilot: Pilot[Any]

    async def until(self, holds: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Wait for the app (not for cluster time: that is advanced here, a second a look) until something holds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not holds():
            if loop.time() > end:
                raise AssertionError(f"{what} did not happen; the terminal says:\n{self.terminal()}")
            await asyncio.to_thread(self.provider.advance, 1.0)
            await self.pilot.pause()

    @property
    def talk(self) -> Conversation:
        """What the app has when its session is open."""
        assert self.app.talk is not None
        return self.app.talk

    async def type(self, line: str) -> None:
        """Type a line at the prompt, key by key, and wait until the command ends."""
        before = self._entered()
        self.press(line)
        await self.until(lambda: self._entered() > before, f"Enter after «{line}»")
        await self.until(lambda: not self.talk.commands.running, f"the end of «{line}»")

    def _entered(self) -> int:
        return sum(line.startswith("$ ") for line in self.terminal().splitlines())

    def press(self, line: str) -> None:
        """Press the keys of a line and Enter, faster than the app paints, as the driver of a terminal hands them on."""
        for character in line:
            self.app.post_message(events.Key(_character_to_key(character), character))
        self.app.post_message(events.Key("enter", "\r"))

    async def write(self, name: str, text: str) -> None:
        """Open a file of the working folder in the editor, paste a text over all that is in it, save and apply."""
        self.press(f"edit {name}")
        await self.until(lambda: isinstance(self.app.focused, TextArea), "the editor")
        area = self.app.screen.query_one(TextArea)
        area.select_all()
        self.app.post_message(events.Paste(text))  # as the driver does
        await self.until(lambda: area.text == text, "the paste")
        await self.pilot.press("f5")
        await self.until(lambda: not isinstance(self.app.screen, EditorScreen), "the end of the editor")
        await self.until(lambda: not self.talk.commands.running, f"applying {name}")

    def marks(self) -> dict[str, str]:
        """Return the state of each check of the exercise."""
        return {check.id: str(check.state) for check in self.talk.session.checks()}

    def terminal(self) -> str:
        """Return the text of the terminal pane."""
        return "\n".join(strip.text.rstrip() for strip in self.app.main.terminal.output.lines)


@pytest.fixture
def provider(home: Path) -> Iterator[Provider]:
    """A practice cluster of its own, gone afterwards."""
    found = open_provider("practice", name="tui", start_latency=False)
    yield found
    found.remove()


Play = Callable[[Pilot[Any]], Awaitable[Played]]


def app_on(provider: Provider, lesson: str = "", language: str = "en") -> TutorApp:
    """Make an app on a provider's cluster."""
    return TutorApp(
        lambda: (Session.open(provider=provider, language=language), provider), lesson=lesson, language=language
    )


@pytest.fixture
def playing_app(provider: Provider) -> TutorApp:
    """An app on that cluster."""
    return app_on(provider)


@pytest.fixture
def play(provider: Provider) -> Play:
    """Wait until the app has found its cluster, and stop the cluster's clock."""

    async def begin(pilot: Pilot[Any]) -> Played:
        assert isinstance(pilot.app, TutorApp)
        played = Played(pilot.app, provider, pilot)
        loop = asyncio.get_running_loop()
        end = loop.time() + 60
        while played.app.talk is None or not played.talk.attached:
            assert loop.time() < end, played.terminal()
            await pilot.pause(0.05)
        await asyncio.to_thread(provider.set_rate, 0)
        return played

    return begin
