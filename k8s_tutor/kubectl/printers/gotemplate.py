"""``-o go-template=…``: Go's text/template, as far as people write it for kubectl.

Fields, ``range`` with variables and ``else``, ``if``/``else if``, ``with``, ``define``-less pipelines, variables and the
functions index, len, printf, print, println, eq, ne, lt, le, gt, ge, and, or, not, html, js, urlquery, slice, plus
kubectl's ``base64decode`` and ``exists``.
"""

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from k8s_tutor.apimachinery.goyaml import to_json
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.text import go_value, quoted

_TOKEN = re.compile(
    r"""\s+|(?P<string>"(?:\\.|[^"\\])*"|`[^`]*`|'(?:\\.|[^'\\])+')|(?P<number>[-+]?\d+(?:\.\d+)?)|(?P<assign>:=|=)|"""
    r"""(?P<pipe>\|)|(?P<open>\()|(?P<close>\))|(?P<comma>,)|(?P<variable>\$\w*(?:\.\w+)*)|(?P<field>(?:\.[\w-]+)+|\.)|(?P<word>\w+)"""
)
_MISSING = object()


@dataclass(slots=True)
class _Node:
    kind: str
    text: str = ""
    body: list["_Node"] = field(default_factory=list)
    other: list["_Node"] = field(default_factory=list)


class _ExecutionError(Exception):
    """A template that was read cannot be filled."""


