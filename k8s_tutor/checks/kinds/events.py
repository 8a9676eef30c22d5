"""events: what the cluster reported about an object, by reason, type, text and number of times."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from k8s_tutor.checks import texttest
from k8s_tutor.checks.causes import explain_absence
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kind import CheckKind, SpecPath
from k8s_tutor.checks.kinds.match import Match, bounds, counted_as
from k8s_tutor.checks.objects import QUERY_SCHEMA, Object, ObjectQuery
from k8s_tutor.checks.result import CheckResult, Difference, State
from k8s_tutor.course.model import Check


class Events(CheckKind):
    """Counts occurrences (an event's own ``count`` included) of events about ``about``."""

    name = "events"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "about": {**QUERY_SCHEMA, "required": ["kind"]},
            "reason": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            "type": {"enum": ["Normal", "Warning"]},
            "message": texttest.SCHEMA,
            "count": Match.schema["properties"]["count"],
        },
    }

    def __init__(self, check: Check) -> None:
        super().__init__(check)
        self._about = ObjectQuery.of(self.spec["about"]) if "about" in self.spec else None
        reason = self.spec.get("reason", ())
        self._reasons = (reason,) if isinstance(reason, str) else tuple(reason)
        self._bounds = bounds(self.spec.get("count", {"min": 1}))
        place = self._about or ObjectQuery("Event")
        self._events = ObjectQuery("Event", "v1", namespace=place.namespace, all_namespaces=place.all_namespaces)

    def mistakes(self) -> Iterator[tuple[SpecPath, str]]:
        yield from texttest.mistakes_in(self.spec.get("message"), ("message",))

    def watches(self) -> Sequence[ObjectQuery]:
        return (self._events,)

    def evaluate(self, context: CheckContext) -> CheckResult:
        events = [event for event in context.find(self._events) if self._is_about(context, event)]
        good = [event for event in events if self._fits(event)]
        times = sum(occurrences(event) for event in good)
        least, most = self._bounds
        if least <= times <= most:
            return CheckResult(State.PASSED, about=str(self._about or ""))
        about = str(self._about or "event")
        name = f"events {'/'.join(self._reasons)}".strip()
        kind, _, object_name = about.partition("/")
        causes = tuple(f"{event.get('reason')}: {event.get('message', '').strip()}" for event in reversed(events[-4:]))
        if not events and self._about is not None and not context.find(self._about):
            causes = explain_absence(context, self._about)
        return CheckResult(
            State.FAILED,
            about=about,
            differences=(Difference(name, counted_as(least, most), str(times)),),
            causes=causes,
            next=f"kubectl events --for {kind}/{object_name}" if object_name else "kubectl events",
        )

    def _is_about(self, context: CheckContext, event: Object) -> bool:
        if self._about is None:
            return True
        involved = event.get("involvedObject") or {}
        if str(involved.get("kind", "")).lower() != self._about.kind.lower():
            return False
        if self._about.name:
            return bool(involved.get("name") == self._about.name)
        chosen = {obj["metadata"].get("uid") for obj in context.find(self._about)}
        return involved.get("uid") in chosen if self._about.selector or self._about.fields else True

    def _fits(self, event: Object) -> bool:
        return (
            (not self._reasons or event.get("reason") in self._reasons)
            and self.spec.get("type") in {None, event.get("type")}
            and not texttest.differences(self.spec.get("message"), event.get("message", ""), "message")
        )


def occurrences(event: Object) -> int:
    """How often an event happened."""
    series = event.get("series") or {}
    return int(series.get("count") or event.get("count") or 1)
