"""The pane of the task: shows what ``pictures/task.py`` made of goal and checks."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from k8s_tutor.tui.widgets import style_of


class TaskPane(VerticalScroll):
    """Shows an exercise's task and its checks."""

    DEFAULT_CSS = style_of(__file__)

    def __init__(self) -> None:
        super().__init__(id="task")
        self._body = Static()
        self._shown = Text()

    def compose(self) -> ComposeResult:
        """Hold one text."""
        yield self._body

    def draw(self, text: Text) -> None:
        """Show what ``task_text`` made; nothing is repainted where nothing differs."""
        if text == self._shown and text.spans == self._shown.spans:
            return
        self._shown = text
        self._body.update(text)
