"""Apps on a home of their own; with ``played`` on a real practice cluster in a process, whose clock tests advance."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from k8s_tutor.providers import Provider, open_provider
from k8s_tutor.session import Session
from k8s_tutor.tui.app import TutorApp


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
        return TutorApp(lambda: Session.open(language=language), None, lesson=lesson, language=language, connect=False)

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

    async def type(self, line: str) -> None:
        """Type a line at the prompt, and wait until the command ends."""
        talk = self.app.talk
        assert talk is not None
        prompt = self.app.main.terminal.prompt
        prompt.focus()
        prompt.value = line
        await self.pilot.press("enter")
        await self.until(lambda: not talk.commands.running, f"the end of «{line}»")

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


@pytest.fixture
def playing_app(provider: Provider) -> TutorApp:
    """An app on that cluster."""
    return TutorApp(lambda: Session.open(provider=provider, language="en"), provider)


@pytest.fixture
def play(provider: Provider, playing_app: TutorApp) -> Play:
    """Wait until the app has found its cluster, and stop the cluster's clock."""

    async def begin(pilot: Pilot[Any]) -> Played:
        played = Played(playing_app, provider, pilot)
        loop = asyncio.get_running_loop()
        end = loop.time() + 60
        while "ready" not in played.terminal():
            assert loop.time() < end, played.terminal()
            await pilot.pause(0.05)
        await asyncio.to_thread(provider.set_rate, 0)
        return played

    return begin
