"""What is wrong with a JSON text, in the words of Go's scanner (``encoding/json``).

Only texts that no fast reader accepts come here, so this walks character by character: it keeps the stack of what is
open and what may come next.
"""

import re
from typing import Final

_SPACE: Final = " \t\r\n"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_END: Final = "unexpected end of JSON input"


def complaint(text: str) -> str:
    """Return Go's complaint about ``text``, empty when it is valid JSON."""
    try:
        _Scanner(text).document()
    except _SyntaxProblem as problem:
        return str(problem)
    return ""


class _SyntaxProblem(Exception):  # noqa: N818 - it carries a sentence, it is no error of ours
    pass


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self, *, skip: bool = True) -> str:
        while skip and self.at < len(self.text) and self.text[self.at] in _SPACE:
            self.at += 1
        if self.at >= len(self.text):
            raise _SyntaxProblem(_END)
        return self.text[self.at]

    def invalid(self, context: str) -> _SyntaxProblem:
        char = self.text[self.at]
        escapes = {"'": r"'\''", '"': "'\"'", "\n": r"'\n'", "\t": r"'\t'", "\r": r"'\r'", "\\": r"'\\'"}
        shown = escapes.get(char) or (f"'{char}'" if char.isprintable() else f"'\\x{ord(char):02x}'")
        return _SyntaxProblem(f"invalid character {shown} {context}")

    def document(self) -> None:
        self.value()
        while self.at < len(self.text):
            if self.text[self.at] not in _SPACE:
                raise self.invalid("after top-level value")
            self.at += 1

    def value(self) -> None:
        """Scan one value; containers are kept on a stack, so that deep nesting costs no recursion."""
        stack: list[str] = []
        while True:
            char = self.peek()
            if char in "{[":
                self.at += 1
                if self.peek() != ("}" if char == "{" else "]"):
                    stack.append(char)
                    if char == "{":
                        self.key()
                    continue
                self.at += 1
            else:
                self.scalar(char)
            if not self.close(stack):
                return

    def close(self, stack: list[str]) -> bool:
        """Leave finished containers; tell whether another value follows."""
        while stack:
            is_object = stack[-1] == "{"
            char = self.peek()
            if char == ",":
                self.at += 1
                if is_object:
                    self.key()
                return True
            if char != ("}" if is_object else "]"):
                raise self.invalid("after object key:value pair" if is_object else "after array element")
            self.at += 1
            stack.pop()
        return False

    def key(self) -> None:
        if self.peek() != '"':
            raise self.invalid("looking for beginning of object key string")
        self.string()
        if self.peek() != ":":
            raise self.invalid("after object key")
        self.at += 1

    def scalar(self, char: str) -> None:
        if char == '"':
            self.string()
        elif char == "-" or char.isdigit():
            self.number()
        elif word := {"t": "true", "f": "false", "n": "null"}.get(char):
            self.word(word)
        else:
            raise self.invalid("looking for beginning of value")

    def word(self, word: str) -> None:
        for expected in word:
            if self.peek(skip=False) != expected:
                index = word.index(expected)
                raise self.invalid(f"in literal {word} (expecting '{word[index]}')")
            self.at += 1

    def number(self) -> None:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            self.at += 1
            self.peek(skip=False)
            raise self.invalid("in numeric literal")
        self.at = match.end()
        rest = self.text[self.at : self.at + 1]
        if rest in {".", "e", "E"} and rest:
            self.at += 1
            self.peek(skip=False)
            place = "after decimal point in" if rest == "." else "in exponent of"
            raise self.invalid(f"{place} numeric literal")

    def string(self) -> None:
        self.at += 1
        while (char := self.peek(skip=False)) != '"':
            if char < " ":
                raise self.invalid("in string literal")
            self.at += 1
            if char == "\\":
                self.escape()
        self.at += 1

    def escape(self) -> None:
        char = self.peek(skip=False)
        if char not in 'bfnrt\\/"u':
            raise self.invalid("in string escape code")
        self.at += 1
        for _ in range(4 if char == "u" else 0):
            if self.peek(skip=False) not in "0123456789abcdefABCDEF":
                raise self.invalid(r"in \u hexadecimal character escape")
            self.at += 1
