"""absent: nothing is there, and nothing comes back for a while."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from k8s_tutor.checks import pattern
from k8s_tutor.checks.causes import next_command
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kind import SpecPath
from k8s_tutor.checks.objectkind import ObjectKind
from k8s_tutor.checks.objects import QUERY_SCHEMA, label
from k8s_tutor.checks.result import CheckResult, Difference, State
from k8s_tutor.course.durations import seconds


class Absent(ObjectKind):
    """No object of ``object`` that looks like ``where``, for ``held``."""

    name = "absent"
    stability = 2.0
    offline = True
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["object"],
        "properties": {
            "object": {**QUERY_SCHEMA, "required": ["kind"]},
            "where": {"type": "object"},
            "held": {"$ref": "common.schema.json#/$defs/duration"},
        },
    }

    @property
    def stable_for(self) -> float:
        held = seconds(self.spec["held"]) if "held" in self.spec else None
        return super().stable_for if held is None else held

    def mistakes(self) -> Iterator[tuple[SpecPath, str]]:
        yield from pattern.mistakes_in(self.spec.get("where", {}), ("where",))

    def evaluate(self, context: CheckContext) -> CheckResult:
        for obj in context.find(self._query):
            if not pattern.of_object(self.spec.get("where", {}), obj):
                leaving = obj["metadata"].get("deletionTimestamp")
                causes = (f"{label(obj)} is being deleted",) if leaving else ()
                return CheckResult(
                    State.FAILED,
                    about=label(obj),
                    differences=(Difference("", "nothing", label(obj)),),
                    causes=causes,
                    next=next_command(context, obj, self._query),
                )
        return CheckResult(State.PASSED, about=str(self._query))
