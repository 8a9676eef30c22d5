"""Kubernetes' JSONPath templates, as ``kubectl -o jsonpath``, ``wait --for=jsonpath`` and checks use them.

A template is text with expressions in braces: ``{.items[*].metadata.name}``, ``{range .items[*]}…{end}``, quoted text,
filters ``[?(@.type=="Ready")]``, slices ``[0:2]``, unions ``['a','b']``, recursive descent ``..name``. Mirrors client-go,
``util/jsonpath``: keys are found in document order sorted by name, missing keys give nothing unless strict.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson


class JSONPathError(ValueError):
    """The template is malformed, or strict evaluation missed a key."""


@dataclass(slots=True)
class _Step:
    kind: str
    name: str = ""
    numbers: tuple[int | None, int | None, int | None] = (None, None, None)
    parts: list["_Path"] = field(default_factory=list)
    left: "_Path | None" = None
    operator: str = ""
    right: "_Path | None" = None


@dataclass(slots=True)
class _Path:
    steps: list[_Step]


@dataclass(slots=True)
class _Text:
    text: str


@dataclass(slots=True)
class _Range:
    path: _Path
    body: list["_Path | _Text | _Range"]


_Node = _Path | _Text | _Range
_NAME = re.compile(r"(?:\\.|[^\s.\[\]{}()<>=!'\"|,\\])+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class JSONPath:
    """A parsed template.

    Args:
        template: the text with expressions.
        allow_missing: missing keys give nothing; else they raise.

    Raises:
        JSONPathError: it cannot be parsed.
    """

    def __init__(self, template: str, *, allow_missing: bool = True) -> None:
        self.template = template
        self.allow_missing = allow_missing
        self._nodes = _Parser(template).nodes()

    def find(self, data: Any) -> list[Any]:
        """Return all values that the expressions select, in order."""
        return [value for group in self.results(data) for value in group if not isinstance(value, _Text)]

    def results(self, data: Any) -> list[list[Any]]:
        """Return the values, one list an expression; literal text comes as itself."""
        found: list[list[Any]] = []
        self._walk(self._nodes, data, data, found)
        return found

    def render(self, data: Any) -> str:
        """Return the text as kubectl prints it: values of one expression are joined by spaces."""
        return "".join(
            " ".join(value.text if isinstance(value, _Text) else rendered(value) for value in group)
            for group in self.results(data)
        )

    def _walk(self, nodes: list[_Node], current: Any, root: Any, found: list[list[Any]]) -> None:
        for node in nodes:
            if isinstance(node, _Text):
                found.append([node])
            elif isinstance(node, _Range):
                for value in self._evaluate(node.path, current, root):
                    self._walk(node.body, value, root, found)
            else:
                found.append(self._evaluate(node, current, root))

    def _evaluate(self, path: _Path, current: Any, root: Any) -> list[Any]:
        values = [current]
        for step in path.steps:
            if step.kind == "union":
                values = [
                    found for part in step.parts for value in values for found in self._evaluate(part, value, root)
                ]
            else:
                values = [found for value in values for found in self._apply(step, value, root)]
        return values

    def _apply(self, step: _Step, value: Any, root: Any) -> Iterator[Any]:
        if step.kind == "root":
            yield root
        elif step.kind == "field":
            yield from self._field(step.name, value)
        elif step.kind == "wildcard":
            yield from _children(value)
        elif step.kind == "recursive":
            yield from _descendants(value)
        elif step.kind == "slice":
            yield from self._slice(step, value)
        elif step.kind == "union":
            for part in step.parts:
                yield from self._evaluate(part, value, root)
        elif step.kind == "filter":
            yield from (item for item in _items(value) if self._matches(step, item, root))
        else:
            yield _Text(step.name) if step.kind == "text" else _literal(step.name)

    def _field(self, name: str, value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]
        elif not name:
            yield value
        elif not self.allow_missing:
            raise JSONPathError(f"{name} is not found")

    def _slice(self, step: _Step, value: Any) -> Iterator[Any]:
        if not isinstance(value, list):
            if value is not None and not self.allow_missing:
                raise JSONPathError(f"{value} is not array or slice")
            return
        start, stop, stride = step.numbers
        if step.name == "index":
            position = start or 0
            if -len(value) <= position < len(value):
                yield value[position]
            elif not self.allow_missing:
                raise JSONPathError(f"array index out of bounds: index {position}, length {len(value)}")
            return
        if stride is not None and stride <= 0:
            raise JSONPathError("step must be > 0")
        yield from value[slice(start, stop, stride)]

    def _matches(self, step: _Step, item: Any, root: Any) -> bool:
        left = self._relaxed(step.left, item, root)
        if step.operator == "exists":
            return bool(left)
        right = self._relaxed(step.right, item, root)
        if not left or not right:
            return False
        return _compare(left[0], step.operator, right[0])

    def _relaxed(self, path: _Path | None, item: Any, root: Any) -> list[Any]:
        values: list[Any] = [item]
        for step in path.steps if path else ():
            try:
                values = [result for value in values for result in self._apply(step, value, root)]
            except JSONPathError:
                return []
        return [value.text if isinstance(value, _Text) else value for value in values]


class _Parser:
    def __init__(self, template: str) -> None:
        self.text = template
        self.at = 0

    def nodes(self) -> list[_Node]:
        top: list[_Node] = []
        stack: list[list[_Node]] = [top]
        while self.at < len(self.text):
            opening = self.text.find("{", self.at)
            if opening < 0:
                stack[-1].append(_Text(self.text[self.at :]))
                break
            if opening > self.at:
                stack[-1].append(_Text(self.text[self.at : opening]))
            self.at = opening + 1
            self._block(stack)
        if len(stack) > 1:
            raise JSONPathError("unterminated range")
        return top

    def _block(self, stack: list[list[_Node]]) -> None:
        self._space()
        if match := re.compile(r"end\s*\}").match(self.text, self.at):
            if len(stack) == 1:
                raise JSONPathError("not in range, nothing to end")
            self.at = match.end()
            stack.pop()
            return
        if match := re.compile(r"range\b\s*").match(self.text, self.at):
            self.at = match.end()
            node = _Range(_Path(self._steps("}")), [])
            self._close()
            stack[-1].append(node)
            stack.append(node.body)
            return
        while True:
            self._space()
            if self._peek() == "}":
                self.at += 1
                return
            if not self._peek():
                raise JSONPathError("unclosed action")
            stack[-1].append(_Path(self._steps("}")))

    def _close(self) -> None:
        self._space()
        if self._peek() != "}":
            raise JSONPathError("unclosed action")
        self.at += 1

    def _peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def _space(self) -> None:
        while self._peek() in {" ", "\t", "\n", "\r"} and self._peek():
            self.at += 1

    def _steps(self, stops: str) -> list[_Step]:
        steps: list[_Step] = []
        while (char := self._peek()) and char not in stops + " \t\n":
            if char == "$":
                self.at += 1
                steps.append(_Step("root"))
            elif char == "@":
                self.at += 1
            elif char == ".":
                self._dot(steps)
            elif char == "[":
                steps.append(self._bracket())
            elif char in "'\"":
                steps.append(_Step("text", self._quoted()))
            elif char.isdigit() or char in "+-":
                steps.append(self._number())
            elif char == "*":
                self.at += 1
                steps.append(_Step("wildcard"))
            elif match := _NAME.match(self.text, self.at):
                self.at = match.end()
                word = match.group()
                if not steps and word in {"true", "false", "null"}:
                    steps.append(_Step("literal", word))
                elif not steps:
                    raise JSONPathError(f"unrecognized identifier {word}")
                else:
                    raise JSONPathError(f"unexpected {word!r}")
            elif char in {"|", "&"}:
                raise JSONPathError(f"unrecognized character in action: U+{ord(char):04X} '{char}'")
            else:
                break
        return steps

    def _dot(self, steps: list[_Step]) -> None:
        self.at += 1
        if self._peek() == ".":
            self.at += 1
            steps.append(_Step("recursive"))
            if self._peek() in {"[", "*"}:
                return
        if self._peek() == "*":
            self.at += 1
            steps.append(_Step("wildcard"))
            return
        if match := _NAME.match(self.text, self.at):
            self.at = match.end()
            steps.append(_Step("field", re.sub(r"\\(.)", r"\1", match.group())))

    def _number(self) -> _Step:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise JSONPathError(f"unexpected {self._peek()!r}")
        self.at = match.end()
        return _Step("literal", match.group())

    def _quoted(self) -> str:
        quote = self._peek()
        start = self.at + 1
        end = start
        while end < len(self.text) and self.text[end] != quote:
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise JSONPathError("unterminated quoted string")
        self.at = end + 1
        return _unescaped(self.text[start:end])

    def _bracket(self) -> _Step:
        end = self._closing()
        inner = self.text[self.at + 1 : end].strip()
        self.at = end + 1
        if inner == "*":
            return _Step("wildcard")
        if inner.startswith("?(") and inner.endswith(")"):
            return _filter(inner[2:-1])
        if re.fullmatch(r"-?\d+", inner):
            return _Step("slice", "index", (int(inner), None, None))
        if match := re.fullmatch(r"(-?\d*)\s*:\s*(-?\d*)(?:\s*:\s*(-?\d*))?", inner):
            numbers = [int(group) if group else None for group in match.groups()]
            return _Step("slice", "range", (numbers[0], numbers[1], numbers[2]))
        parts = _split(inner)
        if len(parts) > 1:
            return _Step("union", parts=[_Path([_inner_step(part)]) for part in parts])
        if inner:
            return _inner_step(inner)
        raise JSONPathError(f"invalid array index {inner}")

    def _closing(self) -> int:
        depth, at, quote = 0, self.at, ""
        while at < len(self.text):
            char = self.text[at]
            if quote:
                if char == "\\":
                    at += 1
                elif char == quote:
                    quote = ""
            elif char in "'\"":
                quote = char
            elif char == "[":
                depth += 1
            elif char == "]":
                depth -= 1
                if not depth:
                    return at
            at += 1
        raise JSONPathError("unterminated array")


def _inner_step(text: str) -> _Step:
    if text[0] in "'\"" and text[-1] == text[0] and len(text) > 1:
        return _Step("union", parts=[_Path(_Parser("." + text[1:-1])._steps(""))])  # noqa: SLF001  as above
    if re.fullmatch(r"-?\d+", text):
        return _Step("slice", "index", (int(text), None, None))
    if text.startswith(("@", "$", ".")):
        return _Step("union", parts=[_Path(_Parser(text)._steps(""))])  # noqa: SLF001  as above
    raise JSONPathError(f"invalid array index {text}")


def _filter(text: str) -> _Step:
    parser = _Parser(text)
    left = _Path(_side(parser))
    parser._space()  # noqa: SLF001  the same parser, one level in
    rest = parser.text[parser.at :]
    for operator in ("==", "!=", "<=", ">=", "<", ">", "="):
        if rest.startswith(operator):
            parser.at += len(operator)
            right = _Path(_side(parser))
            return _Step("filter", left=left, operator="==" if operator == "=" else operator, right=right)
    if rest.strip():
        raise JSONPathError(f"unrecognized character in action: {rest.strip()[0]!r}")
    return _Step("filter", left=left, operator="exists")


def _side(parser: _Parser) -> list[_Step]:
    parser._space()  # noqa: SLF001  the same parser, one level in
    steps = parser._steps("=!<>")  # noqa: SLF001
    return [_Step("literal", f'"{step.name}"') if step.kind == "text" else step for step in steps]


def _split(text: str) -> list[str]:
    parts, depth, quote, start = [], 0, "", 0
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "[(":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "," and not depth:
            parts.append(text[start:at].strip())
            start = at + 1
    return [*parts, text[start:].strip()]


def _unescaped(text: str) -> str:
    known = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}
    return re.sub(r"\\(.)", lambda match: known.get(match.group(1), match.group(0)), text)


def _literal(text: str) -> Any:
    if text.startswith('"'):
        return text[1:-1]
    return {"true": True, "false": False, "null": None}[text] if text.isalpha() else orjson.loads(text)


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [value[key] for key in sorted(value)] if isinstance(value, dict) else []


def _children(value: Any) -> list[Any]:
    return _items(value)


def _descendants(value: Any) -> Iterator[Any]:
    yield value
    for child in _items(value):
        yield from _descendants(child)


def _compare(left: Any, operator: str, right: Any) -> bool:
    if isinstance(left, bool) != isinstance(right, bool) or isinstance(left, str) != isinstance(right, str):
        left, right = rendered(left), rendered(right)
    if operator in {"==", "!="}:
        return bool(left == right) is (operator == "==")
    try:
        smaller, larger = bool(left < right), bool(left > right)
    except TypeError:
        return False
    return {"<": smaller, "<=": not larger, ">": larger, ">=": not smaller}[operator]


def rendered(value: Any) -> str:
    """Return one value as kubectl prints it: strings bare, structures as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:g}"
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def relaxed(expression: str) -> str:
    """Accept ``x.y``, ``.x.y``, ``{x.y}`` and ``{.x.y}`` alike, as custom columns and --sort-by do.

    Raises:
        JSONPathError: none of these shapes.
    """
    if not expression:
        return expression
    match = re.fullmatch(r"\{\.?([^{}]+)\}|\.?([^{}]+)", expression)
    if match is None:
        raise JSONPathError(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
        )
    return "{." + (match.group(1) or match.group(2)) + "}"
