"""One learner's session: the whole that the app, the plain mode and the command line drive.

Getters are cheap and may be called from any thread. Methods marked *slow* talk to the cluster: call them from a worker
thread. Events go to subscribers from the thread where they arise. Opening touches no cluster.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final, Self

from k8s_tutor.checks.result import CheckResult, State
from k8s_tutor.checks.stage import placed
from k8s_tutor.course import Course, Exercise, LessonInfo, ProgressStore, Screen, Way
from k8s_tutor.errors import TutorError, UsageError
from k8s_tutor.paths import private_folder, state_dir
from k8s_tutor.providers.contract import Provider
from k8s_tutor.session.attempt import Attempt, states_of
from k8s_tutor.session.commands import CommandResult, Commands
from k8s_tutor.session.connection import Connection
from k8s_tutor.session.events import (
    CheckState,
    CommandFinished,
    Event,
    ExerciseReset,
    ExerciseStarted,
    HintTaken,
    LanguageChanged,
    PlaceChanged,
    Working,
)
from k8s_tutor.session.overview import LessonStatus, choose_language, overview
from k8s_tutor.session.places import Place, Places
from k8s_tutor.session.solutions import as_markdown
from k8s_tutor.session.words import say

INTERRUPTED: Final = 130


class Session:
    """Made by :meth:`open`, ended by :meth:`close` (also a context manager)."""

    def __init__(
        self, course: Course, store: ProgressStore, provider: Provider | None, source: Path | None, language: str
    ) -> None:
        self.course = course
        self.store = store
        self.language = language
        self.provider = provider
        self._connection = Connection(provider, source)
        self._lock = threading.RLock()
        self._subscribers: list[Callable[[Event], None]] = []
        self._attempt: Attempt | None = None
        self._set_up = threading.Event()
        self._set_up.set()
        self._interrupted = threading.Event()
        self._places = Places(course)
        self._commands = Commands(self._connection.client, provider)
        kept = store.place(course.id)
        self._place = self._places.find_kept(*kept, language) if kept else self._places.first(language)

    @classmethod
    def open(
        cls,
        course: Course | None = None,
        *,
        provider: Provider | None = None,
        kubeconfig: Path | None = None,
        store: ProgressStore | None = None,
        language: str = "",
    ) -> Self:
        """Open a session where the learner stopped; the cluster is not touched yet (first paint comes first).

        Args:
            course: the built-in one if not given.
            provider: gives kubeconfig and capabilities; may be None with a kubeconfig.
            kubeconfig: of an existing cluster; the provider's if not given.
            store: progress; the one in the state folder if not given.
            language: the kept one, else the locale's, if not given.

        Raises:
            TutorError: the pack or the progress cannot be used.
        """
        course = course or Course.builtin()
        store = store or ProgressStore()
        chosen = choose_language(course, language or store.setting("language"))
        course.use_language(chosen)
        return cls(course, store, provider, kubeconfig, chosen)

    def close(self) -> None:
        """Stop watching, keep the place."""
        with self._lock:
            attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.end()
        self._commands.interrupt()
        self._connection.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- place and texts

    @property
    def place(self) -> Place:
        """Where the learner is."""
        return self._place

    @property
    def lesson(self) -> LessonInfo:
        """The current lesson."""
        return self.course.lesson(self._place.lesson)

    @property
    def screens(self) -> tuple[Screen, ...]:
        """Screens of the current lesson in the current language."""
        return self.course.screens(self._place.lesson, self.language)

    @property
    def screen(self) -> Screen:
        """The current screen."""
        screens = self.screens
        return screens[min(self._place.index, len(screens) - 1)]

    @property
    def exercise(self) -> Exercise | None:
        """The exercise of the current screen, else the one going on if it is of this lesson, else None."""
        if self._place.exercise:
            return self.course.exercise(f"{self._place.lesson}/{self._place.exercise}")
        attempt = self._attempt
        return attempt.exercise if attempt is not None and attempt.exercise.lesson == self._place.lesson else None

    def lessons(self) -> list[LessonStatus]:
        """All lessons and homework, with what was done."""
        return overview(self.course, self.store, self._place.lesson, self._connection.capabilities)

    def go(self, lesson: str, screen: str | int = 0) -> Place:
        """Show another place.

        Args:
            lesson: id, folder or number.
            screen: anchor, index, or the id of an exercise.

        Raises:
            UsageError: there is no such place.
        """
        return self._moved_to(self._places.find(lesson, screen, self.language))

    def next(self) -> Place:
        """The next screen, over lesson ends; stays at the very end."""
        return self._moved_to(self._places.moved(self._place, 1, self.language))

    def previous(self) -> Place:
        """The screen before, over lesson ends; stays at the very beginning."""
        return self._moved_to(self._places.moved(self._place, -1, self.language))

    def set_language(self, language: str) -> None:
        """Switch the language; kept.

        Raises:
            UsageError: the course has no such language.
        """
        if language not in self.course.available_languages():
            known = ", ".join(self.course.available_languages())
            raise UsageError(
                f"The course has no language {language!r}.", f"Why: it has {known}.", "Next: use one of them."
            )
        self.course.use_language(language)
        self.language = language
        self.store.set_setting("language", language)
        self._place = self._places.find_kept(self._place.lesson, self._place.screen, language)
        self._emit(LanguageChanged(language))

    # -- the exercise

    @property
    def started(self) -> str:
        """Full id of the exercise whose checks are live; empty if none, or while its starting state is being made."""
        attempt = self._attempt
        return attempt.exercise.full_id if attempt is not None and attempt.is_live else ""

    @property
    def is_setting_up(self) -> bool:
        """Whether a starting state is being made."""
        return not self._set_up.is_set()

    @property
    def workdir(self) -> Path:
        """The learner's working folder: the exercise's that goes on, else a common one."""
        attempt = self._attempt
        return attempt.stage.workdir if attempt is not None else private_folder(state_dir() / "work" / "free")

    @property
    def kubeconfig(self) -> Path:
        """The learner's kubeconfig, made from the cluster's; its current context has the exercise's namespace.

        Raises:
            ClusterUnavailableError: there is no cluster yet.
        """
        return self._connection.kubeconfig

    def start(self, exercise: str = "") -> None:
        """*Slow.* Make an exercise's start state and begin live checks; one that stands already is only attached to.

        Args:
            exercise: id or full id; the current one if not given.

        Raises:
            TutorError: no such exercise, no cluster, a missing capability, or a start that fails.
        """
        found = self._named(exercise)
        if self.started == found.full_id:
            return
        with self._working("starting"), self._unless_it_fails():
            made = self._replaced(found).resume_or_start()
        if made:
            self._commands.forget()
        self._emit(ExerciseStarted(found.full_id))

    def checks(self) -> tuple[CheckState, ...]:
        """Live states of the current exercise's checks; all pending while it is not started."""
        found = self.exercise
        if found is None:
            return ()
        attempt = self._attempt
        running = attempt is not None and attempt.exercise.full_id == found.full_id
        return states_of(found, attempt.results if running and attempt is not None else {})

    def check_now(self, exercise: str = "", timeout: float = 15.0) -> tuple[CheckState, ...]:
        """*Slow.* Judge all checks now, waiting for what has to hold for a while.

        Args:
            exercise: id or full id; the current one if not given. It is started if it was not.
            timeout: real seconds to wait at most.

        Raises:
            TutorError: as ``start``.
        """
        self.start(exercise)
        attempt = self._running()
        end = time.monotonic() + timeout
        results = attempt.judge()
        while time.monotonic() < end and any(found.state is State.PENDING for found in results.values()):
            waits = [found.retry_after or 0.5 for found in results.values() if found.state is State.PENDING]
            time.sleep(min(0.5, max(0.05, *waits)))
            results = attempt.judge()
        return attempt.states()

    def submit(self, check: str, answer: str | float | list[str]) -> CheckResult:
        """Answer an answer check; it is judged at once.

        Raises:
            UsageError: no exercise goes on, or it has no such check.
        """
        attempt = self._running()
        if check not in {found.id for found in attempt.exercise.checks}:
            raise UsageError(f"The exercise {attempt.exercise.full_id} has no check {check!r}.")
        return attempt.answer(check, answer)

    def hints_taken(self, exercise: str = "") -> int:
        """How many hints were taken since the exercise was started."""
        return len(self.store.hints(self.course.id, self._named(exercise).full_id))

    def hint(self, exercise: str = "") -> tuple[int, str, float] | None:
        """Take the next hint: number (from 1), text, cost; one for a failing check first. None when all were taken."""
        found = self._named(exercise)
        taken = self.store.hints(self.course.id, found.full_id)
        left = [number for number in range(1, len(found.hints) + 1) if number not in taken]
        if not left:
            return None
        failing = {state.id for state in self.checks() if state.state is State.FAILED}
        number = next((number for number in left if found.hints[number - 1].check in failing), left[0])
        hint = found.hints[number - 1]
        self.store.record_hint(self.course.id, found.full_id, number, hint.cost)
        self._emit(HintTaken(found.full_id, number, hint.cost))
        return number, hint.text.get(self.language), hint.cost

    def solutions(self, exercise: str = "") -> tuple[Way, ...]:
        """Show the answers; the exercise earns no points from then until it is reset."""
        found = self._named(exercise)
        self.store.record_solution(self.course.id, found.full_id)
        return found.solutions

    def solution_text(self, way: Way) -> str:
        """A solution as Markdown: what the author says, its commands, the manifests it applies."""
        return as_markdown(way, self.language)

    def reset(self, exercise: str = "") -> None:
        """*Slow.* The start state again, in a second where the provider has snapshots.

        Raises:
            TutorError: as ``start``.
        """
        found = self._named(exercise)
        with self._working("resetting"), self._unless_it_fails():
            attempt = self._attempt
            if attempt is None or attempt.exercise.full_id != found.full_id:
                attempt = self._replaced(found)
            attempt.reset()
        self._commands.forget()
        self._emit(ExerciseReset(found.full_id))

    def undo(self) -> bool:
        """*Slow.* Take back the last command (capability snapshot); False if there is none."""
        done = self._commands.undo()
        attempt = self._attempt
        if done and attempt is not None:
            attempt.poke()
        return done

    # -- commands

    def run_command(
        self, line: str, *, stdin: IO[bytes] | None = None, write: Callable[[bytes], None] | None = None
    ) -> CommandResult:
        """*Slow.* Run a shell line in the working folder; ``write`` gets output as it comes (any thread).

        While a starting state is being made the line waits: it would meet half of it.

        Raises:
            ClusterUnavailableError: there is no cluster yet.
        """
        self._interrupted.clear()
        while not self._set_up.wait(0.05):
            if self._interrupted.is_set():
                return CommandResult(line, INTERRUPTED, "")
        result = self._commands.run(line, self.workdir, self.kubeconfig, stdin=stdin, write=write)
        self.store.record_command(self.course.id, self.started, line, result.exit_code)
        attempt = self._attempt
        if attempt is not None:
            attempt.poke()
        self._emit(CommandFinished(line, result.exit_code))
        return result

    def ask_with(
        self, *, confirm: Callable[[str], bool] | None = None, edit: Callable[[str, str], str] | None = None
    ) -> None:
        """Say who is asked while a command runs, in its thread.

        Args:
            confirm: before it harms what is not the lesson's on a real cluster; without one it is refused.
            edit: what ``kubectl edit`` opens: gets text and suffix, returns the edited text; $EDITOR without one.
        """
        self._commands.confirm, self._commands.edit = confirm, edit

    def interrupt(self) -> None:
        """End the running command, from any thread."""
        self._interrupted.set()
        self._commands.interrupt()

    def history(self) -> list[str]:
        """Lines typed, oldest first, kept over sessions."""
        return self.store.commands(self.course.id)

    # -- events

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back on every event, from whatever thread it arises in; returns the function that ends it."""
        with self._lock:
            self._subscribers.append(callback)

        def end() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._subscribers.remove(callback)

        return end

    # -- inside

    def _emit(self, event: Event) -> None:
        with self._lock:
            subscribers = tuple(self._subscribers)
        for callback in subscribers:
            callback(event)

    @contextlib.contextmanager
    def _working(self, what: str) -> Iterator[None]:
        text = say(self.language, what)
        self._set_up.clear()
        try:
            self._emit(Working(text))
            yield
        finally:
            self._set_up.set()
            self._emit(Working(text, done=True))

    @contextlib.contextmanager
    def _unless_it_fails(self) -> Iterator[None]:
        """An exercise whose start failed is not going on: trying again tries again."""
        try:
            yield
        except BaseException:
            with self._lock:
                failed, self._attempt = self._attempt, None
            if failed is not None:
                failed.end()
            raise

    def _moved_to(self, place: Place) -> Place:
        if place != self._place:
            self._place = place
            self.store.set_place(self.course.id, place.lesson, place.screen)
            self._emit(PlaceChanged(place.lesson, place.screen))
        return place

    def _named(self, exercise: str) -> Exercise:
        if exercise:
            if exercise in self.lesson.exercises:
                return self.course.exercise(f"{self._place.lesson}/{exercise}")
            return self.course.exercise(exercise)
        found = self.exercise
        if found is None:
            raise UsageError(
                "There is no exercise on this screen.",
                f"Why: {self._place.lesson}#{self._place.screen} is text only.",
                "Next: go on to a screen with a task, or name one: k8s-tutor list.",
            )
        return found

    def _running(self) -> Attempt:
        attempt = self._attempt
        if attempt is None:
            raise UsageError("No exercise is going on.", "", "Next: start one first.")
        return attempt

    def _replaced(self, exercise: Exercise) -> Attempt:
        """End what goes on, and make an attempt at another exercise."""
        missing = sorted(exercise.needs - self._connection.capabilities)
        if missing:
            raise TutorError(
                f"The exercise {exercise.full_id} cannot be done on this cluster.",
                f"Why: it needs {', '.join(missing)}.",
                "Next: k8s-tutor provider use practice",
            )
        with self._lock:
            before, self._attempt = self._attempt, None
        if before is not None:
            before.end()
        owns = self._connection.owns_cluster
        lesson = self.course.lesson(exercise.lesson)
        attempt = Attempt(
            self.course.id,
            exercise,
            self._connection.use_namespace(placed(exercise.namespace, owns_cluster=owns)),
            self.provider,
            self.store,
            private_folder(state_dir() / "work" / self.course.id / lesson.folder / exercise.id),
            owns_cluster=owns,
            shell=self._connection.shell,
            wait=self._connection.wait,
            emit=self._emit,
        )
        with self._lock:
            self._attempt = attempt
        return attempt
