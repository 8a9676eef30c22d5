"""Grading of homework: many submissions, each played in a process and on a fresh cluster of its own.

``submissions`` finds and unpacks what students handed in, ``assigning`` finds which file answers which task,
``worker`` grades one submission, ``running`` runs workers side by side with limits, ``reports`` writes results out.
"""

from k8s_tutor.grading.result import CheckMark, ClassResult, SubmissionResult, TaskResult
from k8s_tutor.grading.running import Limits, grade

__all__ = ["CheckMark", "ClassResult", "Limits", "SubmissionResult", "TaskResult", "grade"]
