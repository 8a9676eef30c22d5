"""What a JSONPath template selects in data, and how kubectl prints it (client-go: ``util/jsonpath``)."""

from collections.abc import Iterator
from typing import Any

import orjson

from k8s_tutor.apimachinery.jsonpath.parsing import Parser
from k8s_tutor.apimachinery.jsonpath.template import JSONPathError, Node, Path, Range, Step, Text


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
        self._nodes = Parser(template).nodes()

    def find(self, data: Any) -> list[Any]:
        """Return all values that the expressions select, in order."""
        return [value for group in self.results(data) for value in group if not isinstance(value, Text)]

    def results(self, data: Any) -> list[list[Any]]:
        """Return the values, one list an expression; literal text comes as itself."""
        found: list[list[Any]] = []
        self._walk(self._nodes, data, data, found)
        return found

    def render(self, data: Any) -> str:
        """Return the text as kubectl prints it: values of one expression are joined by spaces."""
        return "".join(
            " ".join(value.text if isinstance(value, Text) else rendered(value) for value in group)
            for group in self.results(data)
        )

    def _walk(self, nodes: list[Node], current: Any, root: Any, found: list[list[Any]]) -> None:
        for node in nodes:
            if isinstance(node, Text):
                found.append([node])
            elif isinstance(node, Range):
                for value in self._evaluate(node.path, current, root):
                    self._walk(node.body, value, root, found)
            else:
                found.append(self._evaluate(node, current, root))

    def _evaluate(self, path: Path, current: Any, root: Any) -> list[Any]:
        values = [current]
        for step in path.steps:
            if step.kind == "union":
                values = [
                    found for part in step.parts for value in values for found in self._evaluate(part, value, root)
                ]
            else:
                values = [found for value in values for found in self._apply(step, value, root)]
        return values

    def _apply(self, step: Step, value: Any, root: Any) -> Iterator[Any]:
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
            yield Text(step.name) if step.kind == "text" else _literal(step.name)

    def _field(self, name: str, value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]
        elif not name:
            yield value
        elif not self.allow_missing:
            raise JSONPathError(f"{name} is not found")

    def _slice(self, step: Step, value: Any) -> Iterator[Any]:
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

    def _matches(self, step: Step, item: Any, root: Any) -> bool:
        left = self._relaxed(step.left, item, root)
        if step.operator == "exists":
            return bool(left)
        right = self._relaxed(step.right, item, root)
        if not left or not right:
            return False
        return _compare(left[0], step.operator, right[0])

    def _relaxed(self, path: Path | None, item: Any, root: Any) -> list[Any]:
        values: list[Any] = [item]
        for step in path.steps if path else ():
            try:
                values = [result for value in values for result in self._apply(step, value, root)]
            except JSONPathError:
                return []
        return [value.text if isinstance(value, Text) else value for value in values]


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
