"""The list of lessons with what was done of each, and the language it is told in."""

import os
from dataclasses import dataclass

from k8s_tutor.course import Course, LessonInfo, ProgressStore


@dataclass(frozen=True, slots=True)
class LessonStatus:
    """A line of the list of lessons; ``missing`` are capabilities that the provider does not offer."""

    info: LessonInfo
    passed: int
    total: int
    points: float
    current: bool
    missing: frozenset[str]


def overview(course: Course, store: ProgressStore, current: str, offered: frozenset[str]) -> list[LessonStatus]:
    """List all lessons and homework, with what was done."""
    done = store.passed(course.id)
    found = []
    for info in (*course.lessons(), *course.homework()):
        mine = [done[f"{info.id}/{name}"] for name in info.exercises if f"{info.id}/{name}" in done]
        points = sum(passed.points for passed in mine)
        status = LessonStatus(info, len(mine), len(info.exercises), points, info.id == current, info.needs - offered)
        found.append(status)
    return found


def choose_language(course: Course, wanted: str) -> str:
    """The wanted language, else the locale's, else the course's first."""
    known = course.available_languages()
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((name for name in names if name), "")
    for name in (wanted, locale.split(".")[0].replace("_", "-"), locale[:2]):
        if name in known:
            return name
    return known[0]
