"""Between session and screen: what the session tells is drawn, what the learner does is asked of the session.

All drawing happens in the app's thread (``app.tell``); all slow calls happen in threads of ``_slow``.
"""

import threading
from collections.abc import Callable
from typing import Any

from k8s_tutor.checks.result import State
from k8s_tutor.client import Client
from k8s_tutor.session import (
    ChecksChanged,
    CheckState,
    ClusterBack,
    ClusterLost,
    Event,
    ExercisePassed,
    ExerciseReset,
    ExerciseStarted,
    LanguageChanged,
    PlaceChanged,
    Session,
    Working,
    quiz,
)
from k8s_tutor.session.answers import answer_of
from k8s_tutor.session.mirror import ClusterMirror
from k8s_tutor.tui import pictures
from k8s_tutor.tui.asking import Asking
from k8s_tutor.tui.help import help_lines
from k8s_tutor.tui.host import Host
from k8s_tutor.tui.pictures.task import task_text
from k8s_tutor.tui.shell import Commands
from k8s_tutor.tui.texts import say

FOLLOWED = {
    "tree": (
        "namespaces",
        "pods",
        "services",
        "endpointslices",
        "deployments",
        "replicasets",
        "statefulsets",
        "daemonsets",
        "jobs",
        "cronjobs",
    ),
    "nodes": ("nodes", "pods"),
    "rollout": ("deployments", "replicasets", "pods"),
    "events": ("events",),
}


