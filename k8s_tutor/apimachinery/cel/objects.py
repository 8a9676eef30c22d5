"""Objects in CEL: ``Object{spec: Object.spec{replicas: 1}}`` and ``JSONPatch{op: "add", …}`` of mutating policies.

Mirrors ``apiserver/pkg/cel/mutation``. The library behind knows no messages of our own, so an initializer is rewritten to
a map with the same fields. To find out an expression's type, initializers are also wrapped in functions whose types stand
for ``Object`` and ``JSONPatch``; places in the compiler's complaints are brought back to the text as it was written.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from k8s_tutor.apimachinery import cel
from k8s_tutor.apimachinery.cel.checker import pointed

OBJECT, PATCH = "Object", "JSONPatch"
PATCH_FIELDS = frozenset(("op", "path", "from", "value"))
_TOKEN: Final = re.compile(
    r"""(?P<skip>\s+|//[^\n]*)
    |(?P<text>[rRbB]{0,2}(?:\"\"\".*?\"\"\"|'''.*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
    |(?P<type>(?:Object(?:\.[A-Za-z_]\w*)*|JSONPatch)(?=\s*\{))
    |(?P<quoted>`[^`]*`)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_OPENING, _CLOSING = {"(": ")", "[": "]", "{": "}"}, ")]}"
_STANDS_FOR = {OBJECT: "google.protobuf.Timestamp", PATCH: "google.protobuf.Duration"}


class _Level(NamedTuple):
    """An open bracket: what closes it, the initializer it belongs to ("" for none), and its field's path."""

    closing: str
    type: str
    path: str


class Written(NamedTuple):
    """A rewritten expression: its text, where its parts stood, and what is wrong with it for the types' names."""

    text: str
    places: list[tuple[int, int]]
    mismatch: str
    unknown: tuple[int, str] | None


@lru_cache(maxsize=256)
def rewritten(expression: str, *, marked: bool = False) -> Written:
    """Return an expression with maps for initializers; ``marked``: wrapped in functions that keep the types apart."""
    return _Rewriter(expression, marked=marked).run()


class _Rewriter:
    def __init__(self, expression: str, *, marked: bool) -> None:
        self._expression = expression
        self._marked = marked
        self._out: list[str] = []
        self._length = 0
        self._places: list[tuple[int, int]] = []
        self._levels: list[_Level] = []
        self._pending = ""
        self._mismatch = ""
        self._unknown: tuple[int, str] | None = None

    def run(self) -> Written:
        key = False
        for kind, text, offset in _tokens(self._expression):
            if kind == "skip":
                self._emit(text, offset)
                continue
            top = self._levels[-1] if self._levels else None
            if kind == "type":
                self._pending = text
                self._begin_type(text, top, offset)
            elif key and kind in {"name", "quoted"} and top is not None:
                self._field(text.strip("`"), top, offset)
            else:
                self._other(text, offset)
            struct = bool(self._levels and self._levels[-1].type)
            key = struct and (text in "{," or (key and text == "?"))
        return Written("".join(self._out), self._places, self._mismatch, self._unknown)

    def _emit(self, text: str, offset: int) -> None:
        self._places.append((self._length, offset))
        self._out.append(text)
        self._length += len(text)

    def _begin_type(self, name: str, top: _Level | None, offset: int) -> None:
        expected = self._path(top)
        if name != PATCH and expected and name != expected and not self._mismatch:
            self._mismatch = f'unexpected type name "{name}", expected "{expected}", which matches field name path from root Object type'
        if self._marked:
            self._emit(f"__{name.partition('.')[0].lower()}(", offset)

    def _path(self, top: _Level | None) -> str:
        """Return the path of the field whose value is being written, "" where it is not within an Object."""
        return top.path if top is not None else ""

    def _field(self, name: str, top: _Level, offset: int) -> None:
        if top.type == PATCH and name not in PATCH_FIELDS and self._unknown is None:
            self._unknown = offset + len(name), name
        path = "" if top.type == PATCH else f"{top.type}.{name}"
        self._levels[-1] = top._replace(path=path)
        self._emit(f'"{name}"', offset)

    def _other(self, text: str, offset: int) -> None:
        self._emit(text, offset)
        if text in _OPENING:
            outer = self._path(self._levels[-1]) if self._levels else ""
            struct = self._pending if text == "{" else ""
            self._pending = ""
            self._levels.append(_Level(_OPENING[text], struct, outer))
        elif text in _CLOSING and self._levels and self._levels[-1].closing == text:
            if self._levels.pop().type and self._marked:
                self._emit(")", offset)


def _tokens(expression: str) -> Iterator[tuple[str, str, int]]:
    for match in _TOKEN.finditer(expression):
        yield str(match.lastgroup), match.group(), match.start()


def type_of(expression: str, variables: tuple[str, ...]) -> str:
    """Return the type of an expression: ``Object``, ``list(JSONPatch)``, or another.

    Raises:
        CompileError: with upstream's words.
    """
    try:
        cel.compile(expression, variables, patches=True)
    except cel.CompileError as error:
        if "Syntax error" in str(error):
            raise
    written = rewritten(expression, marked=True)
    if written.unknown is not None:
        offset, name = written.unknown
        raise cel.CompileError(
            pointed(expression, offset, f"expected type of field '{name}' is '' but provided type is 'string'")
        )
    try:
        found = cel.compile(written.text, variables, patches=True).type
    except cel.CompileError as error:
        raise cel.CompileError(_moved(str(error), written, expression)) from None
    for name, stand_in in _STANDS_FOR.items():
        found = found.replace(stand_in, name)
    return found


def _moved(message: str, written: Written, expression: str) -> str:
    """Return a compiler's complaints about the rewritten text as complaints about the text as it was."""
    starts = [new for new, _ in written.places]
    found = []
    for line, column, text in _ERROR.findall(message):
        before = written.text.split("\n")[: int(line) - 1]
        offset = sum(len(item) + 1 for item in before) + int(column) - 1
        new, old = written.places[bisect_right(starts, offset) - 1]
        found.append(pointed(expression, min(old + offset - new, len(expression)), text))
    return "\n".join(found) or message
