"""Where the learner is in the course: lesson and screen, forward and back over lesson ends."""

from dataclasses import dataclass

from k8s_tutor.course import Course, LessonInfo, Screen
from k8s_tutor.errors import UsageError


@dataclass(frozen=True, slots=True)
class Place:
    """Where the learner is: lesson id, index of the screen, its anchor, the exercise on it (or empty)."""

    lesson: str
    index: int
    screen: str
    exercise: str = ""


class Places:
    """Finds places in a course; holds none."""

    def __init__(self, course: Course) -> None:
        self._course = course

    def first(self, language: str) -> Place:
        """The very beginning.

        Raises:
            UsageError: the course has no lessons.
        """
        lessons = self._course.lessons()
        if not lessons:
            raise UsageError("The course has no lessons yet.", "", "Next: k8s-tutor dev new lesson.")
        return self.find(lessons[0].id, 0, language)

    def find(self, lesson: str, screen: str | int, language: str) -> Place:
        """Find a place by lesson (id, folder, number) and screen (anchor, index, or an exercise's id).

        Raises:
            UsageError: unknown lesson or screen.
        """
        info = self._course.lesson(lesson)
        screens = self._course.screens(info.id, language)
        if isinstance(screen, int):
            return self._at(info, screens, min(max(screen, 0), len(screens) - 1))
        wanted = screen.rpartition("/")[2]
        for index, found in enumerate(screens):
            if wanted in {found.anchor, found.exercise}:
                return self._at(info, screens, index)
        raise UsageError(
            f"The lesson {info.id} has no screen {screen!r}.",
            f"Why: there are {', '.join(found.anchor for found in screens)}.",
            f"Next: k8s-tutor {info.id} begins at its first screen.",
        )

    def find_kept(self, lesson: str, screen: str, language: str) -> Place:
        """Find where the learner stopped; a screen that is no more gives its lesson's first, a lesson the course's."""
        try:
            return self.find(lesson, screen, language)
        except UsageError:
            pass
        try:
            return self.find(lesson, 0, language)
        except UsageError:
            return self.first(language)

    def moved(self, place: Place, by: int, language: str) -> Place:
        """The next (+1) or previous (-1) screen, over lesson ends; the same at the ends of the course."""
        lessons = [*self._course.lessons(), *self._course.homework()]
        at = next((index for index, info in enumerate(lessons) if info.id == place.lesson), 0)
        index = place.index + by
        if 0 <= index < len(self._course.screens(place.lesson, language)):
            return self.find(place.lesson, index, language)
        if not 0 <= at + by < len(lessons):
            return place
        other = lessons[at + by]
        return self.find(other.id, 0 if by > 0 else len(self._course.screens(other.id, language)) - 1, language)

    @staticmethod
    def _at(info: LessonInfo, screens: tuple[Screen, ...], index: int) -> Place:
        found = screens[index]
        return Place(info.id, index, found.anchor, found.exercise)
