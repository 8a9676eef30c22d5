"""Course packs: their models, the loader, translations, and the progress of a learner.

Data only; it knows no cluster. What a pack looks like: ``docs/pack-format.md``; the JSON Schemas lie in ``schemas/``.
"""

from k8s_tutor.course.course import Course
from k8s_tutor.course.model import Check, Exercise, LessonInfo, Screen, Step, Text, Way
from k8s_tutor.course.progress import ProgressStore

__all__ = ["Check", "Course", "Exercise", "LessonInfo", "ProgressStore", "Screen", "Step", "Text", "Way"]
