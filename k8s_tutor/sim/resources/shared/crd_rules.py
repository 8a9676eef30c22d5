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
_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\['((?:\\.|[^'\\])*)'\]|\[(\d+)\]")
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
    if find(schema, path) is None:
        v.invalid("fieldPath", "must be a valid path")


def find(schema: Json, path: str, *, arrays: bool = True) -> Json | None:
    """Return the schema at a path such as ``.spec.names[0]['a b']``, or None."""
    position, current = 0, schema
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return None
        name = match[1] if match[1] is not None else match[2]
        if name is None:
            inner = current.get("items") if arrays else None
        else:
            inner = (current.get("properties") or {}).get(name)
            if inner is None and isinstance(current.get("additionalProperties"), dict):
                inner = current["additionalProperties"]
        if not isinstance(inner, dict):
            return None
        current, position = inner, match.end()
    return current if path else None


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
