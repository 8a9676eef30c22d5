"""Reading the shell's words: quotes, ``$name``, ``${…}``, ``$(…)``, ``$((…))``, backquotes."""

from typing import ClassVar

from k8s_tutor.sim.runtime.shell.syntax import (
    Arithmetic,
    IncompleteError,
    Literal,
    Parameter,
    Part,
    Sequence,
    ShellSyntaxError,
    Substitution,
    Word,
)

METACHARACTERS = frozenset(" \t\n;&|<>()")
SPECIAL = "@*#?-$!"
KEYWORDS = frozenset(["if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "in"])


OPERATORS = (":-", ":=", ":?", ":+", "##", "%%", "//", "-", "=", "?", "+", "#", "%", "/", ":")


class WordReader:
    """The part of the parser that knows words; ``at`` is where it stands.

    Attributes:
        operators: of ``${name…}``, longer ones first.
        late_substitution: an unknown operator is refused only where it would be expanded.
        extended: ``@(a|b)`` and its like are patterns here (bash's ``extglob``, and in ``[[ ]]``).
    """

    operators: ClassVar[tuple[str, ...]] = OPERATORS
    late_substitution: ClassVar[bool] = False
    extended = False

    def __init__(self, source: str, line: int = 1) -> None:
        self.source = source
        self.at = 0
        self.line = line

    # -- looking

    def _peek(self) -> str:
        return self.source[self.at] if self.at < len(self.source) else ""

    def _blanks(self) -> None:
        source = self.source
        while self.at < len(source):
            character = source[self.at]
            if character in " \t":
                self.at += 1
            elif character == "\\" and source.startswith("\\\n", self.at):
                self.at += 2
                self.line += 1
            elif character == "#" and (self.at == 0 or source[self.at - 1] in " \t\n;&|()"):
                end = source.find("\n", self.at)
                self.at = len(source) if end < 0 else end
            else:
                break

    def _newlines(self) -> None:
        while True:
            self._blanks()
            if self._peek() != "\n":
                return
            self.at += 1
            self.line += 1
            self.end_line()

    def end_line(self) -> None:
        """A line has ended (the parser reads here-documents)."""

    def _reserved(self) -> str:
        """Return the reserved word that stands here, or ''."""
        for mark in "{}!":
            if self._peek() == mark:
                follows = self.source[self.at + 1 : self.at + 2]
                return mark if not follows or follows in METACHARACTERS else ""
        end = self.at
        while end < len(self.source) and self.source[end].islower():
            end += 1
        word = self.source[self.at : end]
        if word in KEYWORDS and word != "in" and (end == len(self.source) or self.source[end] in METACHARACTERS):
            return word
        return ""

    def _keyword(self, word: str) -> bool:
        end = self.at + len(word)
        follows = self.source[end : end + 1]
        return self.source.startswith(word, self.at) and (not follows or follows in METACHARACTERS)

    def _token(self) -> str:
        """Return what stands here, for a message."""
        self._blanks()
        if self.at >= len(self.source):
            return "end of file"
        for token in ("&&", "||", ";;", "<<", ">>"):
            if self.source.startswith(token, self.at):
                return token
        if self._peek() == "\n":
            return "newline"
        if self._peek() in METACHARACTERS:
            return self._peek()
        end = self.at
        while end < len(self.source) and self.source[end] not in METACHARACTERS:
            end += 1
        return self.source[self.at : end]

    def unexpected(self, token: str, expecting: str = "") -> ShellSyntaxError:
        """Return the error of a token that cannot stand here, in dash's words."""
        if token == "end of file":
            return IncompleteError("syntax error: unexpected end of file", self.line)
        shown = token if token == "newline" else f'"{token}"'
        wanted = f' (expecting "{expecting}")' if expecting else ""
        return ShellSyntaxError(f"syntax error: unexpected {shown}{wanted}", self.line, token)

    # -- words

    def _group_end(self) -> int:
        """Return where the group of an extended pattern that begins here ends; 0 if it does not end in the line."""
        depth = 0
        for at in range(self.at, len(self.source)):
            character = self.source[at]
            if character in "\n'\"`$":
                return 0
            depth += (character == "(") - (character == ")")
            if not depth:
                return at + 1
        return 0

    def word(self) -> Word | None:
        """Read a word; None if none begins here."""
        parts: list[Part] = []
        plain: list[str] = []
        start = self.at
        source = self.source

        def flush() -> None:
            if plain:
                parts.append(Literal("".join(plain)))
                plain.clear()

        while self.at < len(source):
            character = source[self.at]
            if character == "(" and plain and plain[-1] in "?*+@!" and self.extended and (end := self._group_end()):
                plain.append(source[self.at : end])
                self.at = end
                continue
            if character in METACHARACTERS:
                break
            if character == "'":
                flush()
                parts.append(Literal(self._single(), quoted=True))
            elif character == '"':
                flush()
                parts.extend(self._double())
            elif character == "\\":
                self.at += 1
                if self.at >= len(source):
                    plain.append("\\")
                elif source[self.at] == "\n":
                    self.at += 1
                    self.line += 1
                else:
                    flush()
                    parts.append(Literal(source[self.at], quoted=True))
                    self.at += 1
            elif character in "$`":
                part = self._dollar(quoted=False) if character == "$" else self._backquotes(quoted=False)
                if isinstance(part, str):
                    plain.append(part)
                else:
                    flush()
                    parts.append(part)
            else:
                plain.append(character)
                self.at += 1
        flush()
        return Word(parts) if self.at > start else None

    def _single(self) -> str:
        end = self.source.find("'", self.at + 1)
        if end < 0:
            raise IncompleteError("syntax error: unterminated quoted string", self.line)
        text = self.source[self.at + 1 : end]
        self.line += text.count("\n")
        self.at = end + 1
        return text

    def _double(self) -> list[Part]:
        self.at += 1
        parts = self._quoted_parts('"')
        self.at += 1
        return parts or [Literal("", quoted=True)]

    def document(self, text: str) -> Word:
        """Return a here-document's word: expansions, but quotes are text."""
        reader = self._inner(text)
        return Word(reader._quoted_parts(""))  # noqa: SLF001 - the same class

    def _inner(self, text: str) -> "WordReader":
        return type(self)(text, line=self.line)

    def _quoted_parts(self, ending: str) -> list[Part]:
        """Read up to the ending (not with it) as inside double quotes; '' is the end of the text."""
        parts: list[Part] = []
        plain: list[str] = []

        def flush() -> None:
            if plain:
                parts.append(Literal("".join(plain), quoted=True))
                plain.clear()

        while True:
            if self.at >= len(self.source):
                if ending:
                    raise IncompleteError("syntax error: unterminated quoted string", self.line)
                flush()
                return parts
            character = self.source[self.at]
            if ending and character == ending:
                flush()
                return parts
            if character == "\\" and self.source[self.at + 1 : self.at + 2] in (*"$`\\\n", ending or "\\"):
                follows = self.source[self.at + 1]
                if follows != "\n":
                    plain.append(follows)
                self.at += 2
            elif character in "$`":
                part = self._dollar(quoted=True) if character == "$" else self._backquotes(quoted=True)
                if isinstance(part, str):
                    plain.append(part)
                else:
                    flush()
                    parts.append(part)
            else:
                if character == "\n":
                    self.line += 1
                plain.append(character)
                self.at += 1

    # -- expansions

    def _dollar(self, *, quoted: bool) -> Part | str:
        source = self.source
        self.at += 1
        follows = self._peek()
        if source.startswith("((", self.at):
            found = self._arithmetic(quoted=quoted)
            if found is not None:
                return found
        if follows == "(":
            return Substitution(self._parenthesized(), quoted)
        if follows == "{":
            return self._braced(quoted=quoted)
        if follows and (follows in SPECIAL or follows.isdigit()):
            self.at += 1
            return Parameter(follows, quoted=quoted)
        end = self.at
        while end < len(source) and (source[end].isalnum() or source[end] == "_") and source[end].isascii():
            end += 1
        if end == self.at:
            return "$"
        name = source[self.at : end]
        self.at = end
        return Parameter(name, quoted=quoted)

    def _arithmetic(self, *, quoted: bool) -> Part | None:
        start = self.at
        depth = 0
        at = self.at + 2
        while at < len(self.source):
            if self.source[at] == "(":
                depth += 1
            elif self.source[at] == ")":
                if depth == 0:
                    if not self.source.startswith("))", at):
                        self.at = start
                        return None
                    text = self.source[self.at + 2 : at]
                    self.at = at + 2
                    return Arithmetic(Word(self._inner(text)._quoted_parts("")), quoted)  # noqa: SLF001
                depth -= 1
            at += 1
        raise IncompleteError("syntax error: missing '))'", self.line)

    def _parenthesized(self) -> Sequence:
        """Read ``(…)`` as a program: the reader is a Parser."""
        self.at += 1
        body: Sequence = self._sequence(())  # type: ignore[attr-defined]
        self._blanks()
        if self.at >= len(self.source):
            raise IncompleteError('syntax error: unexpected end of file (expecting ")")', self.line)
        if self._peek() != ")":
            raise self.unexpected(self._token(), ")")
        self.at += 1
        return body

    def _backquotes(self, *, quoted: bool) -> Part:
        at = self.at + 1
        text: list[str] = []
        while at < len(self.source) and self.source[at] != "`":
            if self.source[at] == "\\" and self.source[at + 1 : at + 2] in (*"$`\\", '"' if quoted else "\\"):
                at += 1
            text.append(self.source[at])
            at += 1
        if at >= len(self.source):
            raise IncompleteError("syntax error: EOF in backquote substitution", self.line)
        self.at = at + 1
        body: Sequence = self._inner("".join(text)).program()  # type: ignore[attr-defined]
        return Substitution(body, quoted)

    def _braced(self, *, quoted: bool) -> Part:
        self.at += 1
        length = self._peek() == "#" and self.source[self.at + 1 : self.at + 2] not in {"}", ""}
        if length:
            self.at += 1
        end = self.at
        if self._peek() in SPECIAL and self._peek():
            end += 1
        else:
            while end < len(self.source) and (self.source[end].isalnum() or self.source[end] == "_"):
                end += 1
        name = self.source[self.at : end]
        self.at = end
        if not name:
            raise ShellSyntaxError("syntax error: bad substitution", self.line)
        if length:
            self._brace_end()
            return Parameter(name, "length", quoted=quoted)
        operator = self._operator()
        if not operator and self._peek() != "}" and self.late_substitution:
            return Parameter(name, "bad", self._brace_rest(quoted=quoted), quoted=quoted)
        if not operator:
            self._brace_end()
            return Parameter(name, quoted=quoted)
        argument = self._brace_word(
            quoted=quoted and operator not in {"#", "##", "%", "%%", "/", "//"},
            stop="/" if operator in {"/", "//"} else ":" if operator == ":" else "",
        )
        second = None
        if operator in {"/", "//", ":"} and self._peek() in "/:" and self._peek():
            self.at += 1
            second = self._brace_word(quoted=quoted, stop="")
        self._brace_end()
        return Parameter(name, operator, argument, second, quoted)

    def _operator(self) -> str:
        for operator in self.operators:
            if self.source.startswith(operator, self.at):
                self.at += len(operator)
                return operator
        return ""

    def _brace_rest(self, *, quoted: bool) -> Word:
        """Read what is no operator: it is refused when it would be expanded."""
        word = self._brace_word(quoted=quoted, stop="")
        self._brace_end()
        return word

    def _brace_end(self) -> None:
        if self.at >= len(self.source):
            raise IncompleteError("syntax error: missing '}'", self.line)
        if self._peek() != "}":
            raise ShellSyntaxError("syntax error: bad substitution", self.line)
        self.at += 1

    def _brace_word(self, *, quoted: bool, stop: str) -> Word:
        """Read up to ``}`` (or ``stop``)."""
        parts: list[Part] = []
        while self.at < len(self.source) and self._peek() not in ("}", stop or "}"):
            character = self._peek()
            if character == "'" and not quoted:
                parts.append(Literal(self._single(), quoted=True))
            elif character == '"':
                parts.extend(self._double())
            elif character == "\\" and self.at + 1 < len(self.source):
                parts.append(Literal(self.source[self.at + 1], quoted=True))
                self.at += 2
            elif character in "$`":
                part = self._dollar(quoted=quoted) if character == "$" else self._backquotes(quoted=quoted)
                parts.append(Literal(part, quoted) if isinstance(part, str) else part)
            else:
                if parts and isinstance(parts[-1], Literal) and parts[-1].quoted == quoted:
                    parts[-1].text += character
                else:
                    parts.append(Literal(character, quoted))
                self.at += 1
        return Word(parts)
