"""logs: what containers printed, the previous one too."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from k8s_tutor.checks import texttest
from k8s_tutor.checks.causes import explain
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kind import CheckKind, SpecPath
from k8s_tutor.checks.kinds.match import Match, bounds, counted_as
from k8s_tutor.checks.objects import Object, ObjectQuery
from k8s_tutor.checks.pods import SCHEMA, over_pods
from k8s_tutor.checks.result import CheckResult, Difference, State
from k8s_tutor.client import ApiError
from k8s_tutor.course.durations import seconds
from k8s_tutor.course.model import Check

_LIMIT = 1024 * 1024


class Logs(CheckKind):
    """Reads the log of ``container`` and tests it; ``count`` counts the lines that ``text`` accepts."""

    name = "logs"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["pod", "text"],
        "properties": {
            **SCHEMA,
            "previous": {"type": "boolean"},
            "since": {"$ref": "common.schema.json#/$defs/duration"},
            "tail": {"type": "integer", "minimum": 1},
            "text": texttest.SCHEMA,
            "count": Match.schema["properties"]["count"],
        },
    }

    def __init__(self, check: Check) -> None:
        super().__init__(check)
        self._pod = ObjectQuery.of(self.spec["pod"], "Pod")
        self._bounds = bounds(self.spec["count"]) if "count" in self.spec else None
        since = seconds(self.spec["since"]) if "since" in self.spec else None
        self._query = {
            "container": self.spec.get("container"),
            "previous": "true" if self.spec.get("previous") else None,
            "tailLines": self.spec.get("tail"),
            "sinceSeconds": max(1, round(since)) if since is not None else None,
            "limitBytes": _LIMIT,
        }

    def mistakes(self) -> Iterator[tuple[SpecPath, str]]:
        yield from texttest.mistakes_in(self.spec["text"], ("text",))

    def watches(self) -> Sequence[ObjectQuery]:
        return (self._pod,)

    def evaluate(self, context: CheckContext) -> CheckResult:
        if context.client is None:
            return CheckResult(State.UNGRADABLE, detail="nothing runs here")
        how = self.spec.get("pods", "any")
        return over_pods(context, self._pod, how, lambda pod: self._judge(context, pod), running=False)

    def _judge(self, context: CheckContext, pod: Object) -> CheckResult:
        metadata = pod["metadata"]
        options = "".join(
            f" {option}"
            for option in (
                f"-c {self.spec['container']}" if "container" in self.spec else "",
                "--previous" if self.spec.get("previous") else "",
            )
            if option
        )
        follow = f"kubectl logs {metadata['name']}{options}"
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/log"
        assert context.client is not None  # noqa: S101 - evaluate looked
        try:
            answer = context.client.request("GET", path, query=self._query, accept="*/*")
        except ApiError as error:
            found = (Difference("log", "readable", error.message),)
            return CheckResult(State.FAILED, differences=found, causes=explain(context, pod), next=follow)
        differs = self._differences(answer.data.decode("utf-8", "replace"))
        if not differs:
            return CheckResult(State.PASSED)
        return CheckResult(State.FAILED, differences=tuple(differs), causes=explain(context, pod), next=follow)

    def _differences(self, text: str) -> list[Difference]:
        if self._bounds is None:
            return texttest.differences(self.spec["text"], text, "log")
        least, most = self._bounds
        lines = [line for line in re.split(r"\r?\n", text) if line]
        number = sum(1 for line in lines if not texttest.differences(self.spec["text"], line, "line"))
        if least <= number <= most:
            return []
        return [Difference("matching lines of the log", counted_as(least, most), str(number))]
