"""What only bash reads: ``[[ ]]``, ``(( ))``, ``for ((…))``, arrays, ``$'…'``, ``<(…)``, ``|&``, ``;&``."""

import re
from collections.abc import Collection, Mapping
from typing import ClassVar

from k8s_tutor.sim.runtime.shell.parser import DashParser, Parser
from k8s_tutor.sim.runtime.shell.syntax import (
    ArithmeticCommand,
    Assignment,
    Conditional,
    CountingFor,
    Group,
    IncompleteError,
    Literal,
    Node,
    Parameter,
    Part,
    ProcessSubstitution,
    Redirect,
    Redirected,
    Sequence,
    ShellSyntaxError,
    Word,
)

_NAME = re.compile(r"[A-Za-z_]\w*")
_OPERATORS = ("&&", "||", "(", ")", "<", ">", "!")
_MARKS = (
    "^^",
    ",,",
    "^",
    ",",
    ":-",
    ":=",
    ":?",
    ":+",
    "##",
    "%%",
    "//",
    "/#",
    "/%",
    "-",
    "=",
    "?",
    "+",
    "#",
    "%",
    "/",
    ":",
)


class BashParser(Parser):
    """Parses bash."""

    ENDINGS: ClassVar[tuple[str, ...]] = (";;&", ";;", ";&")

    # -- commands

    def _command(self) -> Node:
        self._blanks()
        node: Node
        if self.source.startswith("((", self.at) and (text := self._double_parenthesis()) is not None:
            node = ArithmeticCommand(text)
        elif self.source.startswith("[[", self.at) and self.source[self.at + 2 : self.at + 3].isspace():
            node = self._conditional()
        else:
            return super()._command()
        redirects: list[Redirect] = []
        while (redirect := self._redirect()) is not None:
            redirects.append(redirect)
        return Redirected(node, redirects) if redirects else node

    def _double_parenthesis(self) -> Word | None:
        """Read ``((…))``; None if it is something else (a subshell in a subshell)."""
        depth, start = 0, self.at + 2
        for at in range(start, len(self.source)):
            if self.source[at] == "(":
                depth += 1
            elif self.source[at] == ")":
                if depth == 0:
                    if self.source[at + 1 : at + 2] != ")":
                        return None
                    self.at = at + 2
                    return self._quoted(self.source[start:at])
                depth -= 1
        raise IncompleteError("syntax error: missing '))'", self.line)

    def _quoted(self, text: str) -> Word:
        return self._inner(text).document(text)

    def _conditional(self) -> Node:
        outside, self.extended = self.extended, True
        try:
            return self._conditional_words()
        finally:
            self.extended = outside

    def _conditional_words(self) -> Node:
        self.at += 2
        tokens: list[Word | str] = []
        while True:
            self._newlines()
            if self.at >= len(self.source):
                raise IncompleteError("syntax error: unexpected end of file", self.line)
            if self.source.startswith("]]", self.at) and self.source[self.at + 2 : self.at + 3] in (*" \t\n;&|)", ""):
                self.at += 2
                return Conditional(tokens)
            if tokens and tokens[-1] == "=~":
                tokens.append(self._pattern_word())
                continue
            operator = next((mark for mark in _OPERATORS if self.source.startswith(mark, self.at)), None)
            if operator == "!" and not self.source[self.at + 1 : self.at + 2].isspace():
                operator = None
            if operator is not None:
                self.at += len(operator)
                tokens.append(operator)
                continue
            word = self.word()
            if word is None:
                raise self.unexpected(self._token())
            tokens.append("=~" if word.literal == "=~" else word)

    def _pattern_word(self) -> Word:
        """Read a regular expression up to a blank, parentheses and bars in it."""
        parts: list[Part] = []
        while self.at < len(self.source) and self._peek() not in " \t\n":
            if self._peek() in "()|<>&;":
                parts.append(Literal(self._peek()))
                self.at += 1
                continue
            word = self.word()
            if word is None:
                break
            parts.extend(word.parts)
        return Word(parts)

    def _for(self) -> Node:
        self._blanks()
        if not self.source.startswith("((", self.at):
            return super()._for()
        start = self.at + 2
        text = self._double_parenthesis()
        pieces = self.source[start : self.at - 2].split(";")
        if text is None or len(pieces) != 3:
            raise ShellSyntaxError("syntax error: bad for loop variable", self.line, "((")
        self._blanks()
        if self._peek() == ";":
            self.at += 1
        self._newlines()
        if self._peek() == "{":
            self.at += 1
            body = self._body("}")
            self.at += 1
        else:
            self._expect("do")
            body = self._body("done")
            self.at += 4
        first, condition, step = (self._quoted(piece) for piece in pieces)
        return CountingFor(first, condition, step, body)

    def _both_outputs(self, command: Node) -> Node:
        self.at += 1
        return Redirected(Group(Sequence([(command, False)])), [Redirect(2, ">&", Word([Literal("1")]))])

    def _redirect(self) -> Redirect | None:
        self._blanks()
        if self.source.startswith(("<(", ">("), self.at):
            return None
        if self.source.startswith("&>>", self.at):
            self.at += 3
            self._blanks()
            word = self.word()
            if word is None:
                raise self.unexpected(self._token())
            return Redirect(1, "&>>", word)
        return super()._redirect()

    # -- assignments

    def _assignment(self, word: Word) -> Assignment | None:
        found = self._element(word) or super()._assignment(word)
        if found is None:
            first = word.parts[0] if word.parts else None
            if isinstance(first, Literal) and not first.quoted:
                match = re.match(r"([A-Za-z_]\w*)\+=", first.text)
                if match is not None:
                    rest = first.text[match.end() :]
                    value = Word([*([Literal(rest)] if rest else []), *word.parts[1:]])
                    found = Assignment(match[1], value, append=True)
        if found is not None and not found.value.parts and self._peek() == "(":
            found.values = self._array()
        return found

    def _element(self, word: Word) -> Assignment | None:
        """Return what ``name[index]=value`` assigns."""
        first = word.parts[0] if word.parts else None
        if not isinstance(first, Literal) or first.quoted or not re.match(r"[A-Za-z_]\w*\[", first.text):
            return None
        name, _, rest = first.text.partition("[")
        parts: list[Part] = [Literal(rest), *word.parts[1:]]
        index: list[Part] = []
        for at, part in enumerate(parts):
            match = re.search(r"\](\+?)=", part.text) if isinstance(part, Literal) and not part.quoted else None
            if match is None or not isinstance(part, Literal):
                index.append(part)
                continue
            index.append(Literal(part.text[: match.start()]))
            value = part.text[match.end() :]
            rest_of = Word([*([Literal(value)] if value else []), *parts[at + 1 :]])
            return Assignment(name, rest_of, append=bool(match[1]), index=Word(index))
        return None

    def _array(self) -> list[tuple[Word | None, Word]]:
        self.at += 1
        values: list[tuple[Word | None, Word]] = []
        while True:
            self._newlines()
            if self.at >= len(self.source):
                raise IncompleteError("syntax error: unexpected end of file", self.line)
            if self._peek() == ")":
                self.at += 1
                return values
            word = self.word()
            if word is None:
                raise self.unexpected(self._token())
            first = word.parts[0] if word.parts else None
            keyed = None
            if isinstance(first, Literal) and not first.quoted and first.text.startswith("["):
                keyed = self._element(Word([Literal("x" + first.text), *word.parts[1:]]))
            values.append((keyed.index, keyed.value) if keyed else (None, word))

    # -- words

    def program(self) -> Sequence:
        self.extended = "extglob" in self.options
        return super().program()

    def line_of_commands(self) -> Sequence | None:
        self.extended = "extglob" in self.options
        return super().line_of_commands()

    def word(self) -> Word | None:
        if self.source.startswith("<(", self.at):
            self.at += 1
            return Word([ProcessSubstitution(self._parenthesized())])
        return super().word()

    def _dollar(self, *, quoted: bool) -> Part | str:
        if not quoted and self.source.startswith("$'", self.at):
            return self._ansi_text()
        return super()._dollar(quoted=quoted)

    def _ansi_text(self) -> Part:
        match = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL).match(self.source, self.at)
        if match is None:
            raise IncompleteError("syntax error: unterminated quoted string", self.line, "'")
        self.at = match.end()
        return Literal(_unescaped(match[1]), quoted=True)

    def _braced(self, *, quoted: bool) -> Part:
        start = self.at
        self.at += 1
        mark = self._peek() if self._peek() in {"!", "#"} else ""
        match = (
            _NAME.match(self.source, self.at + len(mark)) if mark != "#" or self.source[self.at + 1] != "}" else None
        )
        simple = match is None or (mark != "!" and self.source[match.end() : match.end() + 1] not in {*"[^,/", ":"})
        if match is None and mark == "" and self._peek() in "@*" and self.source[self.at + 1 : self.at + 2] == ":":
            match, simple = re.compile("[@*]").match(self.source, self.at), False
        if simple or match is None:
            self.at = start
            return super()._braced(quoted=quoted)
        self.at = match.end()
        found = Parameter(match[0], quoted=quoted, indirect=mark == "!")
        if self._peek() == "[":
            found.index = self._index()
        if mark == "#":
            found.operator = "length"
        else:
            self._edit(found)
        self._brace_end()
        return found

    def _index(self) -> Word:
        depth, start = 0, self.at + 1
        for at in range(self.at, len(self.source)):
            depth += {"[": 1, "]": -1}.get(self.source[at], 0)
            if depth == 0:
                self.at = at + 1
                return self._quoted(self.source[start:at])
        raise IncompleteError("syntax error: missing '}'", self.line)

    def _edit(self, found: Parameter) -> None:
        """Read the operator and its words."""
        operator = next((mark for mark in _MARKS if self.source.startswith(mark, self.at)), "")
        found.operator = operator
        self.at += len(operator)
        if not operator or operator in {"^", "^^", ",", ",,"}:
            return
        pattern = operator[0] in "#%/"
        stop = "/" if operator[0] == "/" else ":" if operator == ":" else ""
        found.argument = self._brace_word(quoted=found.quoted and not pattern, stop=stop)
        if stop and self._peek() == stop:
            self.at += 1
            found.second = self._brace_word(quoted=found.quoted, stop="")


def parser_for(
    flavour: str, text: str, aliases: Mapping[str, str] | None = None, options: Collection[str] = ()
) -> Parser:
    """Return the parser of a shell's language; ``options`` are the shell's, as they are when a line is read."""
    kind = {"bash": BashParser, "dash": DashParser}.get(flavour, Parser)
    parser = kind(text, aliases)
    parser.options = options
    return parser


def _unescaped(text: str) -> str:
    """Return what ``$'…'`` means."""
    simple = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}

    def one(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "xuU" and len(code) > 1:
            number = int(code[1:], 16)
            # Without a locale, what is not ASCII stays as it was written.
            return chr(number) if number < 128 or code[0] == "x" else f"\\u{number:04X}"
        if code[0] in "01234567":
            return chr(int(code, 8) & 0xFF)
        return simple.get(code, code if code in "\\'\"?" else "\\" + code)

    return re.sub(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|.)", one, text, flags=re.DOTALL)
