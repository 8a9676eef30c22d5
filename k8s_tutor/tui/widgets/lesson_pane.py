"""The lesson's text: one screen of Markdown, scrollable where it is longer than the pane."""

from typing import Any

from textual.containers import VerticalScroll
from textual.widgets import Static

from k8s_tutor.tui.widgets import style_of


class LessonPane(VerticalScroll):
    """Shows Markdown; the Markdown widget itself is made on first use, after the first paint."""

    DEFAULT_CSS = style_of(__file__)

    def __init__(self) -> None:
        super().__init__(id="lesson")
        self._text = ""
        self._markdown: Any = None

    async def show(self, markdown: str) -> None:
        """Show another text, from its top."""
        if markdown == self._text:
            return
        self._text = markdown
        if self._markdown is None:
            from textual.widgets import Markdown

            self._markdown = Markdown(markdown, open_links=False)
            await self.mount(self._markdown)
        else:
            await self._markdown.update(markdown)
        self.scroll_home(animate=False)

    async def say(self, text: str) -> None:
        """Show a plain line before the first text (cluster or course still loading)."""
        if self._markdown is None:
            await self.mount(Static(text))
