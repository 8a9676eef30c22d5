"""The app: holds the session, runs slow work in threads, and forwards what the session tells to the main screen.

Nothing slow happens before the first paint: course, session and cluster are opened in worker threads after it, and
what they find arrives as messages.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widgets import Input

from k8s_tutor.errors import TutorError
from k8s_tutor.faults import told
from k8s_tutor.tui.host import Host
from k8s_tutor.tui.screens.main import Arranged, MainScreen
from k8s_tutor.tui.texts import say
from k8s_tutor.tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.command import Provider as PaletteProvider

    from k8s_tutor.providers import Provider
    from k8s_tutor.session import Session
    from k8s_tutor.tui.conversation import Conversation

EDITORS = ("edit", "vi", "vim", "nano", "emacs", "code")


def palette() -> "type[PaletteProvider]":
    """Return the palette's commands, imported when it is first opened."""
    from k8s_tutor.tui.commands import TutorCommands

    return TutorCommands


class TutorApp(Host):
    """The tutor in the terminal.

    Args:
        open_world: returns the learner's session and her cluster's provider (None: the session's kubeconfig is used as
            it is); called in a worker thread after the first paint, as the cluster is started.
        lesson: lesson to open; empty where the learner stopped.
        language: first language, until the session tells its own.
        debug: show tracebacks.
        connect: start the cluster and attach to it; without, lessons can only be read.
    """

    TITLE = "k8s-tutor"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    COMMANDS: ClassVar[Any] = {palette}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "Stop", show=False, priority=True),
        Binding("ctrl+q", "leave", "Leave", priority=True),
        Binding("f12", "language", "en/ru", priority=True),
        Binding("l", "language", show=False),
        Binding("n", "next", show=False),
        Binding("p", "previous", show=False),
        Binding("h", "hint", show=False),
        Binding("question_mark", "help", show=False),
        Binding("ctrl+t", "solution", show=False, priority=True),
        Binding("ctrl+o", "pager", show=False, priority=True),
        Binding("ctrl+l", "clear", show=False, priority=True),
        Binding("f10", "cluster", show=False, priority=True),
        Binding("ctrl+z", "undo", show=False, priority=True),
        Binding("m", "lessons", show=False),
    ]

    def __init__(
        self,
        open_world: "Callable[[], tuple[Session, Provider | None]]",
        *,
        lesson: str = "",
        language: str = "en",
        debug: bool = False,
        connect: bool = True,
    ) -> None:
        super().__init__(language)
        self._keep_tracebacks = debug
        self._connect = connect
        self._open_world = open_world
        self.provider: Provider | None = None
        self._first_lesson = lesson
        self.talk: Conversation | None = None
        self.last_words = ""  # what whoever runs the app prints when it has ended, unwrapped
        self._interrupted = False

    # -- life

    def on_mount(self) -> None:
        """Show the main screen; open the rest after it is painted."""
        self.push_screen(MainScreen())
        self.call_after_refresh(self._open)

    @work(thread=True, group="opening")
    def _open(self) -> None:
        try:
            from k8s_tutor.tui.conversation import Conversation

            session, self.provider = self._open_world()
            if self._first_lesson:
                session.go(self._first_lesson)
        except Exception as error:  # noqa: BLE001 - told where its next step can be typed: in the learner's shell
            self.last_words = self.complaint(error)
            code = error.exit_code if isinstance(error, TutorError) else 1
            self.tell(lambda: self.exit(code))
            return
        self.talk = Conversation(self, session, self.enter)
        self.tell(self.talk.begin)
        if self._connect:
            self.start_cluster()

    @work(thread=True, group="cluster", exclusive=True)
    def start_cluster(self) -> None:
        """Start the provider's cluster, then attach the session to it."""
        self.tell(lambda: self.main.terminal.note(say(self.language, "cluster-starting")))
        try:
            if self.provider is not None:
                self.provider.start()
            name = self.provider.name if self.provider is not None else "kubeconfig"
        except TutorError as error:
            text = self.complaint(error)
            self.tell(lambda: self.main.terminal.note(text, "bold red"))
            return
        if self.talk is not None:
            self.tell(lambda: self.main.terminal.note(say(self.language, "cluster-ready", name=name), "dim"))
            self.tell(lambda: self.main.terminal.name_cluster(name))
            self.talk.attach()

    def action_leave(self) -> None:
        """Leave; the place is kept."""
        self._leaving.set()
        if self.talk is not None:
            self.talk.close()
        self.exit(0)

    def _handle_exception(self, error: Exception) -> None:
        """A fault of ours ends the app with three lines instead of a traceback (``--debug`` keeps Textual's)."""
        if self._keep_tracebacks:
            super()._handle_exception(error)
            return
        self.exit(1, message=told(error))

    # -- typing

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A line was entered at the prompt."""
        if isinstance(event.input, Prompt):
            self.enter(event.value)

    def enter(self, line: str) -> None:
        """Do what a line says: give it to the command that runs, or to the tutor, or run it."""
        prompt = self.main.terminal.prompt
        if self.talk is None:
            prompt.value = line  # too early: it waits in the prompt
            return
        if self.talk.commands.running:
            self.talk.commands.answer(line)
            return
        prompt.add(line)
        words = line.split()
        if self.talk.commands.begun:
            self.talk.commands.enter(line)
        elif not words:
            return
        elif words[0] in EDITORS and len(words) == 2:
            self.talk.commands.edit(words[1])
        elif words[0] == "answer" and len(words) > 2:
            self.talk.submit(words[1], words[2:])
        elif line.strip() in ("exit", "quit", "logout"):
            self.action_leave()
        elif line.strip() == "clear":
            self.action_clear()
        else:
            self.talk.commands.enter(line)

    def on_prompt_pasted(self, event: Prompt.Pasted) -> None:
        """Several lines were pasted; while a command runs they are for it."""
        if self.talk is None:
            return
        if not self.talk.commands.running:
            self.talk.commands.paste(event.lines)
            return
        for line in event.lines:
            self.talk.commands.answer(line)

    def on_prompt_completing(self, event: Prompt.Completing) -> None:
        """Tab was pressed."""
        if self.talk is not None:
            self.talk.commands.complete(event.line, event.cursor)

    def on_arranged(self, _: Arranged) -> None:
        """Other panes are visible: draw what they show."""
        if self.talk is not None:
            self.talk.draw_pictures()

    # -- keys

    def action_interrupt(self) -> None:
        """Leave what lies over the main screen, stop the running command, or empty the line; twice: leave the app."""
        if hasattr(self.screen, "action_leave"):
            self.screen.action_leave()
            return
        prompt = self.main.terminal.prompt
        if self.talk is not None and self.talk.commands.running:
            self.talk.commands.interrupt()
        elif prompt.value or (self.talk is not None and self.talk.commands.begun):
            prompt.value = ""
            if self.talk is not None:
                self.talk.commands.give_up()
        elif self._interrupted:
            self.action_leave()
            return
        else:
            self.main.terminal.note(say(self.language, "quit-again"))
            self._interrupted = True
            self.set_timer(2.0, self._calm)
            return
        self._interrupted = False

    def _calm(self) -> None:
        self._interrupted = False

    def _with_talk(self, act: str) -> None:
        if self.talk is not None:
            getattr(self.talk, act)()

    def action_next(self) -> None:
        """Go to the next screen of the lesson."""
        self._with_talk("next")

    def action_previous(self) -> None:
        """Go to the previous screen of the lesson."""
        self._with_talk("previous")

    def action_start(self) -> None:
        """Begin the exercise, or set up its starting state again."""
        self._with_talk("restart")

    def action_hint(self) -> None:
        """Take a hint."""
        self._with_talk("hint")

    def action_solution(self) -> None:
        """Show the solutions."""
        self._with_talk("solution")

    def action_language(self) -> None:
        """Switch to the next language of the course."""
        self._with_talk("next_language")

    def action_undo(self) -> None:
        """Undo the last command."""
        self._with_talk("undo")

    def action_lessons(self) -> None:
        """List the lessons."""
        self._with_talk("lessons")

    def action_pager(self) -> None:
        """Show the last output in the pager."""
        self._with_talk("pager")

    def action_help(self) -> None:
        """Show the keys."""
        self._with_talk("help")

    def action_clear(self) -> None:
        """Empty the output."""
        self.main.terminal.output.clear()

    @work(thread=True, group="cluster")
    def steer_clock(self, *, rate: float | None = None, advance: float | None = None) -> None:
        """Change the cluster's time, where the provider can."""
        provider = self.provider
        if provider is None:
            return
        try:
            if rate is not None:
                provider.set_rate(rate)
            if advance is not None:
                provider.advance(advance)
            summary = provider.status().summary
        except TutorError as error:
            summary = self.complaint(error)
        self.tell(lambda: self.main.terminal.note(summary, "dim"))

    def action_cluster(self) -> None:
        """Start the cluster (again)."""
        self.start_cluster()
