"""What check kinds share that look at the objects of one query, now (``ObjectKind``) or over time (``RecordedKind``)."""

import abc
from collections.abc import Sequence

from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kind import CheckKind
from k8s_tutor.checks.objects import ObjectQuery
from k8s_tutor.checks.recorder import History
from k8s_tutor.checks.result import CheckResult, State
from k8s_tutor.course.model import Check


class ObjectKind(CheckKind):
    """A kind whose spec names its objects under ``object``; it depends on those and nothing else."""

    def __init__(self, check: Check) -> None:
        super().__init__(check)
        self._query = ObjectQuery.of(self.spec["object"])

    def watches(self) -> Sequence[ObjectQuery]:
        return (self._query,)


class RecordedKind(ObjectKind):
    """A kind that judges the recorded watch of its objects; without a recording it is ungradable."""

    def records(self) -> Sequence[ObjectQuery]:
        return (self._query,)

    def evaluate(self, context: CheckContext) -> CheckResult:
        history = context.recorder.history(self._query) if context.recorder is not None else None
        if history is None:
            return CheckResult(State.UNGRADABLE, about=str(self._query), detail="nothing was recorded")
        return self.judge(context, history)

    @abc.abstractmethod
    def judge(self, context: CheckContext, history: History) -> CheckResult:
        """Return the verdict on what was recorded."""
