"""The line mode: the same lessons and checks without the alternate screen, for screen readers and dumb terminals.

A line is a command of the prompt, or one of a few words of the tutor itself, each said by ``help``.
"""

import contextlib
import sys
import threading
from collections.abc import Callable
from typing import Any

import click

from k8s_tutor.cli import marks
from k8s_tutor.cli.words import say
from k8s_tutor.errors import TutorError
from k8s_tutor.kubectl.continuing import wants_more
from k8s_tutor.session import ChecksChanged, CheckState, Event, ExercisePassed, Session, complaints, quiz
from k8s_tutor.session.answers import answer_of

HELP = {
    "en": """Words of the tutor: next, back, text, task, check, hint, solution, reset, undo, lessons, open LESSON, answer QUESTION …, lang, help, quit.
Everything else is a command: kubectl get pods, cat > file <<EOF …""",
    "ru": """Слова тренажёра: next, back, text, task, check, hint, solution, reset, undo, lessons, open УРОК, answer ВОПРОС …, lang, help, quit.
Всё остальное — команда: kubectl get pods, cat > file <<EOF …""",
}


class PlainMode:
    """One learner's dialogue in lines.

    Args:
        session: what the learner is doing.
        write: takes text to be read.
        read: gives the next line; EOFError at the end.
    """

    def __init__(self, session: Session, write: Callable[[str], None], read: Callable[[str], str]) -> None:
        self._session = session
        self._write = write
        self._read = read
        self._passed: set[str] = set()
        self._lock = threading.Lock()

    def run(self) -> int:
        """Read lines until the learner leaves; returns the exit code."""
        end = self._session.subscribe(self._hear)
        self._session.ask_with(confirm=self._confirm)
        try:
            self._text()
            self._begin()
            while True:
                try:
                    line = self._read(f"{self._session.lesson.folder} $ ").strip()
                except EOFError:
                    self._write("")
                    return 0
                if line in ("quit", "exit"):
                    return 0
                with _told(self._write, self._session):
                    self._do(line)
        finally:
            end()

    def _do(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        act: Callable[[], Any] | None = {
            "next": self._next,
            "back": self._back,
            "text": self._text,
            "task": self._task,
            "check": self._check,
            "hint": self._hint,
            "solution": self._solution,
            "reset": self._reset,
            "undo": lambda: self._write(self._say("undone" if self._session.undo() else "nothing-undone")),
            "lessons": self._lessons,
            "lang": lambda: self._language(rest),
            "help": lambda: self._write(HELP.get(self._session.language, HELP["en"])),
        }.get(word)
        if not line:
            return
        if word == "open" and rest:
            self._session.go(rest)
            self._text()
            self._begin()
        elif word == "answer" and rest.count(" ") >= 1:
            self._answer(*rest.split())
        elif act is not None and (not rest or word == "lang"):
            act()
        else:
            self._command(line)

    def _next(self) -> None:
        before = self._session.place
        if self._session.next() == before:
            self._write(self._say("last-screen"))
            return
        self._text()
        self._begin()

    def _back(self) -> None:
        self._session.previous()
        self._text()

    def _text(self) -> None:
        session = self._session
        self._write(f"\n{session.lesson.title.get(session.language)}, {session.place.index + 1}/{len(session.screens)}")
        self._write(session.screen.markdown)

    def _begin(self) -> None:
        """Set up the exercise of the screen, if there is one."""
        session = self._session
        exercise = session.exercise
        if session.screen.exercise and exercise is not None:
            with _told(self._write, self._session):
                if session.started != exercise.full_id:
                    session.start(exercise.id)
                self._task()

    def _task(self) -> None:
        exercise = self._session.exercise
        if exercise is None:
            self._write(self._say("nothing-to-do"))
            return
        language = self._session.language
        self._write(f"{exercise.title.get(language)}: {exercise.goal.get(language)}")
        if exercise.task:
            self._write(exercise.task.get(language))
        self._marks(self._session.checks())

    def _check(self) -> None:
        self._marks(self._session.check_now())

    def _marks(self, checks: tuple[CheckState, ...]) -> None:
        self._write("\n".join(marks.lines(checks, self._session.language)))

    def _hint(self) -> None:
        found = self._session.hint()
        if found is None:
            self._write(self._say("no-hints"))
            return
        number, text, cost = found
        self._write(self._say("hint" if cost else "free-hint", number=number, text=text, cost=f"{cost:g}"))

    def _solution(self) -> None:
        for way in self._session.solutions():
            self._write(self._session.solution_text(way))

    def _answer(self, check: str, *words: str) -> None:
        session = self._session
        asked = {found.id: found for found in quiz.due(session.exercise, passed=True)}
        if check in asked:
            given = quiz.judge(asked[check], list(words), session.language)
            self._write(f"{self._say('right' if given.right else 'wrong')} {given.why}".rstrip())
            return
        result = session.submit(check, answer_of(session, check, words))
        self._write(self._say("passed" if result.passed else "failed"))

    def _reset(self) -> None:
        self._session.reset()
        self._task()

    def _lessons(self) -> None:
        for lesson in self._session.lessons():
            current = ">" if lesson.current else " "
            title = lesson.info.title.get(self._session.language)
            self._write(f"{current} {lesson.info.folder}: {title} {lesson.passed}/{lesson.total}")

    def _language(self, wanted: str) -> None:
        languages = list(self._session.course.available_languages())
        following = languages[(languages.index(self._session.language) + 1) % len(languages)]
        self._session.set_language(wanted or following)
        self._text()

    def _command(self, line: str) -> None:
        while wants_more(line):
            line += "\n" + self._read("> ")
        result = self._session.run_command(line, write=_to_stdout)
        if result.exit_code > 1:
            self._write(self._say("exit", code=result.exit_code))

    def _say(self, name: str, **values: object) -> str:
        return say(self._session.language, name, **values)

    def _confirm(self, what: str) -> bool:
        self._write(self._say("confirm", what=what))
        try:
            return self._read(self._say("confirm-prompt")).strip().lower() == "yes"
        except EOFError:
            return False

    def _hear(self, event: Event) -> None:
        """Tell of checks that have just passed, once each."""
        with self._lock:
            if isinstance(event, ChecksChanged):
                for check in event.checks:
                    key = f"{event.exercise}/{check.id}"
                    if check.result.passed and key not in self._passed:
                        self._passed.add(key)
                        self._write(f"{self._say('passed')} {check.check.title.get(self._session.language)}")
            elif isinstance(event, ExercisePassed):
                self._write(self._say("solved", points=f"{event.points:g}", most=f"{event.max_points:g}"))
                for question in quiz.due(self._session.exercise, passed=True):
                    self._write(quiz.as_text(question, self._session.language))


def _to_stdout(data: bytes) -> None:
    sys.stdout.write(data.decode("utf-8", "replace"))
    sys.stdout.flush()


@contextlib.contextmanager
def _told(write: Callable[[str], None], session: Session) -> Any:
    """Turn a TutorError, or Ctrl-C in a command, into lines."""
    try:
        yield
    except TutorError as error:
        write(complaints.told(error, session.language))
    except KeyboardInterrupt:
        write(say(session.language, "stopped"))


def run_plain(provider: Any, lesson: str, language: str) -> int:
    """Run the line mode on a provider's cluster."""
    provider.start()
    click.echo(provider.status().summary)
    session = Session.open(provider=provider, language=language)
    try:
        if lesson:
            session.go(lesson)
        return PlainMode(session, click.echo, input).run()
    finally:
        session.close()
