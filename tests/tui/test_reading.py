"""Reading without a cluster: places, languages, sizes, keys."""

from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widget import Widget

from k8s_tutor.tui.app import TutorApp
from tests.tui.conftest import ReadingApp


async def opened(pilot: Pilot[Any], app: TutorApp) -> None:
    """Wait until the session is there."""
    while app.talk is None or not app.main.lesson.children:
        await pilot.pause(0.02)


def shown(widget: Widget) -> bool:
    """Whether a pane is on the screen (a call, as its value changes under the same name)."""
    return bool(widget.display)


def head(app: TutorApp) -> str:
    return str(app.main.head.render())


async def test_goes_through_the_lesson_and_comes_back_to_the_place(reading_app: ReadingApp) -> None:
    app = reading_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        assert "Welcome" in head(app)
        assert "1/4" in head(app)
        await pilot.press("ctrl+n")
        await pilot.pause()
        assert "2/4" in head(app)
        await pilot.press("ctrl+q")
    again = reading_app()
    async with again.run_test(size=(80, 24)) as pilot:
        await opened(pilot, again)
        assert "2/4" in head(again)


async def test_switches_language(reading_app: ReadingApp) -> None:
    app = reading_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("f12")
        await pilot.pause()
        assert "Добро пожаловать" in head(app)
        assert "Урок" in str(app.main.bar.render())


async def test_narrow_shows_one_view_and_wide_shows_both(reading_app: ReadingApp) -> None:
    app = reading_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        main = app.main
        assert shown(main.lesson)
        assert not shown(main.task_pane)
        await pilot.press("f3")
        assert shown(main.task_pane)
        assert not shown(main.lesson)
        await pilot.press("f5")
        assert not shown(main.query_one("#left"))
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert shown(main.lesson)
        assert shown(main.task_pane)
        assert shown(main.pictures["nodes"])


async def test_too_small_a_terminal_says_so(reading_app: ReadingApp) -> None:
    app = reading_app()
    async with app.run_test(size=(40, 10)) as pilot:
        await opened(pilot, app)
        assert shown(app.main.too_small)
        assert "40×10" in str(app.main.too_small.render())
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert not shown(app.main.too_small)


async def test_ctrl_c_twice_leaves(reading_app: ReadingApp) -> None:
    app = reading_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        app.main.terminal.prompt.value = "half a line"
        await pilot.press("ctrl+c")
        assert app.main.terminal.prompt.value == ""
        await pilot.press("ctrl+c")
        assert app.is_running
        await pilot.press("ctrl+c")
        await pilot.pause()
    assert app.return_value == 0


async def test_a_yaml_error_in_russian(reading_app: ReadingApp, tmp_path: Path) -> None:
    from k8s_tutor.tui.screens.editor import RUSSIAN, EditorScreen, yaml_problem

    slips = [
        "a:\n\tb: 1\n",
        "a: [",
        "a: [1 2",
        "a: b: c",
        "a\nb: 1",
        'a: "b',
        "a: @b",
        "a:\n  - b\n c: 1\n",
        "{a: 1 b: 2}",
    ]
    for text in slips:
        problem = yaml_problem(text)
        assert problem is not None
        assert problem[2] in RUSSIAN, text
    app = reading_app(language="ru")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        (tmp_path / "pod.yaml").write_text(slips[0])
        app.push_screen(EditorScreen(tmp_path / "pod.yaml", "ru"))
        await pilot.pause()
        assert "Строка 2, столбец 1: табуляция" in str(app.screen.query_one("#editor-problem").render())


async def test_what_keeps_it_from_opening_is_told_in_the_shell(home: Path, reading_app: ReadingApp) -> None:
    file = home / ".local/state/k8s-tutor/progress.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no database " * 500)
    app = reading_app(language="ru")
    async with app.run_test(size=(80, 24)) as pilot:
        while app.is_running:
            await pilot.pause(0.02)
    assert app.return_value == 7
    assert "повреждён" in app.last_words
    assert f"Наберите: mv {file}" in app.last_words


async def test_lessons_are_chosen_from_a_list(reading_app: ReadingApp) -> None:
    app = reading_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        app.action_lessons()
        await pilot.pause()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert "Pods" in head(app)


async def test_history_of_the_prompt(reading_app: ReadingApp) -> None:
    app = reading_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        prompt = app.main.terminal.prompt
        prompt.remember(["first", "second", "first"])
        prompt.value = "draft"
        await pilot.press("up")
        assert prompt.value == "first"
        await pilot.press("up")
        assert prompt.value == "second"
        await pilot.press("down", "down")
        assert prompt.value == "draft"


async def test_a_yaml_error_is_shown_while_it_is_typed(reading_app: ReadingApp, tmp_path: Path) -> None:
    from k8s_tutor.tui.screens.editor import EditorScreen, yaml_problem

    assert yaml_problem("a: 1\n\tb: 2\n") == (2, 1, "a tab in the indentation; YAML wants spaces")
    assert yaml_problem("a: [1\n") is not None
    assert yaml_problem("a: 1\n") is None
    app = reading_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        results: list[bool | None] = []
        app.push_screen(EditorScreen(tmp_path / "pod.yaml", "en"), results.append)
        await pilot.pause()
        await pilot.press("a", ":", "space", "[")
        await pilot.pause()
        assert "Line" in str(app.screen.query_one("#editor-problem").render())
        await pilot.press("f5")
        assert results == []
        await pilot.press("]", "f5")
        await pilot.pause()
    assert results == [True]
    assert (tmp_path / "pod.yaml").read_text() == "a: []"
