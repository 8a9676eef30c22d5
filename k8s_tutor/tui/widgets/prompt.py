"""The kubectl prompt: history with the arrows, completion with Tab, and lines for a command that reads.

While a command runs, Enter sends the line to its standard input (``kubectl exec -it``, ``cat > file``).
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from k8s_tutor.tui.widgets import style_of


class Prompt(Input):
    """One line of input with a history."""

    DEFAULT_CSS = style_of(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "older", show=False),
        Binding("down", "newer", show=False),
        Binding("tab", "complete", show=False, priority=True),
        Binding("ctrl+u", "clear", show=False, priority=True),
    ]

    class Completing(Message):
        """Tab was pressed: whoever knows the cluster answers with ``offer``."""

        def __init__(self, line: str, cursor: int) -> None:
            super().__init__()
            self.line = line
            self.cursor = cursor

    def __init__(self) -> None:
        super().__init__(id="prompt", compact=True)
        self.cursor_blink = False
        self._history: list[str] = []
        self._at = 0
        self._draft = ""

    def remember(self, lines: Sequence[str]) -> None:
        """Take the history, oldest first."""
        self._history = list(dict.fromkeys(reversed(lines)))[::-1]
        self._at = len(self._history)

    def add(self, line: str) -> None:
        """Add a line that was entered."""
        if line.strip():
            self._history = [old for old in self._history if old != line] + [line]
        self._at = len(self._history)
        self._draft = ""

    def offer(self, line: str, cursor: int, replacement: Callable[[str], tuple[str, int]]) -> None:
        """Take a completion for the line as it was, if it still is."""
        if self.value == line and self.cursor_position == cursor:
            self.value, self.cursor_position = replacement(line)

    def action_older(self) -> None:
        """Go back in the history."""
        if self._at == len(self._history):
            self._draft = self.value
        if self._at > 0:
            self._at -= 1
            self._show(self._history[self._at])

    def action_newer(self) -> None:
        """Go forth in the history, at last to the line that was being typed."""
        if self._at < len(self._history):
            self._at += 1
            self._show(self._draft if self._at == len(self._history) else self._history[self._at])

    def action_complete(self) -> None:
        """Ask for completions."""
        self.post_message(self.Completing(self.value, self.cursor_position))

    def action_clear(self) -> None:
        """Empty the line."""
        self.value = ""

    def _show(self, line: str) -> None:
        self.value = line
        self.cursor_position = len(line)
