"""Word expansion: parameters, substitutions, arithmetic, field splitting, pathnames, quote removal.

A word becomes *pieces*: (kind, text), with kind Q quoted, L literal, S to be split by IFS, B a break between fields
(``"$@"``).
"""

import functools
import re
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.backtracking import limited
from k8s_tutor.sim.runtime.nodes import Directory
from k8s_tutor.sim.runtime.shell import bash, braces, children, patterns
from k8s_tutor.sim.runtime.shell.arithmetic import ArithmeticError_, Evaluator
from k8s_tutor.sim.runtime.shell.state import MUCH, TEXT_BYTES
from k8s_tutor.sim.runtime.shell.syntax import (
    Arithmetic,
    Literal,
    Parameter,
    Part,
    ProcessSubstitution,
    Substitution,
    Word,
)

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.interpreter import Shell

Piece = tuple[str, str]
Field = list[tuple[str, bool]]
MAX_MATCHES = 10000
EDITS = frozenset(("", "#", "##", "%", "%%", "/", "//", "/#", "/%", ":", "^", "^^", ",", ",,"))
FIELD_BYTES = 130
FIELDS_BYTES = 20 << 20
WINDOW = 1 << 13


def _windows(text: str, ifs: str) -> Iterator[str]:
    """Yield a text in parts that end with separators, or in the midst of a field."""
    at = 0
    separators = re.compile(f"[{re.escape(ifs)}]+")
    while len(text) - at > 2 * WINDOW:
        found = separators.search(text, at + WINDOW, at + 2 * WINDOW)
        whole = separators.match(text, found.start()) if found else None
        end = whole.end() if whole else at + 2 * WINDOW
        yield text[at:end]
        at = end
    yield text[at:] if at else text


@functools.lru_cache(maxsize=64)
def _runs(ifs: str) -> re.Pattern[str]:
    """Return what matches a run of characters that separate nothing."""
    return re.compile(f"[^{re.escape(ifs)}]+")


