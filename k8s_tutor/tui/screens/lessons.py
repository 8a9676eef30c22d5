"""The list of lessons with what is done; Enter opens one."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from k8s_tutor.session import LessonStatus
from k8s_tutor.tui.texts import say
from k8s_tutor.tui.widgets import style_of


class LessonsScreen(ModalScreen[str]):
    """Ends with the chosen lesson's id, or with an empty text."""

    DEFAULT_CSS = style_of(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, lessons: Sequence[LessonStatus], language: str) -> None:
        super().__init__()
        self._lessons = lessons
        self._language = language

    def compose(self) -> ComposeResult:
        """Title, list, help."""
        yield Static(say(self._language, "lessons"), id="lessons-title")
        yield OptionList(*(self._option(lesson) for lesson in self._lessons), id="lessons-list")
        yield Static(say(self._language, "lessons-help"), id="lessons-foot")

    def on_mount(self) -> None:
        """Stand on the current lesson."""
        current = next((i for i, lesson in enumerate(self._lessons) if lesson.current), 0)
        self.query_one(OptionList).highlighted = current

    def _option(self, lesson: LessonStatus) -> Option:
        info = lesson.info
        done = "✓" if lesson.total and lesson.passed == lesson.total else ("▸" if lesson.current else " ")
        number = info.folder.split("-", 1)[0]
        line = Text.assemble((f"{done} ", "green"), (f"{number} {info.title.get(self._language)}", "bold"))
        if lesson.total:
            line.append(f"  {lesson.passed}/{lesson.total}", "cyan")
        line.append(f"  {info.summary.get(self._language)}", "dim")
        if lesson.missing:
            line.append("\n    " + say(self._language, "needs", needs=", ".join(sorted(lesson.missing))), "yellow")
        return Option(line, id=info.id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the lesson."""
        self.dismiss(event.option.id or "")

    def action_leave(self) -> None:
        """Return without choosing."""
        self.dismiss("")
