"""CEL rules of a schema (``x-kubernetes-validations``).

Mirrors ``apiextensions-apiserver/pkg/apiserver/schema/cel``: ``self`` is the value, ``oldSelf`` what it was; a rule that
names ``oldSelf`` is a transition rule and runs only where there was a value before; a rule without it does not complain
about what has not changed (ratcheting).  Names that are no CEL identifiers are escaped.
"""

import base64
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from k8s_tutor.apimachinery import cel
from k8s_tutor.apimachinery.structural.errors import OMIT, FieldError
from k8s_tutor.apimachinery.structural.types import Schema

_OLD_SELF = re.compile(r"\boldSelf\b")
_STRING = re.compile(r"""[rRbB]{0,2}(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_CHAIN = re.compile(r"\b(?:self|oldSelf)((?:\.[A-Za-z_]\w*)+)(\s*\()?")
_KEYWORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "true false null in as break const continue else for function if import let loop package namespace return var "
        "void while",
    )
)
_ESCAPES: Final = (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__"))


class RuleProblem(NamedTuple):
    """A rule that does not compile: where it stands, which it is, and what is wrong with it."""

    path: str
    position: int
    rule: dict[str, Any]
    field: str
    message: str


def escape(name: str) -> str:
    """Return a property's name as CEL spells it."""
    if name in _KEYWORDS:
        return f"__{name}__"
    for plain, escaped in _ESCAPES:
        name = name.replace(plain, escaped)
    return name


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


def check_rules(value: Any, old: Any, schema: Schema, path: str) -> Iterator[FieldError]:
    """Yield what the rules at and below ``schema`` have against ``value``; ``old`` is None where there was nothing."""
    if value is None:
        return
    rules = schema.get("x-kubernetes-validations") or ()
    if rules:
        yield from _check_own(rules, value, old, schema, path)
    for inner in schema.get("allOf") or ():
        yield from check_rules(value, old, {**inner, "type": schema.get("type")}, path)
    if isinstance(value, dict):
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        before = old if isinstance(old, dict) else {}
        for key, item in value.items():
            child = properties.get(key)
            if child is not None:
                yield from check_rules(item, before.get(key), child, f"{path}.{key}" if path else key)
            elif isinstance(additional, dict):
                yield from check_rules(item, before.get(key), additional, f"{path}[{key}]")
    elif isinstance(value, list) and isinstance(items := schema.get("items"), dict):
        known = _by_key(old, schema)
        for index, item in enumerate(value):
            yield from check_rules(item, known.get(_key(item, schema)), items, f"{path}[{index}]")


def _key(item: Any, schema: Schema) -> str | None:
    keys = schema.get("x-kubernetes-list-map-keys")
    if schema.get("x-kubernetes-list-type") != "map" or not keys or not isinstance(item, dict):
        return None
    return repr([item.get(key) for key in keys])


def _by_key(old: Any, schema: Schema) -> dict[str | None, Any]:
    found = {_key(item, schema): item for item in old} if isinstance(old, list) else {}
    found.pop(None, None)
    return found


def _check_own(rules: Any, value: Any, old: Any, schema: Schema, path: str) -> Iterator[FieldError]:
    values: dict[str, Any] = {"self": cel_value(value, schema), "oldSelf": cel_value(old, schema)}
    field, kind = path or "<nil>", schema.get("type", "")
    for rule in rules:
        text = rule.get("rule", "")
        transition = _OLD_SELF.search(_STRING.sub("''", text)) is not None
        if transition and old is None and not rule.get("optionalOldSelf"):
            continue
        try:
            result = cel.compile(text).evaluate(values)
        except cel.CompileError as error:
            yield FieldError("FieldValueInvalid", field, kind, f"rule compile error: compilation failed: {error}")
            continue
        if result is True or (not transition and old is not None and old == value):
            continue
        if isinstance(result, cel.CelError):
            yield FieldError("FieldValueInvalid", field, kind, _failure(str(result), rule))
            continue
        yield _complaint(rule, values, value, schema, path)


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
            said = cel.compile(expression).evaluate(values)
        except cel.CompileError:
            said = None
        if isinstance(said, str) and said.strip() and "\n" not in said.strip():
            detail = said.strip()
    place = f"{path}{rule['fieldPath']}".lstrip(".") if rule.get("fieldPath") else path
    reason = rule.get("reason") or "FieldValueInvalid"
    shown = OMIT if schema.get("type") in {"object", "array"} else value
    return FieldError(reason, place or "<nil>", shown, "" if reason == "FieldValueDuplicate" else detail)


def rule_problems(schema: Schema, path: str = "") -> Iterator[RuleProblem]:
    """Yield the rules of a schema that do not compile, as a CRD's validation reports them."""
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        for name in ("rule", "messageExpression"):
            expression = rule.get(name, "")
            if expression and (message := _compile_problem(expression, schema, name)):
                yield RuleProblem(path, index, rule, name, message)
    for key, inner in (schema.get("properties") or {}).items():
        yield from rule_problems(inner, f"{path}.properties[{key}]" if path else f"properties[{key}]")
    for key in ("items", "additionalProperties"):
        if isinstance(inner := schema.get(key), dict):
            yield from rule_problems(inner, f"{path}.{key}" if path else key)


def _compile_problem(expression: str, schema: Schema, name: str) -> str:
    try:
        program = cel.compile(expression)
    except cel.CompileError as error:
        return f"compilation failed: {error}"
    if problem := _undefined_field(expression, schema):
        return f"compilation failed: {problem}"
    wanted = "bool" if name == "rule" else "string"
    if program.type not in {wanted, "dyn"}:
        head = "cel expression" if name == "rule" else "messageExpression"
        return f"{head} must evaluate to a {wanted}"
    return ""


def _undefined_field(expression: str, schema: Schema) -> str:
    """Find a field of ``self`` that the schema does not have; the compiler itself takes ``self`` for anything."""
    masked = _STRING.sub(lambda match: "'" + "_" * (len(match.group()) - 2) + "'", expression)
    for match in _CHAIN.finditer(masked):
        steps = match.group(1).split(".")[1:]
        if match.group(2):
            steps.pop()
        current: Schema = schema
        position = match.start(1)
        for step in steps:
            properties = current.get("properties") or {}
            if current.get("type") != "object" or current.get("x-kubernetes-preserve-unknown-fields"):
                break
            if not properties and current.get("additionalProperties") not in (None, False):
                break
            known = {escape(key): inner for key, inner in properties.items()}
            if step not in known:
                line = expression.count("\n", 0, position) + 1
                column = position - (expression.rfind("\n", 0, position) + 1)
                source = expression.split("\n")[line - 1]
                head = f"ERROR: <input>:{line}:{column + 1}: undefined field '{step}'"
                return f"{head}\n | {source}\n | {'.' * column}^"
            current = known[step]
            position += len(step) + 1
    return ""
