"""What authors use: lint, proof on a cluster, scaffold, preview.

``check.py`` is ``k8s-tutor dev check``: it reads a pack as a critical reader (``lint.py``) and then plays every exercise
on a cluster (``proof.py``): untouched, with each solution, with each mistake.
"""

from k8s_tutor.author.check import check_pack
from k8s_tutor.author.preview import preview
from k8s_tutor.author.report import Problem, Report, Severity
from k8s_tutor.author.scaffold import new_lesson
from k8s_tutor.playground import Playground

__all__ = ["Playground", "Problem", "Report", "Severity", "check_pack", "new_lesson", "preview"]
