"""What most commands need first: the provider's cluster, and the learner's session on it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from k8s_tutor.session import Session

if TYPE_CHECKING:
    from k8s_tutor.providers import Provider


@contextlib.contextmanager
def opened(*, cluster: bool = True, language: str = "") -> Iterator[Session]:
    """Yield the learner's session; with ``cluster`` its cluster is started first.

    Raises:
        TutorError: what is missing, and what to type.
    """
    from k8s_tutor.providers import open_provider

    provider = open_provider()
    if cluster:
        provider.start()
    session = Session.open(provider=provider, language=language)
    try:
        yield session
    finally:
        session.close()


def at_exercise(session: Session, exercise: str) -> str:
    """Go to an exercise named on the command line (``lesson/exercise`` or its id); returns its full id.

    Raises:
        UsageError: there is none of that name, or the current screen has none and none was named.
    """
    from k8s_tutor.errors import UsageError

    if exercise:
        lesson, _, name = exercise.rpartition("/")
        found = session.course.lesson(lesson or session.place.lesson)
        if name not in found.exercises:
            raise UsageError(
                f"The lesson {found.id} has no exercise «{name}».",
                f"It has: {', '.join(found.exercises) or 'none'}.",
                "Type: k8s-tutor list --json, or name it as LESSON/EXERCISE, e.g. pods/first-manifest",
            )
        session.go(found.id, name)
    current = session.exercise
    if current is None:
        raise UsageError(
            "There is no exercise here.",
            f"The place is {session.place.lesson}, screen {session.place.index + 1}: only text.",
            "Type: k8s-tutor list, then e.g. k8s-tutor check pods/first-manifest",
        )
    return current.full_id


def learners_kubeconfig(provider: "Provider") -> Path:
    """Return the session's kubeconfig, whose namespace follows the exercise; the provider's before the first one."""
    with contextlib.closing(Session.open(provider=provider)) as session:
        return session.kubeconfig if session.kubeconfig.exists() else provider.kubeconfig()
