"""Makes the README's pictures: the real app on a practice cluster, played to a moment, exported as SVG.

``python -m tools.screenshots`` writes ``docs/images/*.svg``; it needs a home of its own and makes one.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from k8s_tutor.providers import Provider, open_provider
from k8s_tutor.session import Session
from k8s_tutor.tui.app import TutorApp

IMAGES = Path(__file__).parent.parent / "docs" / "images"


async def until(pilot: Pilot[int], provider: Provider, holds: Callable[[], object]) -> None:
    """Let cluster time pass, a little at a time, until something holds."""
    for _ in range(600):
        if holds():
            return
        await asyncio.to_thread(provider.advance, 0.5)
        await pilot.pause(0.05)
    raise TimeoutError


async def lesson_11(provider: Provider) -> None:
    """A rolling update half done, at 120×40."""
    app = TutorApp(lambda: (Session.open(provider=provider, language="en"), provider), lesson="deployment")
    async with app.run_test(size=(120, 40)) as pilot:
        await until_ready(pilot, app)
        await asyncio.to_thread(provider.set_rate, 0)
        talk = app.talk
        if talk is None:
            raise TimeoutError
        talk.session.go("deployment", "rolling")
        talk.go_on()
        await until(pilot, provider, lambda: talk.session.started == "deployment/rolling-update")
        app.main.show_view("rollout")
        for line in ("kubectl rollout history deployment/web", "kubectl set image deployment/web nginx=nginx:1.27"):
            app.main.terminal.prompt.value = line
            await pilot.press("enter")
            while talk.commands.running:
                await pilot.pause(0.05)
        for _ in range(1):
            await asyncio.to_thread(provider.advance, 0.45)
            await pilot.pause(0.3)
        (IMAGES / "lesson-11.svg").write_text(app.export_screenshot(title="k8s-tutor"), encoding="utf-8")


async def welcome_ru(provider: Provider) -> None:
    """The welcome lesson's failing Pod at 80×24, in Russian."""
    app = TutorApp(lambda: (Session.open(provider=provider, language="ru"), provider), lesson="welcome", language="ru")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot, app)
        await asyncio.to_thread(provider.set_rate, 0)
        talk = app.talk
        if talk is None:
            raise TimeoutError
        talk.session.go("welcome", "why")
        talk.go_on()
        await until(pilot, provider, lambda: talk.session.started == "welcome/see-the-cause")
        app.main.show_view("task")
        for _ in range(20):
            await asyncio.to_thread(provider.advance, 1.0)
            await pilot.pause(0.05)
        (IMAGES / "welcome-ru.svg").write_text(app.export_screenshot(title="k8s-tutor"), encoding="utf-8")


async def until_ready(pilot: Pilot[int], app: TutorApp) -> None:
    """Wait for the session and its cluster."""
    while app.talk is None or not app.talk.attached:
        await pilot.pause(0.05)


def main() -> None:
    """Write all pictures."""
    with tempfile.TemporaryDirectory(prefix="k8s-tutor-pictures-") as home:
        os.environ["HOME"] = home
        provider = open_provider("practice", name="pictures")
        try:
            asyncio.run(lesson_11(provider))
            provider.reset()
            asyncio.run(welcome_ru(provider))
        finally:
            provider.remove()


main()