class ExpansionError(Exception):
    """An expansion failed; a shell that is not interactive ends, bash with ``code``."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class Expander:
    """Expands words for one shell."""

    def __init__(self, shell: "Shell") -> None:
        # A proxy: the two would keep each other until a collection.
        self._shell: Shell = weakref.proxy(shell)

    async def fields(self, words: list[Word]) -> list[str]:
        """Return the fields that words become."""
        found: list[str] = []
        for word in self._braces(words) if self._shell.words.flavour == "bash" else words:
            plain = word.literal
            if plain is not None and "~" not in plain and not patterns.may_match(plain):
                found.append(plain)
                continue
            fields = await self._split(await self._pieces(word))
            for count, field in enumerate(fields, 1):
                found.extend(self._paths(field))
                if count % 256 == 0:
                    await self._shell.process.work(256 * 1e-6)
        return found

    def _braces(self, words: list[Word]) -> list[Word]:
        try:
            return [found for word in words for found in braces.expanded(word)]
        except braces.TooManyWordsError as error:
            raise ExpansionError(self._shell.words.say("brace expansion: failed to allocate memory")) from error

    async def text(self, word: Word, *, assignment: bool = False) -> str:
        """Return a word as one text, neither split nor matched with files."""
        pieces = await self._pieces(word, assignment=assignment)
        size = sum(len(text) for _, text in pieces)
        if size > MUCH:
            await self._shell.process.keep(self._shell.memory + size, TEXT_BYTES)
        return "".join(" " if kind == "B" else text for kind, text in pieces)

    async def pattern(self, word: Word) -> str:
        """Return a word as a pattern: quoted text means itself."""
        pieces = await self._pieces(word)
        return "".join(patterns.escape(text) if kind == "Q" else text for kind, text in pieces)

    async def expression(self, word: Word) -> str:
        """Return a word as a regular expression: quoted text means itself."""
        pieces = await self._pieces(word)
        return "".join(re.sub(r"([][\\.*+?(){}|^$])", r"\\\1", text) if kind == "Q" else text for kind, text in pieces)

    @staticmethod
    def literal_word(text: str) -> Word:
        """Return a word of just this text."""
        return Word([Literal(text)])

    # -- pieces

    async def _pieces(self, word: Word, *, assignment: bool = False) -> list[Piece]:
        found: list[Piece] = []
        for index, part in enumerate(word.parts):
            if isinstance(part, Literal):
                text = part.text
                if not part.quoted and "~" in text:
                    text = self._tilde(text, assignment=assignment, first=index == 0, last=index == len(word.parts) - 1)
                found.append(("Q" if part.quoted else "L", text))
            else:
                found.extend(await self._part(part))
        return found

    async def _part(self, part: Part) -> list[Piece]:
        if isinstance(part, Parameter):
            return await self.parameter(part)
        if isinstance(part, Substitution):
            return [("Q" if part.quoted else "S", await children.substitute(self._shell, part.body))]
        if isinstance(part, Arithmetic):
            return [("Q" if part.quoted else "S", str(self.evaluate(await self.text(part.expression))))]
        if isinstance(part, ProcessSubstitution):
            return [("Q", await children.substitute_file(self._shell, part.body))]
        return [("L", part.text)]

    def evaluate(self, text: str) -> int:
        """Return an arithmetic expression's value.

        Raises:
            ExpansionError: it is wrong.
        """
        shell = self._shell
        try:
            return Evaluator(
                text, lambda name: shell.get(name) or "", shell.put, powers=shell.words.flavour != "dash"
            ).value()
        except ArithmeticError_ as error:
            raise ExpansionError(shell.words.arithmetic(text, str(error), error.token)) from error

    def _tilde(self, text: str, *, assignment: bool, first: bool, last: bool) -> str:
        def home(word: str) -> str:
            if not word.startswith("~"):
                return word
            user, slash, rest = word[1:].partition("/")
            if not slash and not last and not assignment:
                return word
            if not user:
                folder = self._shell.get("HOME")
                return word if folder is None else folder + slash + rest
            folder = self._shell.home_of(user)
            return word if folder is None else folder + slash + rest

        if assignment:
            return ":".join(home(piece) for piece in text.split(":"))
        return home(text) if first else text

    async def parameter(self, part: Parameter) -> list[Piece]:
        """Return what a parameter becomes."""
        shell, name, operator = self._shell, part.name, part.operator
        kind = "Q" if part.quoted else "S"
        if shell.words.flavour == "bash" and (part.index or part.indirect or (name in {"@", "*"} and operator == ":")):
            return await bash.parameter(self, shell, part)
        if name in {"@", "*"} and operator in {"", ":"}:
            values = shell.parameters
            if operator == ":":
                start = max(0, self.evaluate(await self.text(part.argument or Word())) - 1)
                count = self.evaluate(await self.text(part.second)) if part.second else len(values)
                values = values[start : start + count]
            return self.all_of(values, name, quoted=part.quoted)
        if operator == "length" and name in {"@", "*"}:
            return [(kind, str(len(shell.parameters)))]
        return await self.of_value(part, shell.lookup(name))

    async def of_value(self, part: Parameter, value: str | None) -> list[Piece]:
        """Return what a parameter with this value becomes."""
        shell, name, operator = self._shell, part.name, part.operator
        kind = "Q" if part.quoted else "S"
        if operator == "bad":
            raise ExpansionError(shell.words.say("Bad substitution"), 2)
        if operator == "length":
            return [(kind, str(len(self._checked(name, value))))]
        if operator in EDITS:
            text = self._checked(name, value)
            return [(kind, text if not operator else await self.edited(part, text))]
        missing = value is None or (operator.startswith(":") and value == "")
        if operator[-1] == "+":
            return [] if missing else await self._inner(part)
        if not missing:
            return [(kind, value or "")]
        if operator[-1] == "=":
            text = await self.text(part.argument or Word())
            shell.put(name, text)
            return [(kind, text)]
        if operator[-1] == "?":
            message = await self.text(part.argument or Word())
            raise ExpansionError(shell.words.parameter(name, message, null=operator == ":?"))
        return await self._inner(part)

    async def _inner(self, part: Parameter) -> list[Piece]:
        pieces = await self._pieces(part.argument or Word())
        if part.quoted:
            return [("Q" if kind in {"L", "S"} else kind, text) for kind, text in pieces] or [("Q", "")]
        return [("S" if kind == "L" else kind, text) for kind, text in pieces]

    def _checked(self, name: str, value: str | None) -> str:
        if value is None:
            if "u" in self._shell.options and name not in {"@", "*"}:
                raise ExpansionError(self._shell.words.unset(name), 127)
            return ""
        return value

    def all_of(self, values: list[str], name: str, *, quoted: bool) -> list[Piece]:
        """Return many values as pieces."""
        if quoted and name == "*":
            separator = self._shell.get("IFS")
            return [("Q", (" " if separator is None else separator[:1]).join(values))]
        found: list[Piece] = []
        for index, value in enumerate(values):
            if index:
                found.append(("B", ""))
            found.append(("Q" if quoted else "S", value))
        return found or ([("0", "")] if quoted else [])

    async def edited(self, part: Parameter, text: str) -> str:
        """Return a value as the operator changes it."""
        operator = part.operator
        if operator[0] in "^,":
            return bash.cased(text, operator)
        await self._shell.process.work(len(text) * patterns.MATCHING_COST)
        if operator == ":":
            start = self.evaluate(await self.text(part.argument or Word()))
            start = max(0, len(text) + start) if start < 0 else start
            if part.second is None:
                return text[start:]
            count = self.evaluate(await self.text(part.second))
            return text[start : start + count] if count >= 0 else text[start : len(text) + count]
        pattern = await self.pattern(part.argument or Word())
        if operator[0] == "/":
            replacement = await self.text(part.second) if part.second else ""
            if operator in {"/#", "/%"}:
                return bash.anchored(text, operator, pattern, replacement)
            regex = re.compile(patterns.translate(pattern), re.DOTALL)
            with limited(pattern, text):
                return regex.sub(lambda _: replacement, text, count=0 if operator == "//" else 1) if pattern else text
        return patterns.trimmed(text, operator, pattern)

    # -- fields

    async def split(self, text: str) -> list[str]:
        """Return the fields of a text (``read -a``)."""
        return ["".join(piece for piece, _ in field) for field in await self._split([("S", text)])]

    async def _split(self, pieces: list[Piece]) -> list[Field]:
        ifs = self._shell.get("IFS")
        ifs = " \t\n" if ifs is None else ifs
        white = "".join(character for character in ifs if character in " \t\n")
        fields: list[Field] = []
        current: Field | None = None
        for kind, text in pieces:
            if kind == "0":
                continue
            if kind == "B":
                if current is not None:
                    fields.append(current)
                current = None
                continue
            if kind != "S" or not ifs:
                if text or kind == "Q":
                    current = [] if current is None else current
                    current.append((text, kind == "Q"))
                continue
            for window in _windows(text, ifs):
                current = self._split_text(window, ifs, white, fields, current)
                if len(window) < len(text):
                    await self._shell.process.keep(len(text) + len(fields) * FIELD_BYTES, FIELDS_BYTES)
                    await self._shell.process.work(len(window) * 1e-8)
        if current is not None:
            fields.append(current)
        return fields

    @staticmethod
    def _split_text(text: str, ifs: str, white: str, fields: list[Field], current: Field | None) -> Field | None:
        """Split one text, adding to ``fields``; return the field that goes on."""
        at, size = 0, len(text)
        run = _runs(ifs)
        while at < size:
            match = run.match(text, at)
            if match is not None:
                current = [] if current is None else current
                current.append((match[0], False))
                at = match.end()
                continue
            hard = False
            while at < size and text[at] in ifs:
                if text[at] not in white:
                    if hard:
                        break
                    hard = True
                at += 1
            if current is not None or hard:
                fields.append(current or [])
                current = None
        return current

    def _paths(self, field: Field) -> list[str]:
        plain = "".join(text for text, _ in field)
        if "f" in self._shell.options or not any(not quoted and patterns.may_match(text) for text, quoted in field):
            return [plain]
        pattern = "".join(patterns.escape(text) if quoted else text for text, quoted in field)
        return self.glob(pattern) or [plain]

    def glob(self, pattern: str) -> list[str]:
        """Return the paths that match, sorted."""
        parts = pattern.split("/")
        found = ["/"] if pattern.startswith("/") else [""]
        for index, part in enumerate(parts):
            if not part:
                continue
            last = index == len(parts) - 1
            found = [path for base in found for path in self._matches(base, part, last=last)][:MAX_MATCHES]
        return sorted(path + "/" if pattern.endswith("/") else path for path in found if path)

    def _matches(self, base: str, part: str, *, last: bool) -> list[str]:
        shell = self._shell
        files, cwd = shell.process.files, shell.process.cwd
        if not patterns.has_magic(part):
            path = base + patterns.unescape(part)
            exists = files.exists(path, cwd)
            return ([path] if last else [path + "/"]) if exists else []
        try:
            entries = list(files.list(base or ".", cwd, shell.process.credentials))
        except OSError:
            return []
        found = []
        for name, node in entries:
            if name.startswith(".") and not part.startswith("."):
                continue
            if patterns.matches(part, name):
                if last:
                    found.append(base + name)
                elif isinstance(node, Directory) or node.kind == "l":
                    found.append(base + name + "/")
        return found
