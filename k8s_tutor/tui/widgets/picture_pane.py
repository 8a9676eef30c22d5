"""A scrollable picture of the cluster: the lines that a function of ``tui/pictures`` drew."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from k8s_tutor.tui.widgets import style_of


class PicturePane(VerticalScroll):
    """Shows lines; stays at the end where ``follow`` says so and the learner has not scrolled up."""

    DEFAULT_CSS = style_of(__file__)

    def __init__(self, name: str, *, follow: bool = False) -> None:
        super().__init__(id=name)
        self._follow = follow
        self._body = Static()
        self._shown = ""

    def compose(self) -> ComposeResult:
        """Hold one text."""
        yield self._body

    def draw(self, lines: list[Text]) -> None:
        """Show other lines; nothing is repainted where nothing differs."""
        text = Text("\n", no_wrap=True, overflow="ellipsis").join(lines)
        text.no_wrap = True
        text.overflow = "ellipsis"
        key = text.markup
        if key == self._shown:
            return
        at_end = self.scroll_y >= self.max_scroll_y - 1
        self._shown = key
        self._body.update(text)
        if self._follow and at_end:
            self.call_after_refresh(self.scroll_end, animate=False)
