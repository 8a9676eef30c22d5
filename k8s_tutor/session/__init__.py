"""What one learner is doing: place, exercise, live checks, hints, commands. No user interface is imported.

``Session`` (``session.py``) is what the app, the plain mode and the command line are built on; ``events.py`` lists what
it tells its subscribers.
"""

from k8s_tutor.session.events import (
    CheckState,
    ChecksChanged,
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
from k8s_tutor.session.session import CommandResult, LessonStatus, Place, Session

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
