"""A pager for long text: scrolls, searches, returns."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from k8s_tutor.tui.texts import say
from k8s_tutor.tui.widgets import style_of


class PagerScreen(ModalScreen[None]):
    """Shows lines over the whole screen."""

    DEFAULT_CSS = style_of(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", show=False),
        Binding("slash", "search", show=False),
        Binding("n", "again", show=False),
    ]

    def __init__(self, title: str, lines: list[str], language: str) -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._language = language
        self._wanted = ""
        self._at = -1

    def compose(self) -> ComposeResult:
        """Title, text, help; the search line appears when asked for."""
        yield Static(self._title, id="pager-title")
        with VerticalScroll(id="pager-body"):
            yield Static(id="pager-text")
        yield Input(placeholder="/", id="pager-search", compact=True)
        yield Static(say(self._language, "pager-help"), id="pager-foot")

    def on_mount(self) -> None:
        """Show the text."""
        self.query_one("#pager-search").display = False
        self._draw()
        self.query_one("#pager-body").focus()

    def _draw(self) -> None:
        text = Text("\n".join(self._lines))
        if self._wanted:
            text.highlight_words([self._wanted], "reverse", case_sensitive=False)
        self.query_one("#pager-text", Static).update(text)

    def action_search(self) -> None:
        """Ask what to search for."""
        search = self.query_one("#pager-search", Input)
        search.display = True
        search.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the first place."""
        self._wanted, self._at = event.value, -1
        event.input.display = False
        self.query_one("#pager-body").focus()
        self._draw()
        self.action_again()

    def action_again(self) -> None:
        """Go to the next place, from the end to the beginning again."""
        if not self._wanted:
            return
        found = [i for i, line in enumerate(self._lines) if self._wanted.lower() in line.lower()]
        if found:
            self._at = next((i for i in found if i > self._at), found[0])
            self.query_one("#pager-body", VerticalScroll).scroll_to(y=self._at, animate=False)

    def action_leave(self) -> None:
        """Return."""
        self.dismiss(None)
