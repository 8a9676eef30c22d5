"""history: what was true over time, by the recorded watch: always, never, eventually; after, until, for, within.

A moment is the state after one change. ``always`` and ``never`` look at every moment of the span, ``eventually`` needs
one that lasts for ``for``. A violation that was seen is a failure even if the recording has gaps; a pass needs a
recording without one.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from k8s_tutor.checks import pattern
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kind import SpecPath
from k8s_tutor.checks.kinds.match import bounds, counted_as
from k8s_tutor.checks.meaning import shown
from k8s_tutor.checks.objectkind import RecordedKind
from k8s_tutor.checks.objects import QUERY_SCHEMA, Object, label
from k8s_tutor.checks.recorder import History
from k8s_tutor.checks.result import CheckResult, Difference, State
from k8s_tutor.course.durations import seconds
from k8s_tutor.course.model import Check

Moment = tuple[float, list[Object]]
_DURATION = {"$ref": "common.schema.json#/$defs/duration"}


class HistoryCheck(RecordedKind):
    """Judges the moments of ``object`` between ``after`` and ``until``."""

    name = "history"
    sticky = True
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["object"],
        "oneOf": [
            {"required": ["always"]},
            {"required": ["never"]},
            {"required": ["eventually"]},
            {"required": ["count"]},
        ],
        "properties": {
            "object": {**QUERY_SCHEMA, "required": ["kind"]},
            "always": {"type": "object"},
            "never": {"type": "object"},
            "eventually": {"type": "object"},
            "after": {"type": "object"},
            "until": {"type": "object"},
            "for": _DURATION,
            "within": _DURATION,
            "count": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"pattern": {"type": "object"}, "min": {"type": "integer"}, "max": {"type": "integer"}},
            },
        },
    }

    def __init__(self, check: Check) -> None:
        super().__init__(check)
        self._for = seconds(self.spec.get("for", 0)) or 0.0
        self._within = seconds(self.spec["within"]) if "within" in self.spec else None

    def mistakes(self) -> Iterator[tuple[SpecPath, str]]:
        for field in ("always", "never", "eventually", "after", "until"):
            if field in self.spec:
                yield from pattern.mistakes_in(self.spec[field], (field,))
        yield from pattern.mistakes_in(self.spec.get("count", {}).get("pattern", {}), ("count", "pattern"))

    def judge(self, context: CheckContext, history: History) -> CheckResult:
        span, closed = self._span(list(history.moments()))
        if not span:
            expected = shown(self.spec["after"]) if "after" in self.spec else str(self._query)
            return self._failed(Difference("history", expected, "that never happened"), history)
        if "eventually" in self.spec:
            return self._eventually(context, span, history, closed)
        return self._throughout(span, history, closed)

    def _span(self, moments: list[Moment]) -> tuple[list[Moment], bool]:
        """Cut the moments to the span that is judged; and whether ``until`` has come."""
        begin = 0
        if "after" in self.spec:
            found = next((at for at, moment in enumerate(moments) if _holds(self.spec["after"], moment)), None)
            if found is None:
                return [], False
            begin = found
        span = moments[begin:]
        if "until" not in self.spec:
            return span, True
        # The moment of `after` itself may look like `until` already (a rollout that has not begun).
        later = (at for at in range(1, len(span)) if _holds(self.spec["until"], span[at]))
        end = next(later, None)
        return (span, False) if end is None else (span[: end + 1], True)

    def _throughout(self, span: list[Moment], history: History, closed: bool) -> CheckResult:
        for moment in span:
            difference = self._violation(moment)
            if difference is not None:
                return self._failed(difference, history, moment)
        if not history.complete:
            return self._ungradable(history)
        if not closed:
            return self._failed(Difference("history", shown(self.spec["until"]), "not yet"), history)
        return CheckResult(State.PASSED, about=str(self._query))

    def _violation(self, moment: Moment) -> Difference | None:
        _, objects = moment
        if "count" in self.spec:
            wanted = self.spec["count"].get("pattern", {})
            number = sum(1 for obj in objects if not pattern.of_object(wanted, obj))
            least, most = bounds(self.spec["count"])
            return None if least <= number <= most else Difference("count", counted_as(least, most), str(number))
        if "never" in self.spec:
            hit = next((obj for obj in objects if not pattern.of_object(self.spec["never"], obj)), None)
            return None if hit is None else Difference("", f"never {shown(self.spec['never'])}", label(hit))
        if not objects:
            return Difference("", str(self._query), "nothing")
        for obj in objects:
            found = pattern.of_object(self.spec["always"], obj)
            if found:
                return found[0]
        return None

    def _eventually(self, context: CheckContext, span: list[Moment], history: History, closed: bool) -> CheckResult:
        begun = span[0][0]
        since: float | None = None
        for at, moment in enumerate(span):
            if not _holds(self.spec["eventually"], moment):
                since = None
                continue
            since = moment[0] if since is None else since
            if self._within is not None and since - begun > self._within:
                late = Difference("time", f"within {self._within:g} s", f"after {since - begun:g} s")
                return self._failed(late, history, moment)
            last = at == len(span) - 1
            end = (context.now() if self._for else moment[0]) if last and not ("until" in self.spec and closed) else 0.0
            if not last:
                end = span[at + 1][0]
            if end - since >= self._for:
                return CheckResult(State.PASSED, about=str(self._query))
        if since is not None:
            return CheckResult(State.PENDING, about=str(self._query), retry_after=self._for)
        if not history.complete:
            return self._ungradable(history)
        best = pattern.nearest(self.spec["eventually"], span[-1][1])
        found = (
            best[1][0]
            if best is not None and best[1]
            else Difference("", shown(self.spec["eventually"]), "never so far")
        )
        return self._failed(found, history)

    def _failed(self, difference: Difference, history: History, moment: Moment | None = None) -> CheckResult:
        when: tuple[str, ...] = ()
        if moment is not None and history.entries:
            when = (f"{moment[0] - history.entries[0].time:.0f} s after the recording began",)
        return CheckResult(
            State.FAILED,
            about=str(self._query),
            differences=(difference,),
            causes=when,
            next=f"kubectl get {self._query.kind.lower()} -w",
        )

    def _ungradable(self, history: History) -> CheckResult:
        return CheckResult(State.UNGRADABLE, about=str(self._query), detail=history.why_incomplete)


def _holds(wanted: Any, moment: Moment) -> bool:
    return any(not pattern.of_object(wanted, obj) for obj in moment[1])