class Conversation:
    """See the module.

    Args:
        app: the app.
        session: the learner's session; closed by ``close``.
        enter: does what a line of the prompt says.
    """

    def __init__(self, app: Host, session: Session, enter: Callable[[str], None]) -> None:
        self.app = app
        self.session = session
        self.commands = Commands(app, session, enter=enter, page=self.pager)
        self._mirror: ClusterMirror | None = None
        self._client: Client | None = None
        self._extra: list[str] = []
        self._starting = threading.Lock()
        self._unheard = session.subscribe(self._hear)
        asking = Asking(app, lambda: session.language)
        session.ask_with(confirm=asking.confirm, edit=asking.edit)
        app.language = session.language

    # -- life

    async def begin(self) -> None:
        """Draw the place where the learner stopped."""
        self.app.main.terminal.prompt.remember(self.session.history())
        await self.draw()

    @property
    def attached(self) -> bool:
        """Whether the cluster is there."""
        return self._client is not None

    def attach(self) -> None:
        """The cluster answers: begin to watch it, and the exercise. In a worker thread."""
        client = self._client = self.commands.client = Client.from_kubeconfig(self.session.kubeconfig)
        if self._mirror is not None:
            self._mirror.close()
        self._mirror = ClusterMirror(client, lambda: self.app.tell(self.draw_pictures))
        self.app.tell(self.draw_pictures)
        self.app.slowly(self._start_here)

    def close(self) -> None:
        """End everything; the place is kept."""
        self._unheard()
        self.commands.interrupt()
        if self._mirror is not None:
            self._mirror.close()
        self.session.close()

    def say(self, key: str, **values: object) -> str:
        """Return the app's words in the session's language."""
        return say(self.session.language, key, **values)

    # -- what the session tells

    def _hear(self, event: Event) -> None:
        self.app.tell(lambda: self._react(event))

    async def _react(self, event: Event) -> None:
        terminal = self.app.main.terminal
        match event:
            case PlaceChanged() | LanguageChanged():
                self.app.language = self.session.language
                await self.draw()
            case Working(what=what, done=False):
                terminal.note(what, "dim")
                self.draw_task()
            case ExerciseStarted():
                self._extra = []
                self.draw_task()
            case ExerciseReset():
                self._extra = []
                terminal.note(self.say("reset-done"))
                self.draw_task()
            case ChecksChanged():
                self.draw_task()
            case ExercisePassed():
                self._passed(event)
            case ClusterLost():
                terminal.note(f"{self.say('cluster-lost')}: {event.why}\n{self.say('restart-question')}", "bold red")
            case ClusterBack():
                terminal.note(self.say("cluster-back"), "green")
            case _:
                pass

    def _passed(self, event: ExercisePassed) -> None:
        key = "solved" if event.first_time else "solved-again"
        text = self.say(key, points=f"{event.points:g}", max=f"{event.max_points:g}")
        self._extra = [f"✓ {text}"]
        exercise = self.session.exercise
        if exercise is not None and exercise.learn:
            self._extra.append(f"{self.say('learned')}: {exercise.learn.get(self.session.language)}")
        self._extra += [quiz.as_text(found, self.session.language) for found in quiz.due(exercise, passed=True)]
        self.app.main.terminal.note(f"✓ {text}", "bold green")
        self.draw_task()

    # -- drawing

    async def draw(self) -> None:
        """Draw everything that belongs to the place."""
        main, session = self.app.main, self.session
        language = session.language
        number = session.lesson.folder.split("-", 1)[0]
        place = f"{session.place.index + 1}/{len(session.screens)}"
        main.head.update(f" {number} {session.lesson.title.get(language)} · {session.screen.title}   {place}")
        main.terminal.prompt.placeholder = self.say("prompt-help")
        await main.lesson.show(session.screen.markdown)
        self.draw_task()
        main.lay_out()

    def draw_task(self) -> None:
        """Draw goal and checks, and their count in the bar."""
        main, session, language = self.app.main, self.session, self.session.language
        exercise = session.exercise if session.screen.exercise else None
        checks: tuple[CheckState, ...] = session.checks() if exercise is not None else ()
        started = exercise is not None and session.started == exercise.full_id
        passed = sum(check.state is State.PASSED for check in checks)
        main.checks_label = f"✓{passed}/{len(checks)}" if checks else ""
        main.task_pane.draw(
            task_text(
                exercise.title.get(language) if exercise else "",
                exercise.goal.get(language) if exercise else "",
                exercise.task.get(language) if exercise else "",
                checks,
                self.say,
                language,
                started=started,
                starting=session.is_setting_up,
                extra=self._extra,
            )
        )
        main.lay_out()

    def draw_pictures(self) -> None:
        """Draw the pictures that are visible; what they show is followed from now on."""
        mirror, main = self._mirror, self.app.main
        if mirror is None:
            return
        namespace = self.session.exercise.namespace if self.session.exercise else ""
        for name in main.visible_pictures() if main.is_wide or main.view in FOLLOWED else ():
            mirror.follow(*FOLLOWED[name])
            main.pictures[name].draw(self._picture(name, mirror, namespace))

    def _picture(self, name: str, mirror: ClusterMirror, namespace: str) -> list[Any]:
        width = self.app.main.pictures[name].size.width
        if name == "tree":
            return pictures.tree({key: mirror.objects(key) for key in FOLLOWED["tree"]}, self.say, first=namespace)
        if name == "nodes":
            return pictures.nodes(mirror.objects("nodes"), mirror.objects("pods"), width, self.say)
        if name == "rollout":
            deployments, sets, pods = (mirror.objects(key) for key in FOLLOWED["rollout"])
            return pictures.rollouts(deployments, sets, pods, self.say, namespace)
        return pictures.events(mirror.objects("events"), mirror.now(), self.say, namespace)

    # -- the lesson

    def next(self) -> None:
        """Show the next screen."""
        before = self.session.place
        if self.session.next() == before:
            self.app.main.terminal.note(self.say("end"))
        self.go_on()

    def previous(self) -> None:
        """Show the previous screen."""
        self.session.previous()
        self.go_on()

    def go(self, lesson: str) -> None:
        """Open a lesson."""
        self.session.go(lesson)
        self.go_on()

    def go_on(self) -> None:
        """Another place is shown: begin its exercise, if it has one."""
        self._extra = []
        if self.app.main.view == "task" and not self.session.screen.exercise:
            self.app.main.show_view("lesson")
        if self._client is not None and self.session.screen.exercise:
            self.app.slowly(self._start_here)

    def _start_here(self) -> None:
        """Begin the exercise of the screen, if there is one. In a worker thread."""
        # One at a time, and what counts is where the learner is by then: she may leaf on while a start is being made.
        with self._starting:
            exercise = self.session.exercise
            if self.session.screen.exercise and exercise is not None and self.session.started != exercise.full_id:
                self.session.start(exercise.full_id)
        self.app.tell(self.draw_task)

    def restart(self) -> None:
        """Set up the starting state (again)."""
        exercise = self.session.exercise
        if exercise is None or self._client is None:
            return
        full_id = exercise.full_id
        self.app.main.terminal.note(self.say("starting"), "dim")

        def work() -> None:
            with self._starting:
                (self.session.reset if self.session.started == full_id else self.session.start)(full_id)

        self.app.slowly(work)

    def hint(self) -> None:
        """Take the next hint."""
        taken = self.session.hint() if self.session.exercise is not None else None
        if taken is None:
            self.app.main.terminal.note(self.say("no-hint"))
            return
        number, text, cost = taken
        name = "hint" if cost else "free-hint"
        paragraph = f"{self.say(name, number=number, cost=f'{cost:g}')}: {text}"
        self._extra.append(paragraph)
        self.app.main.terminal.note(paragraph, "yellow")
        self.draw_task()

    def solution(self) -> None:
        """Show the solutions in the pager."""
        if self.session.exercise is None:
            return
        parts = [self.session.solution_text(way) for way in self.session.solutions()]
        self._page(self.say("solution"), "\n\n".join(parts).splitlines())

    def submit(self, check: str, words: list[str]) -> None:
        """Answer an answer check; several words are one text, or the ids of several choices."""
        language = self.session.language
        asked = {found.id: found for found in quiz.due(self.session.exercise, passed=True)}

        def work() -> None:
            if check in asked:
                given = quiz.judge(asked[check], words, language)
                self._verdict(given.why, right=given.right)
                return
            result = self.session.submit(check, answer_of(self.session, check, words))
            self._verdict("", right=result.passed)

        self.app.main.terminal.begin(f"answer {check} {' '.join(words)}")
        self.app.slowly(work)

    def _verdict(self, why: str, *, right: bool) -> None:
        sign, style = ("✓", "green") if right else ("✗", "red")
        text = f"{sign} {self.say('quiz-right' if right else 'quiz-wrong')} {why}".rstrip()
        self.app.tell(lambda: self.app.main.terminal.note(text, style))

    def next_language(self) -> None:
        """Switch to the next language of the course."""
        languages = list(self.session.course.available_languages())
        at = languages.index(self.session.language) if self.session.language in languages else -1
        self.session.set_language(languages[(at + 1) % len(languages)])
        self.app.language = self.session.language
        self.app.main.terminal.note(self.say("language"), "dim")

    def undo(self) -> None:
        """Take back the last command."""

        def work() -> None:
            key = "undone" if self.session.undo() else "nothing-undone"
            self.app.tell(lambda: self.app.main.terminal.note(self.say(key)))

        self.app.slowly(work)

    def lessons(self) -> None:
        """Choose a lesson from the list."""
        from k8s_tutor.tui.screens.lessons import LessonsScreen

        def chosen(lesson: str | None) -> None:
            if lesson:
                self.go(lesson)

        self.app.push_screen(LessonsScreen(self.session.lessons(), self.session.language), chosen)

    def help(self) -> None:
        """Show the keys."""
        self._page(self.say("help"), help_lines(self.session.language))

    def pager(self) -> None:
        """Show the last output in the pager."""
        self._page("", self.app.main.terminal.last_output)

    def _page(self, title: str, lines: list[str]) -> None:
        from k8s_tutor.tui.screens.pager import PagerScreen

        self.app.push_screen(PagerScreen(title, lines, self.session.language))
