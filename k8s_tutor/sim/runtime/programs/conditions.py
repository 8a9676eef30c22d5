"""``test`` and ``[``: conditions about texts, numbers and files."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.backtracking import limited
from k8s_tutor.sim.runtime.nodes import Device, Directory, Fifo, File, Node, Symlink
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

NUMERIC: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b, "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b,
}  # fmt: skip
TEXTUAL: dict[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}  # fmt: skip
UNARY = "bcdefghLknoprstuwxzS"


class ConditionError(Exception):
    """The expression is none."""


class _Condition:
    def __init__(self, process: "Process", words: list[str]) -> None:
        self._process, self._words, self._at = process, words, 0

    def whole(self) -> bool:
        if not self._words:
            return False
        found = self._or()
        if self._at < len(self._words):
            raise ConditionError(f"{self._words[self._at]}: unknown operand")
        return found

    def _or(self) -> bool:
        found = self._and()
        while self._look() in {"-o", "||"}:
            self._at += 1
            found = self._and() or found
        return found

    def _and(self) -> bool:
        found = self._not()
        while self._look() in {"-a", "&&"}:
            self._at += 1
            found = self._not() and found
        return found

    def _not(self) -> bool:
        if self._look() == "!" and self._at + 1 < len(self._words):
            self._at += 1
            return not self._not()
        return self._primary()

    def _look(self, ahead: int = 0) -> str | None:
        index = self._at + ahead
        return self._words[index] if index < len(self._words) else None

    def _primary(self) -> bool:
        word, operator, right = self._look(), self._look(1), self._look(2)
        if word is None:
            raise ConditionError("argument expected")
        if right is not None and operator in {*NUMERIC, *TEXTUAL, "-nt", "-ot", "-ef", "=~"}:
            self._at += 3
            return self._binary(word, operator, right)
        if word == "(" and operator is not None:
            self._at += 1
            found = self._or()
            if self._look() != ")":
                raise ConditionError("closing paren expected")
            self._at += 1
            return found
        if len(word) == 2 and word[0] == "-" and word[1] in UNARY and operator is not None:
            self._at += 2
            return self._unary(word[1], operator)
        self._at += 1
        return word != ""

    def _binary(self, left: str, operator: str, right: str) -> bool:
        if operator in NUMERIC:
            return NUMERIC[operator](_integer(left), _integer(right))
        if operator in TEXTUAL:
            return TEXTUAL[operator](left, right)
        if operator == "=~":
            with limited(right, left):
                return re.search(right, left) is not None
        first, second = self._node(left), self._node(right)
        if operator == "-ef":
            return first is not None and first is second
        times = [-1.0 if node is None else node.mtime for node in (first, second)]
        return times[0] > times[1] if operator == "-nt" else times[0] < times[1]

    def _unary(self, letter: str, operand: str) -> bool:
        if letter in "zn":
            return (operand == "") == (letter == "z")
        if letter == "t":
            file = self._process.fds.get(int(operand)) if operand.isdigit() else None
            return file is not None and file.is_tty
        node = self._node(operand, follow=letter not in "Lh")
        if node is None:
            return False
        if letter in "rwx":
            return self._process.credentials.may(node, {"r": 4, "w": 2, "x": 1}[letter])
        kinds: dict[str, type[Node]] = {"f": File, "d": Directory, "L": Symlink, "h": Symlink, "p": Fifo, "c": Device}
        if letter in kinds:
            return isinstance(node, kinds[letter])
        if letter == "s":
            return node.size > 0
        return (
            letter in "eoON"
            or (letter == "u" and bool(node.mode & 0o4000))
            or (letter == "k" and bool(node.mode & 0o1000))
        )

    def _node(self, path: str, *, follow: bool = True) -> Node | None:
        try:
            return self._process.files.find(path, self._process.cwd, follow=follow, who=self._process.credentials).node
        except OSError:
            return None


def _integer(text: str) -> int:
    try:
        return int(text.strip())
    except ValueError as error:
        raise ConditionError(f"{text}: bad number") from error


def evaluate(process: "Process", words: list[str]) -> bool:
    """Return whether the condition holds.

    Raises:
        ConditionError: it is none.
    """
    process.container.current = process
    return _Condition(process, words).whole()


@program("test", "[", "[[")
async def test(process: "Process") -> int:
    """Evaluate a condition."""
    words = process.argv[1:]
    if process.argv[0].endswith("["):
        if not words or not words[-1].startswith("]"):
            await process.err("[: missing ]\n")
            return 2
        words = words[:-1]
    try:
        return 0 if evaluate(process, words) else 1
    except ConditionError as error:
        await process.err(f"test: {error}\n")
        return 2
