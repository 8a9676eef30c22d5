"""The ``x-kubernetes-validations`` of a CRD's schema: how they are written, and whether they compile.

Mirrors ``apiextensions-apiserver`` ``pkg/apis/apiextensions/validation``; the cost of rules is not estimated.
"""

import re

from k8s_tutor.apimachinery import structural
from k8s_tutor.apimachinery.unstructured import Json
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
_IMPLICIT: Json = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "generateName": {"type": "string"}},
    },
}


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


def check_compiled(v: At, *, uncorrelated: str, root: bool) -> None:
    """Check that the rules of one schema compile; ``uncorrelated``: where old values can not be told apart."""
    schema: Json = {key: value for key, value in v.value.items() if key not in ("items", "additionalProperties")}
    schema["properties"] = v.get("properties") or {}
    if root or v.get("x-kubernetes-embedded-resource"):
        schema["properties"] = _IMPLICIT | schema["properties"]
    problems = {
        (problem.position, problem.field): problem.message
        for problem in structural.rule_problems(schema, v.path)
        if problem.path == v.path
    }
    for position, rule in enumerate(v.each(_NAME)):
        for field in ("rule", "messageExpression"):
            message = problems.get((position, field))
            if message:
                rule.invalid(field, message, shown_rule(rule.value))
        uses_old = _OLD.search(_STRING.sub("''", rule.text("rule"))) is not None
        if uses_old and uncorrelated:
            complaint = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelated}"
            rule.invalid("rule", complaint)
        elif not uses_old and rule.get("optionalOldSelf") is not None:
            rule.invalid("optionalOldSelf", "may not be set if oldSelf is not used in rule")


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
