"""The ``x-kubernetes-validations`` of a CRD's schema: how they are written, and whether they compile.

Mirrors ``apiextensions-apiserver`` ``pkg/apis/apiextensions/validation``: each rule, and all together, may cost so much.
"""

import re

from k8s_tutor.apimachinery import structural
from k8s_tutor.apimachinery.cel.ranges import LARGEST
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.gotext import Struct

_NAME = "x-kubernetes-validations"
_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_BREAK = re.compile(r"[\n\r]")
_OLD = re.compile(r"(?<![\w.])oldSelf\b")
_STRING = re.compile(r"""\"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|[.\[\]]|[^.\[\]]+")
_OPENING = (".", "[")
_BLANK, _LINES = "must be non-empty if specified", "must not contain line breaks"
_NO_TYPE = (
    "internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert "
    "structural schema to CEL declarations"
)
_MAX_COST, _MAX_TOTAL, _DEAREST = 10_000_000, 100_000_000, 4


def check_written(v: At) -> None:
    """Check the texts of all rules of one schema."""
    for rule in v.each(_NAME):
        _check_rule(rule, v.value)


def _check_rule(v: At, schema: Json) -> None:
    text, message, words = v.text("rule").strip(), v.text("message"), v.text("messageExpression")
    if not text:
        v.required("rule", "rule is not specified")
    elif message and not message.strip():
        v.invalid("message", _BLANK)
    elif _BREAK.search(message.strip()):
        v.invalid("message", _LINES)
    elif _BREAK.search(text) and not message.strip():
        v.required("message", "message must be specified if rule contains line breaks")
    if words and not words.strip():
        v.required("messageExpression", f"messageExpression {_BLANK}")
    v.one_of_if("reason", _REASONS)
    path = v.text("fieldPath")
    if not path:
        return
    if not path.strip():
        v.invalid("fieldPath", _BLANK)
    if _BREAK.search(path):
        v.invalid("fieldPath", _LINES)
    if isinstance(find(schema, path), str):
        v.invalid("fieldPath", "must be a valid path")


def find(schema: Json, path: str, *, arrays: bool = True) -> Json | str:
    """Return the schema at a path such as ``.spec.names['a b']``, or why there is none (upstream: ``ValidFieldPath``)."""
    tokens = _TOKEN.findall(path)
    current = schema
    while tokens:
        token = tokens.pop(0)
        if token not in _OPENING:
            return f"expected [ or . but got: {token}"
        if token == "[" and not arrays:
            return "array notation is not allowed"
        if not tokens:
            return "unexpected end of JSON path"
        name = tokens.pop(0)
        if token == "[":
            if len(name) < 2 or not (name[0] == name[-1] == "'"):
                return f"expected single quoted string but got {name}"
            name = re.sub(r"\\(.)", r"\1", name[1:-1])
        properties, additional = current.get("properties"), current.get("additionalProperties")
        inner = properties.get(name) if properties else additional
        if not isinstance(inner, dict):
            return "does not refer to a valid field"
        current = inner
        if token == "[":
            if not tokens:
                return "unexpected end of JSON path"
            closing = tokens.pop(0)
            if closing != "]":
                return f"expected ] but got {closing}"
    return current


class Budget:
    """What the rules of a schema may cost together."""

    def __init__(self) -> None:
        self._seen: list[tuple[int, str]] = []
        self._total = 0

    def observe(self, path: str, cost: int) -> None:
        """Add the cost of an expression."""
        self._total = min(self._total + cost, LARGEST)
        if cost >= _MAX_TOTAL // 100:
            self._seen.append((cost, path))

    def check(self, v: At) -> None:
        """Complain at the root of the schema, and at its dearest rules, if all together cost too much."""
        if self._total <= _MAX_TOTAL:
            return
        for _, path in sorted(self._seen, key=lambda item: -item[0])[:_DEAREST]:
            detail = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
            At(v.errors, path, None).forbidden("", detail)
        name = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
        v.forbidden("", _too_dear(name, self._total, _MAX_TOTAL))


def check_compiled(v: At, budget: Budget, *, uncorrelated: str, root: bool, times: int | None) -> None:
    """Check that the rules of one schema compile and what they cost.

    Args:
        v: the schema.
        budget: of the whole schema.
        uncorrelated: where old values can not be told apart.
        root: it is the schema of whole objects.
        times: how often its value occurs at most, None where it is not known.
    """
    resource = root or bool(v.get("x-kubernetes-embedded-resource"))
    done = structural.compile_rules(v.value, resource=resource, times=times)
    if done is None:
        v.errors.append(FieldError("InternalError", v.at(_NAME).path, f"Internal error: {_NO_TYPE}"))
        return
    for rule, compiled in zip(v.each(_NAME), done, strict=False):
        _check_cost(rule, budget, "rule", "estimated rule cost", compiled.cost)
        if compiled.problem:
            rule.invalid("rule", compiled.problem, shown_rule(rule.value))
        if compiled.message_problem:
            rule.invalid("messageExpression", compiled.message_problem, shown_rule(rule.value))
        elif rule.text("messageExpression"):
            _check_cost(rule, budget, "messageExpression", "estimated messageExpression cost", compiled.message_cost)
        uses_old = _OLD.search(_STRING.sub("''", rule.text("rule"))) is not None and not compiled.problem
        if uses_old and uncorrelated:
            complaint = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelated}"
            rule.invalid("rule", complaint)
        elif not uses_old and rule.get("optionalOldSelf") is not None:
            rule.invalid("optionalOldSelf", "may not be set if oldSelf is not used in rule")


def _check_cost(rule: At, budget: Budget, field: str, name: str, cost: int) -> None:
    if cost > _MAX_COST:
        rule.forbidden(field, _too_dear(name, cost, _MAX_COST))
    budget.observe(rule.at(field).path, cost)


def _too_dear(name: str, cost: int, limit: int) -> str:
    factor = cost / limit
    shown = "more than 100x" if factor > 100 else f"{factor:f}x" if factor < 1.5 else f"{factor:.1f}x"
    hint = "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
    return f"{name} exceeds budget by factor of {shown} {hint}"


def most_items(schema: Json) -> int | None:
    """Return how many values a schema's own can hold, None where it does not say."""
    found: int | None = 1
    if schema.get("type") == "array":
        found = schema.get("maxItems")
    elif schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        found = schema.get("maxProperties")
    return None if found is None else max(found, 0)


def shown_rule(rule: Json) -> Struct:
    """Return a rule as the server prints it."""
    return Struct(
        {
            "Rule": rule.get("rule") or "",
            "Message": rule.get("message") or "",
            "MessageExpression": rule.get("messageExpression") or "",
            "Reason": rule.get("reason"),
            "FieldPath": rule.get("fieldPath") or "",
            "OptionalOldSelf": rule.get("optionalOldSelf"),
        }
    )
