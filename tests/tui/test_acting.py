"""What a learner does beside solving: restarts the cluster, edits, pages, completes, clicks, is asked, comes back."""

import asyncio
import os
import signal

import pytest
from textual.widgets import TextArea

from k8s_tutor.providers import Provider
from k8s_tutor.session import Session
from k8s_tutor.tui.app import TutorApp
from k8s_tutor.tui.screens.confirm import ConfirmScreen
from k8s_tutor.tui.screens.editor import EditorScreen
from k8s_tutor.tui.screens.pager import PagerScreen
from tests.tui.conftest import Play

IN_PODS = "kubectl run web --image=nginx:1.27"


@pytest.fixture
def pods_app(provider: Provider) -> TutorApp:
    return TutorApp(lambda: (Session.open(provider=provider, language="en"), provider), lesson="pods")


async def test_a_dead_cluster_is_started_again_and_holds_what_it_held(playing_app: TutorApp, play: Play) -> None:
    async with playing_app.run_test(size=(80, 24)) as pilot:
        played = await play(pilot)
        talk = playing_app.talk
        assert talk is not None
        await pilot.press("ctrl+n")
        await played.until(lambda: bool(talk.session.started), "the start")
        await played.type("kubectl create configmap kept --from-literal=a=b")
        pid = played.provider.status().details["pid"]
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGKILL)
        end = asyncio.get_running_loop().time() + 60
        while "F10" not in played.terminal():
            assert asyncio.get_running_loop().time() < end, played.terminal()
            await pilot.pause(0.1)
        await pilot.press("f10")
        while played.terminal().count("The cluster is ready") < 2:
            assert asyncio.get_running_loop().time() < end, played.terminal()
            await pilot.pause(0.1)
        await asyncio.to_thread(played.provider.set_rate, 0)
        await played.type("kubectl get configmap kept -o jsonpath={.data}")
        assert '{"a":"b"}' in played.terminal()
        assert talk.session.started == "welcome/" + talk.session.place.exercise
        await played.type("kubectl run hello --image=nginx:1.27")
        await played.until(lambda: any(c.result.passed for c in talk.session.checks()), "a mark after the restart")


async def test_kubectl_edit_opens_the_editor_and_less_the_pager(playing_app: TutorApp, play: Play) -> None:
    async with playing_app.run_test(size=(80, 24)) as pilot:
        played = await play(pilot)
        talk = playing_app.talk
        assert talk is not None
        await played.type("kubectl create configmap paint --from-literal=color=red")
        for key, words in (("escape", "Edit cancelled, no changes made."), ("f5", "configmap/paint edited")):
            playing_app.main.terminal.prompt.value = "kubectl edit configmap paint"
            await pilot.press("enter")
            await played.until(lambda: isinstance(playing_app.screen, EditorScreen), "the editor")
            area = playing_app.screen.query_one(TextArea)
            area.text = area.text.replace("color: red", "color: blue")
            await pilot.press(key)
            await played.until(lambda: not talk.commands.running, "the end of edit")
            assert words in played.terminal()
        await played.type("kubectl get configmap paint -o yaml | less")
        await played.until(lambda: isinstance(playing_app.screen, PagerScreen), "the pager")
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert playing_app.is_running
        assert not isinstance(playing_app.screen, PagerScreen)


async def test_completion_palette_mouse_and_quiz(pods_app: TutorApp, provider: Provider, play: Play) -> None:
    async with pods_app.run_test(size=(80, 24)) as pilot:
        end = asyncio.get_running_loop().time() + 60
        while pods_app.talk is None or not pods_app.talk.attached:
            assert asyncio.get_running_loop().time() < end
            await pilot.pause(0.05)
        talk, prompt = pods_app.talk, pods_app.main.terminal.prompt

        async def until_value(wanted: str) -> None:
            while prompt.value != wanted:
                assert asyncio.get_running_loop().time() < end, prompt.value
                await pilot.pause(0.05)

        prompt.focus()
        prompt.value = "kubectl desc"
        prompt.cursor_position = len(prompt.value)
        await pilot.press("tab")
        await until_value("kubectl describe ")
        prompt.value = "kubectl get node control"
        prompt.cursor_position = len(prompt.value)
        await pilot.press("tab")
        await until_value("kubectl get node control-plane ")
        prompt.value = ""
        await pilot.click("#views", offset=(30, 0))
        await pilot.pause()
        assert pods_app.main.view in ("tree", "task")
        await pilot.press("ctrl+p")
        await pilot.pause(0.3)
        await pilot.press(*"next")
        await pilot.pause(0.5)
        await pilot.press("down", "enter")
        while talk.session.place.index == 0:
            assert asyncio.get_running_loop().time() < end
            await pilot.pause(0.05)
        talk.submit("port", ["1"])
        talk.submit("port", ["2"])
        talk.submit("port", ["9"])

        def terminal() -> str:
            return "\n".join(strip.text.rstrip() for strip in pods_app.main.terminal.output.lines)

        while not ("✗ Not quite. A container listens" in terminal() and "✓ Right." in terminal()):
            assert asyncio.get_running_loop().time() < end, terminal()
            await pilot.pause(0.05)
        while "has the choices 1 to" not in terminal():
            assert asyncio.get_running_loop().time() < end, terminal()
            await pilot.pause(0.05)


async def test_a_question_before_harm_wants_a_clear_yes(playing_app: TutorApp, play: Play) -> None:
    from k8s_tutor.tui.asking import Asking

    async with playing_app.run_test(size=(80, 24)) as pilot:
        await play(pilot)
        asking = Asking(playing_app, lambda: "en")
        for key, answer in (("y", True), ("n", False), ("enter", False), ("escape", False), ("ctrl+c", False)):
            waiting = asyncio.create_task(asyncio.to_thread(asking.confirm, "DELETE /api/v1/namespaces/theirs (kind)"))
            while not isinstance(playing_app.screen, ConfirmScreen):
                await pilot.pause(0.02)
            await pilot.press(key)
            assert await waiting is answer


async def test_without_colour(
    playing_app: TutorApp, play: Play, monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = TutorApp(lambda: (Session.open(provider=provider, language="en"), provider), connect=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        assert app.no_color
        assert "Welcome" in str(app.main.head.render())
