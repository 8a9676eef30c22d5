"""Whether the expressions of a policy fit the types of the objects that it matches.

Mirrors ``apiserver/pkg/admission/plugin/policy/validating/typechecking.go``: a policy is accepted whatever its expressions
make of an object; that they can not be right for a kind is told in its status.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from k8s_tutor.apimachinery import cel
from k8s_tutor.apimachinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
    map_of,
    struct,
)
from k8s_tutor.apimachinery.schema.types import LIST, MAP, STRUCT
from k8s_tutor.apimachinery.schema.types import Type as Schema
from k8s_tutor.apimachinery.structural.escaping import escape
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.admission.scope import scope

MOST_KINDS: Final = 10
_LEAVES: Final = {
    "string": STRING,
    "bool": BOOL,
    "int32": INT,
    "int64": INT,
    "float": DOUBLE,
    "bytes": BYTES,
    "Time": TIMESTAMP,
    "MicroTime": TIMESTAMP,
    "Duration": STRING,
}


class Kind(NamedTuple):
    """A kind that a policy matches, and the schema of its objects."""

    group: str
    version: str
    name: str
    schema: Schema

    def __str__(self) -> str:
        return f"{self.group}/{self.version}, Kind={self.name}"


def matched(policy: Json) -> list[tuple[str, str, str]]:
    """Return the groups, versions and resources that a policy names; rules with wildcards name nothing."""
    found: dict[tuple[str, str, str], None] = {}
    for rule in ((policy.get("spec") or {}).get("matchConstraints") or {}).get("resourceRules") or ():
        lists = [sorted(rule.get(key) or ()) for key in ("apiGroups", "apiVersions", "resources")]
        if any("*" in text for values in lists[:2] for text in values):
            continue
        plain = [name for name in lists[2] if "/" not in name and "*" not in name]
        found.update(dict.fromkeys((g, v, r) for g in lists[0] for v in lists[1] for r in plain))
    return list(found)


def warnings(policy: Json, kinds: Iterable[Kind], params: Schema | None) -> list[Json]:
    """Return the ``expressionWarnings`` of a policy, checked against the kinds that it matches."""
    spec = policy.get("spec") or {}
    checkers = [_Checker(kind, spec, params) for kind in sorted(kinds, key=str)[:MOST_KINDS]]
    found = []
    for index, validation in enumerate(spec.get("validations") or ()):
        for field in ("expression", "messageExpression"):
            expression = validation.get(field)
            texts = [text for checker in checkers if expression and (text := checker.problem(expression))]
            if texts:
                found.append({"fieldRef": f"spec.validations[{index}].{field}", "warning": "\n".join(texts)})
    return found


class _Checker:
    """Checks expressions against one kind."""

    def __init__(self, kind: Kind, spec: Json, params: Schema | None) -> None:
        self._kind = kind
        structs: dict[str, Mapping[str, Type]] = {}
        objects = _declared(kind.schema, kind.name, structs) or DYN
        given = (_declared(params, "Params", structs) if params is not None else None) or DYN
        self._variables: dict[str, Type] = {}
        for variable in spec.get("variables") or ():
            self._scope = self._now(spec, objects, given, structs)
            try:
                program = cel.compile(variable.get("expression") or "", self._scope)
            except cel.CompileError:
                continue
            if program.checked is not None:
                self._variables[variable.get("name") or ""] = program.checked.type
        self._scope = self._now(spec, objects, given, structs)

    def _now(self, spec: Json, objects: Type, given: Type, structs: Mapping[str, Mapping[str, Type]]) -> cel.Scope:
        found = scope(
            params=spec.get("paramKind") is not None,
            authorizer=True,
            variables=self._variables,
            objects=objects,
            structs=structs,
        )
        if "params" in found.variables:
            found.variables["params"] = given
        return found

    def problem(self, expression: str) -> str:
        """Return what is wrong with an expression for this kind, "" for nothing."""
        try:
            cel.compile(expression, self._scope)
        except cel.CompileError as error:
            return f"{self._kind}: {error}\n"
        return ""


def _declared(schema: Schema, name: str, structs: dict[str, Mapping[str, Type]]) -> Type | None:
    """Return the type of a schema's values, None where OpenAPI gives them none; ``structs`` gets the objects within."""
    if schema.kind == STRUCT:
        name = schema.name or name
        if name not in structs:
            fields: dict[str, Type] = {}
            structs[name] = fields
            for key, field in schema.fields.items():
                if (found := _declared(field.type, f"{name}.{key}", structs)) is not None:
                    fields[escape(key)] = found
        return struct(name)
    if schema.kind in {LIST, MAP}:
        elem = _declared(schema.elem, f"{name}.@elem", structs) if schema.elem is not None else None
        if elem is None:
            return None
        return list_of(elem) if schema.kind == LIST else map_of(STRING, elem)
    return None if schema.kind == "Quantity" else _LEAVES.get(schema.kind, DYN)
