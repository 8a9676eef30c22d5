"""Parser of the POSIX shell language (with ash's few extensions): text to ``syntax``.

Recursive descent over characters, since what a character means depends on where it stands. Here-documents are read
when their line ends.
"""

from collections.abc import Collection, Mapping
from typing import ClassVar

from k8s_tutor.sim.runtime.shell.syntax import (
    AndOr,
    Assignment,
    Case,
    For,
    Function,
    Group,
    If,
    IncompleteError,
    Literal,
    Loop,
    Node,
    Pipeline,
    Redirect,
    Redirected,
    Sequence,
    ShellSyntaxError,
    Simple,
    Subshell,
    Word,
)
from k8s_tutor.sim.runtime.shell.words import OPERATORS, WordReader

RESERVED = frozenset(
    ["if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "{", "}", "!"]
)
CLOSERS = frozenset(["then", "else", "elif", "fi", "do", "done", "esac", "}"])
REDIRECTIONS = ("<<-", "<<<", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">")
MAX_DEPTH = 40


class Parser(WordReader):
    """Parses one text.

    Args:
        aliases: expanded where a command's name stands.
    """

    ENDINGS: ClassVar[tuple[str, ...]] = (";;",)  # of a case's item
    has_function_word: ClassVar[bool] = True
    options: Collection[str] = ()

    def __init__(self, source: str, aliases: Mapping[str, str] | None = None, line: int = 1) -> None:
        super().__init__(source, line)
        self._aliases = {} if aliases is None else aliases
        self._documents: list[tuple[Redirect, str, bool, bool]] = []
        self._depth = 0

    def program(self) -> Sequence:
        """Parse all of it.

        Raises:
            ShellSyntaxError: it is no program.
        """
        found = self._sequence(())
        self._blanks()
        if self.at < len(self.source):
            raise self.unexpected(self._token())
        return found

    def line_of_commands(self) -> Sequence | None:
        """Parse up to the end of a line, as shells do before they run it; None at the end.

        Raises:
            ShellSyntaxError: it is no program.
        """
        self._newlines()
        if self.at >= len(self.source):
            return None
        found = self._sequence((), one_line=True)
        self._blanks()
        if self._peek() == "\n":
            self._newlines()
        elif self.at < len(self.source):
            raise self.unexpected(self._token())
        elif self._documents:
            self.end_line()
        return found

    @property
    def at_end(self) -> bool:
        """Nothing is left to be parsed."""
        return self.at >= len(self.source)

    # -- lists

    def _sequence(self, closers: tuple[str, ...], *, one_line: bool = False) -> Sequence:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ShellSyntaxError("syntax error: maximum nesting exceeded", self.line)
        items: list[tuple[Node, bool]] = []
        while True:
            if one_line and items:
                self._blanks()
                if self._peek() == "\n":
                    break
            else:
                self._newlines()
            if self.at >= len(self.source) or self._peek() == ")" or self._closer(closers):
                break
            if self.source.startswith(self.ENDINGS, self.at):
                break
            node = self._and_or()
            self._blanks()
            background = False
            if self._peek() == "&" and not self.source.startswith("&&", self.at):
                self.at += 1
                background = True
                separated = True
            elif self._peek() == ";" and not self.source.startswith(self.ENDINGS, self.at):
                self.at += 1
                separated = True
            else:
                separated = self._peek() == "\n"
            items.append((node, background))
            if not separated:
                break
        self._depth -= 1
        return Sequence(items)

    def _closer(self, closers: tuple[str, ...]) -> bool:
        word = self._reserved()
        if word in CLOSERS:
            if word in closers:
                return True
            raise self.unexpected(word)
        return False

    def _body(self, *closers: str) -> Sequence:
        """Parse a list that must not be empty and ends at one of the words."""
        found = self._sequence(closers)
        self._blanks()
        if self.at >= len(self.source):
            raise IncompleteError(f'syntax error: unexpected end of file (expecting "{closers[-1]}")', self.line)
        if self._reserved() not in closers:
            raise self.unexpected(self._token(), closers[-1])
        if not found.items:
            raise self.unexpected(self._reserved() or closers[-1])
        return found

    def _expect(self, word: str) -> None:
        self._newlines()
        if self.at >= len(self.source):
            raise IncompleteError(f'syntax error: unexpected end of file (expecting "{word}")', self.line)
        if self._reserved() != word:
            raise self.unexpected(self._token(), word)
        self.at += len(word)

    def _and_or(self) -> Node:
        first = self._pipeline()
        rest: list[tuple[str, Node]] = []
        while True:
            self._blanks()
            operator = self.source[self.at : self.at + 2]
            if operator not in {"&&", "||"}:
                return AndOr(first, rest) if rest else first
            self.at += 2
            self._newlines()
            self._need_command()
            rest.append((operator, self._pipeline()))

    def _pipeline(self) -> Node:
        negated = False
        self._blanks()
        while self._reserved() == "!":
            self.at += 1
            negated = not negated
            self._blanks()
        commands = [self._command()]
        while True:
            self._blanks()
            if self._peek() != "|" or self.source.startswith("||", self.at):
                break
            self.at += 1
            if self._peek() == "&":
                commands[-1] = self._both_outputs(commands[-1])
            self._newlines()
            self._need_command()
            commands.append(self._command())
        return Pipeline(commands, negated) if negated or len(commands) > 1 else commands[0]

    def _both_outputs(self, command: Node) -> Node:
        """Return a command before ``|&`` (bash)."""
        del command
        raise self.unexpected("&")

    def _need_command(self) -> None:
        if self.at >= len(self.source):
            raise IncompleteError("syntax error: unexpected end of file", self.line)

    # -- commands

    def _command(self) -> Node:
        self._blanks()
        node: Node
        word = self._reserved()
        if self._peek() == "(":
            node = self._subshell()
        elif word == "{":
            self.at += 1
            node = Group(self._body("}"))
            self.at += 1
        elif word in {"if", "while", "until", "for", "case"}:
            self.at += len(word)
            node = {"if": self._if, "while": self._while, "until": self._until, "for": self._for, "case": self._case}[
                word
            ]()
        elif word in CLOSERS:
            raise self.unexpected(word)
        else:
            return self._simple()
        redirects: list[Redirect] = []
        while (redirect := self._redirect()) is not None:
            redirects.append(redirect)
        return Redirected(node, redirects) if redirects else node

    def _subshell(self) -> Node:
        self.at += 1
        body = self._sequence(())
        self._blanks()
        if self.at >= len(self.source):
            raise IncompleteError('syntax error: unexpected end of file (expecting ")")', self.line)
        if self._peek() != ")" or not body.items:
            raise self.unexpected(self._token(), ")")
        self.at += 1
        return Subshell(body)

    def _if(self) -> Node:
        clauses = []
        otherwise = None
        while True:
            condition = self._body("then")
            self.at += 4
            body = self._body("elif", "else", "fi")
            clauses.append((condition, body))
            word = self._reserved()
            self.at += len(word)
            if word == "elif":
                continue
            if word == "else":
                otherwise = self._body("fi")
                self.at += 2
            return If(clauses, otherwise)

    def _while(self) -> Node:
        return self._loop(until=False)

    def _until(self) -> Node:
        return self._loop(until=True)

    def _loop(self, *, until: bool) -> Node:
        condition = self._body("do")
        self.at += 2
        body = self._body("done")
        self.at += 4
        return Loop(condition, body, until)

    def _for(self) -> Node:
        self._blanks()
        name = self.word()
        if name is None or not (name.literal or "").isidentifier():
            raise ShellSyntaxError("syntax error: bad for loop variable", self.line)
        self._newlines()
        words: list[Word] | None = None
        if self._keyword("in"):
            self.at += 2
            words = []
            while True:
                self._blanks()
                if self.at >= len(self.source):
                    raise IncompleteError("syntax error: unexpected end of file", self.line)
                if self._peek() in ";\n":
                    self.at += self._peek() == ";"
                    break
                word = self.word()
                if word is None:
                    raise self.unexpected(self._token())
                words.append(word)
        elif self._peek() == ";":
            self.at += 1
        self._expect("do")
        body = self._body("done")
        self.at += 4
        return For(name.literal or "", words, body)

    def _case(self) -> Node:
        self._blanks()
        word = self.word()
        if word is None:
            raise self.unexpected(self._token())
        self._newlines()
        if not self._keyword("in"):
            if self.at >= len(self.source):
                raise IncompleteError("syntax error: unexpected end of file", self.line)
            raise self.unexpected(self._token(), "in")
        self.at += 2
        items: list[tuple[list[Word], Sequence, str]] = []
        while True:
            self._newlines()
            if self.at >= len(self.source):
                raise IncompleteError('syntax error: unexpected end of file (expecting "esac")', self.line)
            if self._keyword("esac"):
                self.at += 4
                return Case(word, items)
            if self._peek() == "(":
                self.at += 1
            patterns = []
            while True:
                self._blanks()
                pattern = self.word()
                if pattern is None:
                    self._need_command()
                    raise self.unexpected(self._token())
                patterns.append(pattern)
                self._blanks()
                if self._peek() != "|":
                    break
                self.at += 1
            if self._peek() != ")":
                self._need_command()
                raise self.unexpected(self._token(), ")")
            self.at += 1
            body = self._sequence(("esac",))
            self._blanks()
            ending = next((mark for mark in self.ENDINGS if self.source.startswith(mark, self.at)), "")
            self.at += len(ending)
            items.append((patterns, body, ending))

    def _simple(self) -> Node:
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        line = self.line
        expanded: set[str] = set()
        begin = self.at
        while True:
            self._blanks()
            redirect = self._redirect()
            if redirect is not None:
                redirects.append(redirect)
                continue
            start = self.at
            word = self.word()
            if word is None:
                break
            if not words:
                assignment = self._assignment(word)
                if assignment is not None:
                    assignments.append(assignment)
                    continue
                text = word.literal
                if text is not None and text in self._aliases and text not in expanded:
                    expanded.add(text)
                    self.source = self.source[:start] + self._aliases[text] + self.source[self.at :]
                    self.at = start
                    continue
                function = self._function(text)
                if function is not None and not assignments and not redirects:
                    return function
            words.append(word)
        if not (assignments or words or redirects):
            self._need_command()
            raise self.unexpected(self._token())
        return Simple(assignments, words, redirects, line, self.source[begin : self.at].strip())

    def _function(self, name: str | None) -> Node | None:
        """Parse what follows ``name`` as a function's definition, if ``()`` does."""
        at = self.at
        if name == "function" and self.has_function_word:
            self._blanks()
            word = self.word()
            name = word.literal if word else None
            self._blanks()
            if self.source.startswith("()", self.at):
                self.at += 2
        else:
            self._blanks()
            if self._peek() != "(" or name is None:
                self.at = at
                return None
            self.at += 1
            self._blanks()
            if self._peek() != ")":
                self._need_command()
                raise self.unexpected(self._token(), ")")
            self.at += 1
        self._newlines()
        self._need_command()
        return Function(name or "", self._command())

    def _assignment(self, word: Word) -> Assignment | None:
        """Return what is assigned if the word is ``name=value``."""
        first = word.parts[0] if word.parts else None
        if not isinstance(first, Literal) or first.quoted:
            return None
        name, equals, value = first.text.partition("=")
        if not equals or not name.isidentifier() or not name.isascii():
            return None
        rest = [Literal(value), *word.parts[1:]] if value else word.parts[1:]
        return Assignment(name, Word(list(rest)))

    # -- redirections

    def _redirect(self) -> Redirect | None:
        self._blanks()
        at = self.at
        while self._peek().isdigit():
            self.at += 1
        digits = self.source[at : self.at]
        operator = next((op for op in REDIRECTIONS if self.source.startswith(op, self.at)), None)
        if operator is None and not digits and self.source.startswith("&>", self.at):
            operator = "&>"
        if operator is None:
            self.at = at
            return None
        self.at += len(operator)
        fd = int(digits) if digits else 0 if operator.startswith("<") else 1
        self._blanks()
        word = self.word()
        if word is None:
            raise self.unexpected(self._token() if self.at < len(self.source) else "newline")
        redirect = Redirect(fd, operator.replace("<<-", "<<"), word)
        if operator in {"<<", "<<-"}:
            quoted = any(isinstance(part, Literal) and part.quoted for part in word.parts)
            ending = "".join(part.text for part in word.parts if isinstance(part, Literal))
            self._documents.append((redirect, ending, quoted, operator == "<<-"))
        return redirect

    def end_line(self) -> None:
        """Read the here-documents that were announced on the line that ends here."""
        documents, self._documents = self._documents, []
        for redirect, ending, quoted, strip in documents:
            lines = []
            while True:
                if self.at >= len(self.source):
                    raise IncompleteError("syntax error: here-document ends with the file", self.line)
                end = self.source.find("\n", self.at)
                end = len(self.source) if end < 0 else end
                text = self.source[self.at : end]
                self.at = min(end + 1, len(self.source))
                self.line += 1
                if strip:
                    text = text.lstrip("\t")
                if text == ending:
                    break
                lines.append(text + "\n")
            whole = "".join(lines)
            redirect.target = Word([Literal(whole, quoted=True)]) if quoted else self.document(whole)


class DashParser(Parser):
    """dash's language: POSIX and no more."""

    has_function_word = False
    operators = tuple(operator for operator in OPERATORS if operator not in {"/", "//", ":"})
    late_substitution = True
