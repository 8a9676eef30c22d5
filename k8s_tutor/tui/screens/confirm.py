"""A question before harm: what would happen, and y or n; anything but a clear yes is a no."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from k8s_tutor.tui.texts import say
from k8s_tutor.tui.widgets import style_of


class ConfirmScreen(ModalScreen[bool]):
    """Ends with True only for y."""

    DEFAULT_CSS = style_of(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", show=False),
        Binding("n,escape,enter", "answer(False)", show=False),
    ]

    def __init__(self, what: str, language: str) -> None:
        super().__init__()
        self._what = what
        self._language = language

    def compose(self) -> ComposeResult:
        """Show what would be done, and the two keys."""
        yield Static(say(self._language, "confirm", what=self._what), id="confirm-text", markup=False)

    def action_answer(self, answer: bool) -> None:
        """End with the answer."""
        self.dismiss(answer)

    def action_leave(self) -> None:
        """Leaving is a no."""
        self.dismiss(result=False)