class GoTemplate:
    """A parsed template.

    Args:
        source: the template.
        allow_missing: missing keys print ``<no value>``; else they are errors.

    Raises:
        CommandError: it cannot be parsed.
    """

    def __init__(self, source: str, *, allow_missing: bool = True) -> None:
        self.source = source
        self._strict = not allow_missing
        self._parts = _split(source)
        self._at = 0
        self._nodes, end = self._parse()
        if end:
            raise self._error(f"unexpected {{{{{end}}}}}")

    def render(self, data: Any) -> str:
        """Fill the template with an object."""
        out: list[str] = []
        try:
            self._run(self._nodes, data, {"$": data}, out)
        except _ExecutionError as error:
            why = f"template: output:{error}"
            told = f"Error executing template: {why}. Printing more information for debugging the template:\n"
            told += f"\ttemplate was:\n\t\t{self.source}\n\traw data was:\n\t\t{to_json(data, indent=None)}\n"
            told += f"\tobject given to template engine was:\n\t\t{go_value(data)}\n\n"
            message = f"error executing template {quoted(self.source)}: {why}"
            raise CommandError(message, output="".join(out) + told) from None
        return "".join(out)

    def _failure(self, text: str, why: str, *, at: int = 0) -> "_ExecutionError":
        """Say where a template could not be executed: line and column, and the words that were looked at."""
        place = max(self.source.find(text), 0) + at
        before = self.source[:place]
        line, column = before.count("\n") + 1, place - (before.rfind("\n") + 1)
        return _ExecutionError(f'{line}:{column}: executing "output" at <{text}>: {why}')

    def _error(self, why: str) -> CommandError:
        return CommandError(f"error parsing template {self.source}, template: output:1: {why}")

    def _parse(self) -> tuple[list[_Node], str]:
        nodes: list[_Node] = []
        while self._at < len(self._parts):
            is_action, text = self._parts[self._at]
            self._at += 1
            if not is_action:
                nodes.append(_Node("text", text))
                continue
            match = re.match(r"(range|if|with|else|end)\b", text)
            word = match.group() if match else ""
            rest = text[len(word) :]
            if word in {"end", "else"}:
                return nodes, text
            if word in {"range", "if", "with"}:
                nodes.append(self._block(word, rest.strip()))
            elif text and not text.startswith("/*"):
                nodes.append(_Node("print", text))
        return nodes, ""

    def _block(self, word: str, rest: str) -> _Node:
        node = _Node(word, rest)
        node.body, end = self._parse()
        if end.startswith("else"):
            further = end.removeprefix("else").strip()
            if further.startswith(("if ", "with ")):
                inner, _, condition = further.partition(" ")
                node.other = [self._block(inner, condition)]
                return node
            node.other, end = self._parse()
        if end != "end":
            raise self._error("unexpected EOF")
        return node

    def _run(self, nodes: list[_Node], dot: Any, variables: dict[str, Any], out: list[str]) -> None:
        for node in nodes:
            if node.kind == "text":
                out.append(node.text)
            elif node.kind == "print":
                self._print(node.text, dot, variables, out)
            elif node.kind == "range":
                self._range(node, dot, variables, out)
            else:
                scope = dict(variables)
                value = self._assigning(node.text, dot, scope)
                chosen = node.body if _true(value) else node.other
                self._run(chosen, value if node.kind == "with" and _true(value) else dot, scope, out)

    def _print(self, text: str, dot: Any, variables: dict[str, Any], out: list[str]) -> None:
        match = re.match(r"(\$\w+)\s*:?=\s*(.*)", text, re.DOTALL)
        if match:
            variables[match.group(1)] = self._pipeline(match.group(2), dot, variables)
            return
        value = self._pipeline(text, dot, variables)
        out.append("<no value>" if value is _MISSING or value is None else go_value(value))

    def _assigning(self, text: str, dot: Any, variables: dict[str, Any]) -> Any:
        match = re.match(r"(\$\w+)\s*:?=\s*(.*)", text, re.DOTALL)
        value = self._pipeline(match.group(2) if match else text, dot, variables)
        if match:
            variables[match.group(1)] = value
        return value

    def _range(self, node: _Node, dot: Any, variables: dict[str, Any], out: list[str]) -> None:
        match = re.match(r"(\$\w+)(?:\s*,\s*(\$\w+))?\s*:?=\s*(.*)", node.text, re.DOTALL)
        value = self._pipeline(match.group(3) if match else node.text, dot, variables)
        pairs: list[tuple[Any, Any]] = []
        if isinstance(value, dict):
            pairs = [(key, value[key]) for key in sorted(value)]
        elif isinstance(value, list):
            pairs = list(enumerate(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            pairs = [(number, number) for number in range(value)]
        elif value is not _MISSING and value is not None:
            raise self._failure(node.text, f"range can't iterate over {go_value(value)}")
        for key, item in pairs:
            scope = dict(variables)
            if match and match.group(2):
                scope |= {match.group(1): key, match.group(2): item}
            elif match:
                scope[match.group(1)] = item
            self._run(node.body, item, scope, out)
        if not pairs:
            self._run(node.other, dot, variables, out)

    def _pipeline(self, text: str, dot: Any, variables: dict[str, Any]) -> Any:
        value: Any = _MISSING
        for at, command in enumerate(_commands(_tokens(text, self))):
            value = self._command(command, dot, variables, [value] if at else [])
        return value

    def _command(self, tokens: list[tuple[str, str]], dot: Any, variables: dict[str, Any], extra: list[Any]) -> Any:
        if not tokens:
            raise self._error("missing value for command")
        kind, text = tokens[0]
        if kind == "word" and text not in {"true", "false", "nil"}:
            if text not in _FUNCTIONS:
                raise self._error(f'function "{text}" not defined')
            values = self._operands(tokens[1:], dot, variables) + extra
            try:
                return _FUNCTIONS[text](*[None if value is _MISSING else value for value in values])
            except (TypeError, ValueError, KeyError, IndexError) as error:
                raise CommandError(
                    f"error executing template {json.dumps(self.source)}: error calling {text}: {error}"
                ) from None
        return self._operands(tokens, dot, variables)[0]

    def _operands(self, tokens: list[tuple[str, str]], dot: Any, variables: dict[str, Any]) -> list[Any]:
        values: list[Any] = []
        at = 0
        while at < len(tokens):
            kind, text = tokens[at]
            if kind == "open":
                end = _matching(tokens, at)
                inner = " ".join(word for _, word in tokens[at + 1 : end])
                value = self._pipeline(inner, dot, variables)
                at = end
                if at + 1 < len(tokens) and tokens[at + 1][0] == "field" and tokens[at + 1][1] != ".":
                    value = self._walk(value, tokens[at + 1][1])
                    at += 1
                values.append(value)
            else:
                values.append(self._operand(kind, text, dot, variables))
            at += 1
        return values

    def _operand(self, kind: str, text: str, dot: Any, variables: dict[str, Any]) -> Any:
        if kind == "string":
            return (
                text[1:-1]
                if text[0] == "`"
                else json.loads('"' + text[1:-1].replace('\\"', '"').replace('"', '\\"') + '"')
            )
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "field":
            return dot if text == "." else self._walk(dot, text)
        if kind == "variable":
            name, _, path = text.partition(".")
            if name not in variables:
                raise self._error(f'undefined variable "{name}"')
            return self._walk(variables[name], f".{path}") if path else variables[name]
        if text in {"true", "false", "nil"}:
            return {"true": True, "false": False, "nil": None}[text]
        return self._command([(kind, text)], dot, variables, [])

    def _walk(self, value: Any, path: str) -> Any:
        names = path.split(".")[1:]
        # Go tells the place of a chain by its second link.
        column = len(names[0]) + 1 if len(names) > 1 else 0
        for name in names:
            if isinstance(value, dict):
                value = value.get(name, _MISSING)
                if value is _MISSING and self._strict:
                    raise self._failure(path, f'map has no entry for key "{name}"', at=column)
            elif value is _MISSING or value is None:
                raise self._failure(path, f"nil pointer evaluating interface {{}}.{name}", at=column)
            else:
                raise self._failure(path, f"can't evaluate field {name} in type interface {{}}", at=column)
        return value


def _split(source: str) -> list[tuple[bool, str]]:
    parts: list[tuple[bool, str]] = []
    at = 0
    for match in re.finditer(r"\{\{(-\s)?(.*?)(\s-)?\}\}", source, re.DOTALL):
        text = source[at : match.start()]
        if parts and parts[-1][0] and source[:at].endswith("-}}"):
            text = text.lstrip()
        if match.group(1):
            text = text.rstrip()
        if text:
            parts.append((False, text))
        parts.append((True, match.group(2).strip()))
        at = match.end()
    rest = source[at:]
    if source[:at].endswith("-}}"):
        rest = rest.lstrip()
    if "{{" in rest:
        raise CommandError(f"error parsing template {source}, template: output:1: unclosed action")
    return [*parts, (False, rest)] if rest else parts


def _tokens(text: str, template: GoTemplate) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise CommandError(
                f"error parsing template {template.source}, template: output:1: unexpected {text[at]!r} in command"
            )
        at = match.end()
        if match.lastgroup:
            found.append((match.lastgroup, match.group()))
    return found


def _commands(tokens: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    commands: list[list[tuple[str, str]]] = [[]]
    depth = 0
    for token in tokens:
        depth += {"open": 1, "close": -1}.get(token[0], 0)
        if token[0] == "pipe" and not depth:
            commands.append([])
        else:
            commands[-1].append(token)
    return commands


def _matching(tokens: list[tuple[str, str]], at: int) -> int:
    depth = 0
    for position in range(at, len(tokens)):
        depth += {"open": 1, "close": -1}.get(tokens[position][0], 0)
        if not depth:
            return position
    return len(tokens)


def _true(value: Any) -> bool:
    return value is not _MISSING and bool(value)


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, list):
            if not 0 <= key < len(value):
                raise IndexError(f"index out of range: {key}")
            value = value[key]
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def _printf(text: str, *values: Any) -> str:
    rest = list(values)

    def fill(match: re.Match[str]) -> str:
        if match.group(2) == "%":
            return "%"
        value = rest.pop(0) if rest else None
        verb = match.group(2)
        if verb == "q":
            shown = json.dumps(value)
        elif verb in "dxobXeEfgG" and isinstance(value, int | float):
            return ("%" + match.group(1) + verb) % value
        else:
            shown = go_value(value)
        width = re.fullmatch(r"(-?)(\d+)(?:\.\d+)?", match.group(1))
        if not width:
            return shown
        return shown.ljust(int(width.group(2))) if width.group(1) else shown.rjust(int(width.group(2)))

    return re.sub(r"%([-+# 0-9.]*)([a-zA-Z%])", fill, text)


def _equal(first: Any, *others: Any) -> bool:
    return any(first == other for other in others)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "index": _index,
    "slice": lambda value, *at: value[slice(*at)] if at else value,
    "len": len,
    "printf": _printf,
    "print": lambda *values: "".join(go_value(value) for value in values),
    "println": lambda *values: " ".join(go_value(value) for value in values) + "\n",
    "eq": _equal,
    "ne": lambda left, right: left != right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "and": lambda *values: next((value for value in values if not value), values[-1]),
    "or": lambda *values: next((value for value in values if value), values[-1]),
    "not": lambda value: not value,
    "html": lambda *values: html.escape("".join(go_value(value) for value in values)),
    "js": lambda *values: json.dumps("".join(go_value(value) for value in values))[1:-1],
    "urlquery": lambda *values: urllib.parse.quote_plus("".join(go_value(value) for value in values)),
    "base64decode": lambda value: base64.b64decode(value).decode("utf-8", "replace"),
    "exists": lambda value, *keys: _index(value, *keys) is not None,
}
