"""The line of views above the panes: their numbers and names, the shown one marked, and the checks' count."""

from collections.abc import Callable

from rich.text import Text
from textual.message import Message
from textual.widgets import Static

from k8s_tutor.tui.widgets import style_of

VIEWS = ("lesson", "task", "tree", "nodes", "rollout", "events")


class ViewBar(Static):
    """Shows which views there are; a click on one chooses it."""

    DEFAULT_CSS = style_of(__file__)

    class Chosen(Message):
        """The learner clicked on a view."""

        def __init__(self, view: str) -> None:
            super().__init__()
            self.view = view

    def __init__(self) -> None:
        super().__init__(id="views")
        self._places: list[tuple[int, int, str]] = []

    def draw(self, shown: set[str], say: Callable[[str], str], checks: str) -> None:
        """Draw the bar; ``checks`` such as ``✓ 2/5`` stands beside the task."""
        line = Text()
        self._places = []
        for number, view in enumerate(VIEWS, start=1):
            start = line.cell_len
            label = f" F{number + 1} {say(view)}{' ' + checks if view == 'task' and checks else ''} "
            line.append(label, "reverse" if view in shown else "")
            self._places.append((start, line.cell_len, view))
        self.update(line)

    def on_click(self, event: object) -> None:
        """Choose the view under the mouse."""
        x = getattr(event, "x", -1)
        for start, end, view in self._places:
            if start <= x < end:
                self.post_message(self.Chosen(view))
