"""Whether the rules of a schema compile, and what they can cost.

Mirrors ``apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go``.
"""

from typing import Any, NamedTuple

from k8s_tutor.apimachinery import cel
from k8s_tutor.apimachinery.cel.cost import estimate
from k8s_tutor.apimachinery.cel.ranges import LARGEST
from k8s_tutor.apimachinery.cel.types import Declared
from k8s_tutor.apimachinery.structural.declared import cardinality, declare, scope_of, sizes_of
from k8s_tutor.apimachinery.structural.types import Schema


class CompiledRule(NamedTuple):
    """What came of a rule: what is wrong with its two expressions ("" for nothing), and the largest cost of each."""

    problem: str
    message_problem: str
    cost: int
    message_cost: int


def compile_rules(schema: Schema, *, resource: bool, times: int | None) -> list[CompiledRule] | None:
    """Compile the rules of one schema; None where rules can not see its values.

    Args:
        schema: the schema.
        resource: its values are whole objects.
        times: how often the schema's value occurs at most; None where nothing limits it but the size of requests.
    """
    declared = declare(schema, resource=resource)
    if declared is None:
        return None
    often = cardinality(declared) if times is None else times
    return [_compiled(rule, declared, often) for rule in schema.get("x-kubernetes-validations") or ()]


def _compiled(rule: dict[str, Any], declared: Declared, often: int) -> CompiledRule:
    text, words = rule.get("rule") or "", rule.get("messageExpression") or ""
    if not text.strip():
        return CompiledRule("", "", 0, 0)
    scope = scope_of(declared, optional_old=bool(rule.get("optionalOldSelf")))
    sizes = sizes_of(declared)
    try:
        program = cel.compile(text, scope)
    except cel.CompileError as error:
        return CompiledRule(f"compilation failed: {error}", "", 0, 0)
    if program.type != "bool" or program.checked is None:
        return CompiledRule("cel expression must evaluate to a bool", "", 0, 0)
    cost = min(estimate(program.checked, sizes).most * often, LARGEST)
    if not words:
        return CompiledRule("", "", cost, 0)
    try:
        message = cel.compile(words, scope)
    except cel.CompileError as error:
        return CompiledRule("", f"messageExpression compilation failed: {error}", cost, 0)
    if message.type != "string" or message.checked is None:
        return CompiledRule("", "messageExpression must evaluate to a string", cost, 0)
    return CompiledRule("", "", cost, estimate(message.checked, sizes).most)
