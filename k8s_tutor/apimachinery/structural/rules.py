"""CEL rules of a schema (``x-kubernetes-validations``).

Mirrors ``apiextensions-apiserver/pkg/apiserver/schema/cel``: ``self`` is the value, ``oldSelf`` what it was; a rule that
names ``oldSelf`` is a transition rule and runs only where there was a value before; a rule without it does not complain
about what has not changed (ratcheting).  Names that are no CEL identifiers are escaped.
"""

import base64
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from k8s_tutor.apimachinery import cel
from k8s_tutor.apimachinery.structural.errors import OMIT, FieldError
from k8s_tutor.apimachinery.structural.escaping import escape
from k8s_tutor.apimachinery.structural.types import Schema

_OLD_SELF = re.compile(r"(?<![\w.])oldSelf\b")
_OPTIONAL = "(hadSelf ? optional.of(oldSelf) : optional.none())"
_STRING = re.compile(r"""[rRbB]{0,2}(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")


def cel_value(value: Any, schema: Schema) -> Any:
    """Return a value as rules see it: names escaped, times, durations and bytes as such, numbers as doubles."""
    if isinstance(value, dict):
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        if properties:
            return {escape(key): cel_value(item, properties.get(key) or {}) for key, item in value.items()}
        inner = additional if isinstance(additional, dict) else {}
        return {key: cel_value(item, inner) for key, item in value.items()}
    if isinstance(value, list):
        items = schema.get("items")
        return [cel_value(item, items) for item in value] if isinstance(items, dict) else value
    if schema.get("type") == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return _formatted(value, schema.get("format")) if isinstance(value, str) else value


def _formatted(value: str, name: Any) -> Any:
    # Dates and durations stay text: the CEL library takes no times as input.
    try:
        return base64.b64decode(value) if name == "byte" else value
    except ValueError:
        return value


class RuleComplaint(NamedTuple):
    """A complaint of a rule."""

    error: FieldError
    #: Only warned of, since what the rule is about has not changed.
    ratcheted: bool = False
    #: No more rules are run.
    last: bool = False


def check_rules(value: Any, old: Any, schema: Schema) -> Iterator[RuleComplaint]:
    """Yield what the rules of a schema have against a value.

    Args:
        value: the value.
        old: what it was; None where there was nothing.
        schema: its schema.
    """
    for complaint in _walk(value, old, schema, "", unchanged=False):
        yield complaint
        if complaint.last:
            return


def _walk(value: Any, old: Any, schema: Schema, path: str, *, unchanged: bool) -> Iterator[RuleComplaint]:
    """Check the rules at and below a place; ``unchanged``: something around it is what it was."""
    if value is None:
        return
    unchanged = unchanged or (old is not None and old == value)
    rules = schema.get("x-kubernetes-validations") or ()
    if rules:
        yield from _check_own(rules, value, old, schema, path, unchanged=unchanged)
    for inner in schema.get("allOf") or ():
        yield from _walk(value, old, {**inner, "type": schema.get("type")}, path, unchanged=unchanged)
    if isinstance(value, dict):
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        before = old if isinstance(old, dict) else {}
        for key, item in value.items():
            child = properties.get(key)
            if child is not None:
                yield from _walk(item, before.get(key), child, f"{path}.{key}" if path else key, unchanged=unchanged)
            elif isinstance(additional, dict):
                yield from _walk(item, before.get(key), additional, f"{path}[{key}]", unchanged=unchanged)
    elif isinstance(value, list) and isinstance(items := schema.get("items"), dict):
        known = items_by_key(old, schema)
        for index, item in enumerate(value):
            yield from _walk(item, known.get(item_key(item, schema)), items, f"{path}[{index}]", unchanged=unchanged)


def item_key(item: Any, schema: Schema) -> str | None:
    """Return what tells an item of a list-map from others; None where items can not be told apart."""
    keys = schema.get("x-kubernetes-list-map-keys")
    if schema.get("x-kubernetes-list-type") != "map" or not keys or not isinstance(item, dict):
        return None
    return repr([item.get(key) for key in keys])


def items_by_key(old: Any, schema: Schema) -> dict[str | None, Any]:
    """Return the items of a list-map by what tells them apart."""
    found = {item_key(item, schema): item for item in old} if isinstance(old, list) else {}
    found.pop(None, None)
    return found


def _check_own(
    rules: Any, value: Any, old: Any, schema: Schema, path: str, *, unchanged: bool
) -> Iterator[RuleComplaint]:
    values: dict[str, Any] = {"self": cel_value(value, schema), "oldSelf": cel_value(old, schema)}
    field, kind = path or "<nil>", schema.get("type", "")
    for rule in rules:
        text = rule.get("rule", "")
        transition = _OLD_SELF.search(_STRING.sub("''", text)) is not None
        if transition and old is None and not rule.get("optionalOldSelf"):
            continue
        try:
            result = _evaluate(text, values, optional=bool(rule.get("optionalOldSelf")))
        except cel.CompileError as error:
            detail = f"rule compile error: compilation failed: {error}"
            yield RuleComplaint(FieldError("FieldValueInvalid", field, kind, detail))
            continue
        if result is True:
            continue
        if isinstance(result, cel.CelError):
            failure = FieldError("FieldValueInvalid", field, kind, _failure(str(result), rule))
            yield RuleComplaint(failure, last=str(result) == cel.TOO_DEAR)
            continue
        yield RuleComplaint(_complaint(rule, values, value, schema, path), ratcheted=not transition and unchanged)


def _evaluate(text: str, values: dict[str, Any], *, optional: bool) -> Any:
    """Evaluate an expression; ``optional``: its ``oldSelf`` is an optional value, which no variable can be."""
    if not optional:
        return cel.compile(text).evaluate(values)
    parts, at = [], 0
    for literal in _STRING.finditer(text):
        parts += [_OLD_SELF.sub(_OPTIONAL, text[at : literal.start()]), literal.group()]
        at = literal.end()
    parts.append(_OLD_SELF.sub(_OPTIONAL, text[at:]))
    program = cel.compile("".join(parts), ("self", "oldSelf", "hadSelf"))
    return program.evaluate({**values, "hadSelf": values["oldSelf"] is not None})


def _rule_text(rule: dict[str, Any]) -> str:
    return str(rule.get("message") or rule.get("rule", "")).strip()


def _failure(error: str, rule: dict[str, Any]) -> str:
    if error.startswith("no such overload"):
        why = "call arguments did not match a supported operator, function or macro signature for rule"
        return f"'{error}': {why}: {_rule_text(rule)}"
    if error.startswith("operation cancelled"):
        why = "no further validation rules will be run due to call cost exceeds limit for rule"
        return f"'{error}': {why}: {_rule_text(rule)}"
    return f"{error} evaluating rule: {_rule_text(rule)}"


def _complaint(rule: dict[str, Any], values: dict[str, Any], value: Any, schema: Schema, path: str) -> FieldError:
    detail = rule.get("message", "").strip() or f"failed rule: {rule.get('rule', '').strip()}"
    if expression := rule.get("messageExpression"):
        try:
            said = cel.compile(expression).evaluate(values)  # which sees no optional value, as upstream
        except cel.CompileError:
            said = None
        if isinstance(said, str) and said.strip() and "\n" not in said.strip():
            detail = said.strip()
    place = f"{path}{rule['fieldPath']}".lstrip(".") if rule.get("fieldPath") else path
    reason = rule.get("reason") or "FieldValueInvalid"
    shown = OMIT if schema.get("type") in {"object", "array"} else value
    return FieldError(reason, place or "<nil>", shown, "" if reason == "FieldValueDuplicate" else detail)
