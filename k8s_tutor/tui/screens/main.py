"""The main screen: views above, terminal below; at 110 columns and more the lesson stays beside the cluster.

What is shown where is decided in ``lay_out`` alone: a narrow terminal shows one view, a wide one lesson and task on the
left and a picture of the cluster on the right.
"""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from k8s_tutor.tui.texts import say
from k8s_tutor.tui.widgets import style_of
from k8s_tutor.tui.widgets.lesson_pane import LessonPane
from k8s_tutor.tui.widgets.picture_pane import PicturePane
from k8s_tutor.tui.widgets.task_pane import TaskPane
from k8s_tutor.tui.widgets.terminal import Terminal
from k8s_tutor.tui.widgets.view_bar import VIEWS, ViewBar

WIDE = 110
SMALLEST = (60, 16)
AROUND = 3  # rows of head, bar and foot
PICTURES = ("tree", "nodes", "rollout", "events")


class Arranged(Message):
    """Other panes are visible now."""


class MainScreen(Screen[None]):
    """See the module."""

    DEFAULT_CSS = style_of(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "app.next", "Next", priority=True),
        Binding("ctrl+b", "app.previous", "Back", priority=True),
        Binding("f9", "app.start", "Begin", priority=True),
        *(
            Binding(f"f{i}", f"view('{view}')", view.capitalize(), show=False, priority=True)
            for i, view in enumerate(VIEWS, 2)
        ),
        Binding("f8", "app.hint", "Hint", priority=True),
        Binding("f1", "app.help", "Help", priority=True),
        Binding("pageup", "scroll(-1)", show=False, priority=True),
        Binding("pagedown", "scroll(1)", show=False, priority=True),
        Binding("escape", "focus_next_part", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.view = "lesson"
        self.picture = "tree"
        self.head = Static(id="head")
        self.bar = ViewBar()
        self.lesson = LessonPane()
        self.task_pane = TaskPane()
        self.pictures = {name: PicturePane(name, follow=name == "events") for name in PICTURES}
        self.terminal = Terminal()
        self.too_small = Static(id="too-small")
        self.foot = Static(id="foot")
        self.checks_label = ""

    def compose(self) -> ComposeResult:
        """Lay out the parts that may be seen at first; ``lay_out`` shows the ones that fit."""
        yield self.too_small
        with Vertical(id="all"):
            yield self.head
            yield self.bar
            with Horizontal(id="panes"):
                with Vertical(id="left"):
                    yield self.lesson
                yield Vertical(id="right")
            yield self.terminal
            yield self.foot

    def on_mount(self) -> None:
        """Begin with the prompt ready for typing."""
        self.terminal.prompt.focus()
        self.lay_out()
        self.call_after_refresh(self._furnish)

    async def _furnish(self) -> None:
        """Bring in the panes that nobody sees yet: a fifth of the time to the first paint."""
        await self.query_one("#left").mount(self.task_pane)
        await self.query_one("#right").mount(*self.pictures.values())
        self.lay_out()

    def on_resize(self, event: events.Resize) -> None:
        """Another size may fit more or less."""
        self.lay_out()

    @property
    def is_wide(self) -> bool:
        """Whether lesson and cluster fit side by side."""
        return self.size.width >= WIDE

    def show_view(self, view: str) -> None:
        """Show a view; a picture is remembered for the right side."""
        self.view = view
        if view in PICTURES:
            self.picture = view
        self.lay_out()

    def action_view(self, view: str) -> None:
        """Show a view by its key."""
        self.show_view(view)

    def on_view_bar_chosen(self, event: ViewBar.Chosen) -> None:
        """Show a view by mouse."""
        self.show_view(event.view)

    def action_scroll(self, direction: int) -> None:
        """Scroll what is being read: the focused output, else the shown view."""
        focused = self.focused
        if focused is not None and focused is self.terminal.output:
            target: LessonPane | TaskPane | PicturePane | None = None
            (focused.scroll_page_up if direction < 0 else focused.scroll_page_down)(animate=False)
        else:
            target = self._readable()
        if target is not None:
            (target.scroll_page_up if direction < 0 else target.scroll_page_down)(animate=False)

    def action_focus_next_part(self) -> None:
        """Go from prompt to reading and back."""
        if self.focused is self.terminal.prompt:
            target = self._readable()
            target.focus()
        else:
            self.terminal.prompt.focus()

    def _readable(self) -> LessonPane | TaskPane | PicturePane:
        if self.view == "task":
            return self.task_pane
        if self.view in PICTURES:
            return self.pictures[self.view]
        return self.lesson

    def visible_pictures(self) -> set[str]:
        """Return the names of pictures that are on the screen now."""
        return {name for name, pane in self.pictures.items() if pane.display}

    def _terminal_height(self, height: int, *, wide: bool) -> int:
        """On a small screen reading needs the rows more than output does."""
        if wide or self.view not in ("lesson", "task"):
            return max(6, min(10, height * 2 // 5))
        return 6 if height < 32 else 10

    def lay_out(self) -> None:
        """Show the parts that the size and the chosen view ask for."""
        width, height = self.size
        small = width < SMALLEST[0] or height < SMALLEST[1]
        self.too_small.display = small
        self.query_one("#all").display = not small
        language = getattr(self.app, "language", "en")
        if small:
            self.too_small.update(say(language, "too-small", width=width, height=height))
            return
        wide = self.is_wide
        self.set_class(wide, "wide")
        self.query_one("#left").display = wide or self.view in ("lesson", "task")
        self.query_one("#right").display = wide or self.view in PICTURES
        self.lesson.display = wide or self.view == "lesson"
        self.task_pane.display = wide or self.view == "task"
        for name, pane in self.pictures.items():
            pane.display = name == self.picture
        reading = not wide and self.view == "lesson"
        self.set_class(reading, "reading")
        least = self._terminal_height(height, wide=wide)
        # What a short text leaves free is the terminal's.
        self.terminal.styles.height = "1fr" if reading else least
        self.lesson.styles.max_height = height - AROUND - least if reading else None
        self.foot.update(say(language, "keys"))
        shown = {"lesson", "task", self.picture} if wide else {self.view}
        self.bar.draw(shown, lambda key: say(language, key), self.checks_label)
        self.post_message(Arranged())
