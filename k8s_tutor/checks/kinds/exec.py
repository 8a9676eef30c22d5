"""exec: a command inside a container, judged by its exit code and output."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from k8s_tutor.checks import texttest
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.insidepod import run_in
from k8s_tutor.checks.kind import CheckKind, SpecPath
from k8s_tutor.checks.objects import Object, ObjectQuery
from k8s_tutor.checks.pods import SCHEMA, over_pods
from k8s_tutor.checks.result import CheckResult, Difference, State
from k8s_tutor.course.model import Check


class Exec(CheckKind):
    """Runs ``command`` in ``container`` of any or all pods of ``pod``."""

    name = "exec"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["pod", "command"],
        "properties": {
            **SCHEMA,
            "command": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]},
            "exit_code": {"oneOf": [{"type": "integer"}, {"const": "any"}]},
            "stdout": texttest.SCHEMA,
            "stderr": texttest.SCHEMA,
        },
    }

    def __init__(self, check: Check) -> None:
        super().__init__(check)
        self._pod = ObjectQuery.of(self.spec["pod"], "Pod")
        command = self.spec["command"]
        self._command = ["sh", "-c", command] if isinstance(command, str) else list(command)
        self._exit = self.spec.get("exit_code", 0)

    def mistakes(self) -> Iterator[tuple[SpecPath, str]]:
        for field in ("stdout", "stderr"):
            yield from texttest.mistakes_in(self.spec.get(field), (field,))

    def watches(self) -> Sequence[ObjectQuery]:
        return (self._pod,)

    def evaluate(self, context: CheckContext) -> CheckResult:
        if context.client is None:
            return CheckResult(State.UNGRADABLE, detail="nothing runs here")
        return over_pods(context, self._pod, self.spec.get("pods", "any"), lambda pod: self._judge(context, pod))

    def _judge(self, context: CheckContext, pod: Object) -> CheckResult:
        output = run_in(context, pod, self._command, self.spec.get("container", ""))
        shell = self.spec["command"] if isinstance(self.spec["command"], str) else " ".join(self._command)
        container = f" -c {self.spec['container']}" if "container" in self.spec else ""
        follow = f"kubectl exec {pod['metadata']['name']}{container} -- {shell}"
        if output.refused:
            wanted = Difference("command", "runs", output.refused)
            return CheckResult(State.FAILED, differences=(wanted,), next=follow)
        found = [] if self._exit in ("any", output.exit_code) else [_code(self._exit, output.exit_code)]
        found += texttest.differences(self.spec.get("stdout"), output.stdout, "stdout")
        found += texttest.differences(self.spec.get("stderr"), output.stderr, "stderr")
        if not found:
            return CheckResult(State.PASSED)
        last = output.stderr.strip().splitlines()[-1:]
        return CheckResult(State.FAILED, differences=tuple(found), causes=tuple(last), next=follow)


def _code(wanted: Any, found: int) -> Difference:
    return Difference("exit code", str(wanted), str(found))
