"""process: how a state came about, by the recorded watch: the same object all the way, one rollout, only scaled."""

from collections.abc import Mapping
from typing import Any, ClassVar

from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kinds.match import Match, bounds, counted_as
from k8s_tutor.checks.objectkind import RecordedKind
from k8s_tutor.checks.objects import QUERY_SCHEMA, Object, label
from k8s_tutor.checks.recorder import Entry, History
from k8s_tutor.checks.result import CheckResult, Difference, State

_REVISION = "deployment.kubernetes.io/revision"


class Process(RecordedKind):
    """Looks at every recorded state of ``object`` since the exercise began."""

    name = "process"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["object"],
        "anyOf": [{"required": [name]} for name in ("same_uid", "rollouts", "scaled", "not_deleted")],
        "properties": {
            "object": {**QUERY_SCHEMA, "required": ["kind"]},
            "same_uid": {"const": True},
            "not_deleted": {"const": True},
            "scaled": {"const": True},
            "rollouts": Match.schema["properties"]["count"],
        },
    }

    def judge(self, context: CheckContext, history: History) -> CheckResult:
        found = [difference for difference in self._violations(history.entries) if difference is not None]
        if found:
            return CheckResult(
                State.FAILED,
                about=str(self._query),
                differences=tuple(found),
                next=f"kubectl get {self._query.kind.lower()} -w",
            )
        if not history.complete:
            return CheckResult(State.UNGRADABLE, about=str(self._query), detail=history.why_incomplete)
        return CheckResult(State.PASSED, about=str(self._query))

    def _violations(self, entries: list[Entry]) -> list[Difference | None]:
        if not entries:
            return [Difference("", str(self._query), "nothing")]
        found: list[Difference | None] = []
        if self.spec.get("same_uid"):
            found.append(_recreated(entries))
        if self.spec.get("not_deleted"):
            gone = next((entry for entry in entries if entry.type == "DELETED"), None)
            found.append(None if gone is None else Difference("", "never deleted", f"{label(gone.object)} was deleted"))
        if self.spec.get("scaled"):
            found.append(_only_scaled(entries))
        if "rollouts" in self.spec:
            found.append(self._rollouts(entries))
        return found

    def _rollouts(self, entries: list[Entry]) -> Difference | None:
        revisions = [_revision(entry.object) for entry in entries]
        known = [revision for revision in revisions if revision]
        number = max(known) - known[0] if known else 0
        least, most = bounds(self.spec["rollouts"])
        return None if least <= number <= most else Difference("rollouts", counted_as(least, most), str(number))


def _recreated(entries: list[Entry]) -> Difference | None:
    seen: dict[str, str] = {}
    for entry in entries:
        metadata = entry.object["metadata"]
        before = seen.setdefault(metadata["name"], metadata["uid"])
        if before != metadata["uid"]:
            return Difference("metadata.uid", "the same object all the time", f"{label(entry.object)} was made anew")
    return None


def _only_scaled(entries: list[Entry]) -> Difference | None:
    first: dict[str, Object] = {}
    scaled = False
    for entry in entries:
        before = first.setdefault(entry.object["metadata"]["name"], entry.object)
        spec, old = entry.object.get("spec", {}), before.get("spec", {})
        if spec.get("template") != old.get("template"):
            return Difference("spec.template", "unchanged", f"{label(entry.object)} has another template")
        scaled = scaled or spec.get("replicas") != old.get("replicas")
    return None if scaled else Difference("spec.replicas", "another number", "unchanged")


def _revision(obj: Object) -> int:
    text = (obj["metadata"].get("annotations") or {}).get(_REVISION, "0")
    return int(text) if text.isdigit() else 0
