"""cel: an expression over named objects, in Kubernetes' expression language; passes on ``true`` only."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from k8s_tutor.checks.causes import explain, next_command
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kind import CheckKind, SpecPath
from k8s_tutor.checks.meaning import shown
from k8s_tutor.checks.objects import QUERY_SCHEMA, ObjectQuery, version
from k8s_tutor.checks.result import CheckResult, Difference, State
from k8s_tutor.course.model import Check


class Cel(CheckKind):
    """``objects`` names queries: one with a name gives its object or null, others a list."""

    name = "cel"
    stability = 2.0
    offline = True
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["objects", "expression"],
        "properties": {
            "objects": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": "^[a-z][A-Za-z0-9_]*$"},
                "additionalProperties": {**QUERY_SCHEMA, "required": ["kind"]},
            },
            "expression": {"type": "string", "minLength": 1},
        },
    }

    def __init__(self, check: Check) -> None:
        super().__init__(check)
        from k8s_tutor.apimachinery import cel

        self._queries = {name: ObjectQuery.of(query) for name, query in self.spec["objects"].items()}
        self._program = cel.compile(self.spec["expression"], tuple(self._queries))

    def mistakes(self) -> Iterator[tuple[SpecPath, str]]:
        if self._program.type not in {"bool", "dyn"}:
            yield ("expression",), f"must be true or false, and is {self._program.type}"

    def watches(self) -> Sequence[ObjectQuery]:
        return tuple(dict.fromkeys(self._queries.values()))

    def evaluate(self, context: CheckContext) -> CheckResult:
        found = {name: context.find(query) for name, query in self._queries.items()}
        values = {
            name: (objects[0] if objects else None) if self._queries[name].name else objects
            for name, objects in found.items()
        }
        result = self._program.evaluate(values)
        everything = [obj for objects in found.values() for obj in objects]
        if result is True:
            return CheckResult(State.PASSED, basis=tuple(map(version, everything)))
        query = next(iter(self._queries.values()))
        first = everything[0] if everything else None
        return CheckResult(
            State.FAILED,
            about=str(query),
            differences=(Difference(self.spec["expression"], "true", str(result) if result is not False else "false"),),
            causes=explain(context, first) if first is not None else (),
            next=next_command(context, first, query),
            detail="" if result is False else shown(str(result)),
        )
