"""The kubectl prompt: history with the arrows, completion with Tab, and lines for a command that reads.

While a command runs, Enter sends the line to its standard input (``kubectl exec -it``, ``cat > file``).
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
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

    class Pasted(Message):
        """Several lines were pasted; the last of them stands in the prompt, so that nothing runs before Enter."""

        def __init__(self, lines: Sequence[str]) -> None:
            super().__init__()
            self.lines = lines

    def __init__(self) -> None:
        super().__init__(id="prompt", compact=True)
        self.cursor_blink = False
        self._history: list[str] = []
        self._at = 0
        self._draft = ""

    def remember(self, lines: Sequence[str]) -> None:
        """Take the history, oldest first; a command of several lines is as many entries."""
        single = [line for text in lines for line in text.splitlines()]
        self._history = list(dict.fromkeys(reversed(single)))[::-1]
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

    def _on_paste(self, event: events.Paste) -> None:
        """Take several lines as several; signs of a prompt before them, as lessons show them, are not typed."""
        lines = [line.removeprefix("$ ") for line in event.text.rstrip().splitlines()]
        event.prevent_default()
        event.stop()
        if not lines:
            return
        before, after = self.value[: self.cursor_position], self.value[self.cursor_position :]
        *whole, last = [before + lines[0], *lines[1:]]
        if whole:
            self.post_message(self.Pasted(whole))
        self.value = last + after
        self.cursor_position = len(last)

    async def _on_key(self, event: events.Key) -> None:
        """Take Enter in its turn: as a binding it would come after the keys that were typed ahead."""
        if event.key == "enter":
            event.prevent_default()
            event.stop()
            line, self.value = self.value, ""
            self.post_message(self.Submitted(self, line))

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
