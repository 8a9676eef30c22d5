"""From a JSONPath template's text to its nodes (client-go: ``util/jsonpath/parser.go``)."""

import re

from k8s_tutor.apimachinery.jsonpath.template import JSONPathError, Node, Path, Range, Step, Text

_NAME = re.compile(r"(?:\\.|[^\s.\[\]{}()<>=!'\"|,\\])+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class Parser:
    """Reads a template from left to right; ``at`` is where it stands in ``text``."""

    def __init__(self, template: str) -> None:
        self.text = template
        self.at = 0

    def nodes(self) -> list[Node]:
        """Return the whole template's nodes.

        Raises:
            JSONPathError: it is malformed.
        """
        top: list[Node] = []
        stack: list[list[Node]] = [top]
        while self.at < len(self.text):
            opening = self.text.find("{", self.at)
            if opening < 0:
                stack[-1].append(Text(self.text[self.at :]))
                break
            if opening > self.at:
                stack[-1].append(Text(self.text[self.at : opening]))
            self.at = opening + 1
            self._block(stack)
        if len(stack) > 1:
            raise JSONPathError("unterminated range")
        return top

    def _block(self, stack: list[list[Node]]) -> None:
        self.skip_space()
        if match := re.compile(r"end\s*\}").match(self.text, self.at):
            if len(stack) == 1:
                raise JSONPathError("not in range, nothing to end")
            self.at = match.end()
            stack.pop()
            return
        if match := re.compile(r"range\b\s*").match(self.text, self.at):
            self.at = match.end()
            node = Range(Path(self.steps("}")), [])
            self._close()
            stack[-1].append(node)
            stack.append(node.body)
            return
        while True:
            self.skip_space()
            if self._peek() == "}":
                self.at += 1
                return
            if not self._peek():
                raise JSONPathError("unclosed action")
            stack[-1].append(Path(self.steps("}")))

    def _close(self) -> None:
        self.skip_space()
        if self._peek() != "}":
            raise JSONPathError("unclosed action")
        self.at += 1

    def _peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def skip_space(self) -> None:
        """Go on to what is no blank."""
        while self._peek() in {" ", "\t", "\n", "\r"} and self._peek():
            self.at += 1

    def steps(self, stops: str) -> list[Step]:
        """Read steps up to one of the stop characters, or the end."""
        steps: list[Step] = []
        while (char := self._peek()) and char not in stops + " \t\n":
            if char == "$":
                self.at += 1
                steps.append(Step("root"))
            elif char == "@":
                self.at += 1
            elif char == ".":
                self._dot(steps)
            elif char == "[":
                steps.append(self._bracket())
            elif char in "'\"":
                steps.append(Step("text", self._quoted()))
            elif char.isdigit() or char in "+-":
                steps.append(self._number())
            elif char == "*":
                self.at += 1
                steps.append(Step("wildcard"))
            elif match := _NAME.match(self.text, self.at):
                self.at = match.end()
                word = match.group()
                if not steps and word in {"true", "false", "null"}:
                    steps.append(Step("literal", word))
                elif not steps:
                    raise JSONPathError(f"unrecognized identifier {word}")
                else:
                    raise JSONPathError(f"unexpected {word!r}")
            elif char in {"|", "&"}:
                raise JSONPathError(f"unrecognized character in action: U+{ord(char):04X} '{char}'")
            else:
                break
        return steps

    def _dot(self, steps: list[Step]) -> None:
        self.at += 1
        if self._peek() == ".":
            self.at += 1
            steps.append(Step("recursive"))
            if self._peek() in {"[", "*"}:
                return
        if self._peek() == "*":
            self.at += 1
            steps.append(Step("wildcard"))
            return
        if match := _NAME.match(self.text, self.at):
            self.at = match.end()
            steps.append(Step("field", re.sub(r"\\(.)", r"\1", match.group())))

    def _number(self) -> Step:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise JSONPathError(f"unexpected {self._peek()!r}")
        self.at = match.end()
        return Step("literal", match.group())

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

    def _bracket(self) -> Step:
        end = self._closing()
        inner = self.text[self.at + 1 : end].strip()
        self.at = end + 1
        if inner == "*":
            return Step("wildcard")
        if inner.startswith("?(") and inner.endswith(")"):
            return _filter(inner[2:-1])
        if re.fullmatch(r"-?\d+", inner):
            return Step("slice", "index", (int(inner), None, None))
        if match := re.fullmatch(r"(-?\d*)\s*:\s*(-?\d*)(?:\s*:\s*(-?\d*))?", inner):
            numbers = [int(group) if group else None for group in match.groups()]
            return Step("slice", "range", (numbers[0], numbers[1], numbers[2]))
        parts = _split(inner)
        if len(parts) > 1:
            return Step("union", parts=[Path([_inner_step(part)]) for part in parts])
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


def _inner_step(text: str) -> Step:
    if text[0] in "'\"" and text[-1] == text[0] and len(text) > 1:
        return Step("union", parts=[Path(Parser("." + text[1:-1]).steps(""))])
    if re.fullmatch(r"-?\d+", text):
        return Step("slice", "index", (int(text), None, None))
    if text.startswith(("@", "$", ".")):
        return Step("union", parts=[Path(Parser(text).steps(""))])
    raise JSONPathError(f"invalid array index {text}")


def _filter(text: str) -> Step:
    parser = Parser(text)
    left = Path(_side(parser))
    parser.skip_space()
    rest = parser.text[parser.at :]
    for operator in ("==", "!=", "<=", ">=", "<", ">", "="):
        if rest.startswith(operator):
            parser.at += len(operator)
            right = Path(_side(parser))
            return Step("filter", left=left, operator="==" if operator == "=" else operator, right=right)
    if rest.strip():
        raise JSONPathError(f"unrecognized character in action: {rest.strip()[0]!r}")
    return Step("filter", left=left, operator="exists")


def _side(parser: Parser) -> list[Step]:
    parser.skip_space()
    steps = parser.steps("=!<>")
    return [Step("literal", f'"{step.name}"') if step.kind == "text" else step for step in steps]


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
