"""match: objects by partial structure, one of them, all, none, or a number."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from k8s_tutor.checks import pattern
from k8s_tutor.checks.causes import explain, explain_absence, next_command
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kind import SpecPath
from k8s_tutor.checks.meaning import shown
from k8s_tutor.checks.objectkind import ObjectKind
from k8s_tutor.checks.objects import QUERY_SCHEMA, Object, label, version
from k8s_tutor.checks.result import CheckResult, Difference, State
from k8s_tutor.course.model import Check

_PATTERNS = ("any", "all", "none")


class Match(ObjectKind):
    """``object`` and ``where`` choose the candidates; ``any``, ``all``, ``none`` and ``count`` judge them."""

    name = "match"
    stability = 2.0
    offline = True
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["object"],
        "properties": {
            "object": {**QUERY_SCHEMA, "required": ["kind"]},
            "where": {"type": "object"},
            "any": {"type": "object"},
            "all": {"type": "object"},
            "none": {"type": "object"},
            "count": {
                "oneOf": [
                    {"type": "integer", "minimum": 0},
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "minProperties": 1,
                        "properties": {"min": {"type": "integer"}, "max": {"type": "integer"}},
                    },
                ]
            },
        },
    }

    def __init__(self, check: Check) -> None:
        super().__init__(check)
        self._count = bounds(self.spec["count"]) if "count" in self.spec else None

    def mistakes(self) -> Iterator[tuple[SpecPath, str]]:
        for field in ("where", *_PATTERNS):
            if field in self.spec:
                yield from pattern.mistakes_in(self.spec[field], (field,))

    def evaluate(self, context: CheckContext) -> CheckResult:
        found = context.find(self._query)
        candidates = found
        if "where" in self.spec:
            candidates = [obj for obj in found if not pattern.of_object(self.spec["where"], obj)]
        for judge in (self._count_is_right, self._any_matches, self._all_match, self._none_matches):
            result = judge(context, candidates)
            if result is not None:
                return result
        return CheckResult(
            State.PASSED,
            about=label(candidates[0]) if len(candidates) == 1 else str(self._query),
            basis=tuple(map(version, candidates)),
        )

    def _any_matches(self, context: CheckContext, candidates: list[Object]) -> CheckResult | None:
        if self._count is not None or ("any" not in self.spec and ("none" in self.spec or "all" in self.spec)):
            return None
        if not candidates:
            return self._absent(context)
        best = pattern.nearest(self.spec.get("any", {}), candidates)
        return self._differs(context, *best) if best is not None and best[1] else None

    def _all_match(self, context: CheckContext, candidates: list[Object]) -> CheckResult | None:
        if "all" not in self.spec:
            return None
        if not candidates:
            return self._absent(context)
        for obj in candidates:
            found = pattern.of_object(self.spec["all"], obj)
            if found:
                return self._differs(context, obj, found)
        return None

    def _none_matches(self, context: CheckContext, candidates: list[Object]) -> CheckResult | None:
        if "none" not in self.spec:
            return None
        for obj in candidates:
            if not pattern.of_object(self.spec["none"], obj):
                expected = f"no {self._query.kind} like {shown(self.spec['none'])}"
                return self._differs(context, obj, [Difference("", expected, label(obj))])
        return None

    def _count_is_right(self, context: CheckContext, candidates: list[Object]) -> CheckResult | None:
        if self._count is None:
            return None
        least, most = self._count
        wanted = self.spec.get("any", {})
        good = [obj for obj in candidates if not pattern.of_object(wanted, obj)]
        if least <= len(good) <= most:
            return None
        others = [obj for obj in candidates if obj not in good]
        nearest = pattern.nearest(wanted, others) if len(good) < least else None
        counted = Difference("count", counted_as(least, most), str(len(good)))
        if nearest is None:
            return CheckResult(
                State.FAILED,
                about=str(self._query),
                differences=(counted,),
                causes=explain_absence(context, self._query) if not good else (),
                next=next_command(context, None, self._query),
            )
        return self._differs(context, nearest[0], [counted, *nearest[1]])

    def _absent(self, context: CheckContext) -> CheckResult:
        return CheckResult(
            State.FAILED,
            about=str(self._query),
            differences=(Difference("", str(self._query), "nothing"),),
            causes=explain_absence(context, self._query),
            next=next_command(context, None, self._query),
        )

    def _differs(self, context: CheckContext, obj: Object, found: list[Difference]) -> CheckResult:
        return CheckResult(
            State.FAILED,
            about=label(obj),
            differences=tuple(found),
            causes=explain(context, obj),
            next=next_command(context, obj, self._query),
        )


def bounds(count: Any) -> tuple[int, int]:
    """Read ``count``: a number, or ``{min, max}``."""
    if isinstance(count, int):
        return count, count
    return int(count.get("min", 0)), int(count.get("max", 2**31))


def counted_as(least: int, most: int) -> str:
    """Spell bounds."""
    if least == most:
        return str(least)
    return f"at least {least}" if most >= 2**31 else f"{least} to {most}"
