"""What one learner is doing: place, exercise, live checks, hints, commands. No user interface is imported.

``Session`` (``session.py``) is what the app, the plain mode and the command line are built on; ``events.py`` lists what
it tells its subscribers.
"""

from k8s_tutor.session.commands import CommandResult
from k8s_tutor.session.events import (
    ChecksChanged,
    CheckState,
    ClusterBack,
    ClusterLost,
    CommandFinished,
    Event,
    ExercisePassed,
    ExerciseReset,
    ExerciseStarted,
    HintTaken,
    LanguageChanged,
    PlaceChanged,
    Working,
)
from k8s_tutor.session.overview import LessonStatus
from k8s_tutor.session.places import Place
from k8s_tutor.session.session import Session

__all__ = [
    "CheckState",
    "ChecksChanged",
    "ClusterBack",
    "ClusterLost",
    "CommandFinished",
    "CommandResult",
    "Event",
    "ExercisePassed",
    "ExerciseReset",
    "ExerciseStarted",
    "HintTaken",
    "LanguageChanged",
    "LessonStatus",
    "Place",
    "PlaceChanged",
    "Session",
    "Working",
]
