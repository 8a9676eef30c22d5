"""What only bash does: arrays, ``[[ ]]``, editing of parameters; the shell calls in where its language is bash."""

import re
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.backtracking import limited
from k8s_tutor.sim.runtime.programs import conditions
from k8s_tutor.sim.runtime.programs.regexes import to_python
from k8s_tutor.sim.runtime.shell import patterns
from k8s_tutor.sim.runtime.shell.syntax import Assignment, Conditional, Parameter, Word

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.expansion import Expander, Piece
    from k8s_tutor.sim.runtime.shell.interpreter import Shell

ALL = ("@", "*")
ELEMENT_BYTES = 100


async def assign(shell: "Shell", wanted: Assignment) -> None:
    """Assign to a variable, an array, or an element of one."""
    name = wanted.name
    if wanted.values is not None:
        shell.check_writable(name)
        if not wanted.append:
            shell.arrays.pop(name, None)
            found: dict[int | str, str] = {}
        else:
            found = shell.arrays.get(name) or dict(shell.array(name))
        for index, word in wanted.values:
            if index is not None:
                found[await key(shell, name, index)] = await shell.expander.text(word, assignment=True)
                continue
            for value in await shell.expander.fields([word]):
                found[_after(found)] = value
                shell.account(len(value) + ELEMENT_BYTES)
        shell.arrays[name] = found
        return
    text = await shell.expander.text(wanted.value, assignment=True)
    if wanted.index is not None:
        shell.check_writable(name)
        at = await key(shell, name, wanted.index)
        elements = shell.arrays.setdefault(name, dict(shell.array(name)))
        elements[at] = elements.get(at, "") + text if wanted.append else text
        shell.account(len(text) + ELEMENT_BYTES)
    elif wanted.append and name in shell.integers:
        shell.put(name, f"{shell.get(name) or 0}+({text})")
    else:
        shell.put(name, (shell.get(name) or "") + text if wanted.append else text)


def _after(elements: dict[int | str, str]) -> int:
    """Return the index after the last."""
    if not elements or len(elements) - 1 in elements:
        return len(elements)
    return max((at for at in elements if isinstance(at, int)), default=-1) + 1


async def key(shell: "Shell", name: str, index: Word) -> int | str:
    """Return what an index means: a text in an associative array, else a number, from the end if negative."""
    text = await shell.expander.text(index)
    if name in shell.associative:
        return text.strip("\"'")
    number = shell.expander.evaluate(text)
    if number < 0:
        number += _after(shell.array(name))
    return number


async def parameter(expander: "Expander", shell: "Shell", part: Parameter) -> "list[Piece]":
    """Return what ``${name[index]…}`` and ``${!name}`` become."""
    mark = part.index.literal or "".join(getattr(each, "text", "") for each in part.index.parts) if part.index else ""
    if part.indirect:
        if mark in ALL:
            return expander.all_of([str(at) for at in sorted_keys(shell, part.name)], mark, quoted=part.quoted)
        match = re.fullmatch(r"(\w+|[@*#?])(?:\[(.*)\])?", shell.lookup(part.name) or "")
        if match is None:
            return []
        index = expander.literal_word(match[2]) if match[2] else None
        target = Parameter(match[1], part.operator, part.argument, part.second, part.quoted, index)
        return await expander.parameter(target)
    if mark in ALL or part.name in ALL:
        values = [shell.array(part.name)[at] for at in sorted_keys(shell, part.name)] if mark else shell.parameters
        return await _listed(expander, shell, part, values, mark or part.name)
    value = shell.array(part.name).get(await key(shell, part.name, part.index)) if part.index else None
    return await expander.of_value(part, value if part.index else shell.lookup(part.name))


def sorted_keys(shell: "Shell", name: str) -> list[int | str]:
    """Return an array's indices in order; an associative one's as they came."""
    found = list(shell.array(name))
    return found if name in shell.associative else sorted(found, key=lambda at: at if isinstance(at, int) else 0)


async def _listed(expander: "Expander", shell: "Shell", part: Parameter, values: list[str], mark: str) -> "list[Piece]":
    operator = part.operator
    if operator == "length":
        return [("Q" if part.quoted else "S", str(len(values)))]
    if operator == ":":
        start = shell.expander.evaluate(await expander.text(part.argument or Word()))
        if not part.index:
            values, start = [shell.name, *values], start or 1
        start = max(0, len(values) + start) if start < 0 else start
        count = shell.expander.evaluate(await expander.text(part.second)) if part.second else len(values)
        values = values[start : start + count]
    elif operator in {"#", "##", "%", "%%", "/", "//", "/#", "/%", "^", "^^", ",", ",,"}:
        values = [await expander.edited(part, value) for value in values]
    elif operator:
        return await expander.of_value(part, " ".join(values) if values else None)
    return expander.all_of(values, mark, quoted=part.quoted)


def cased(text: str, operator: str) -> str:
    """Return ``${name^}``, ``${name^^}``, ``${name,}``, ``${name,,}``."""
    change = str.upper if operator[0] == "^" else str.lower
    return change(text) if len(operator) == 2 else change(text[:1]) + text[1:]


def anchored(text: str, operator: str, pattern: str, replacement: str) -> str:
    """Return ``${name/#pattern/text}`` (at the beginning) or ``${name/%pattern/text}`` (at the end)."""
    rest = patterns.trimmed(text, "##" if operator == "/#" else "%%", pattern)
    if rest == text and pattern:
        return text
    return replacement + rest if operator == "/#" else rest + replacement


class Condition:
    """Evaluates one ``[[ ]]``."""

    def __init__(self, shell: "Shell", node: Conditional) -> None:
        self._shell, self._tokens, self._at = shell, node.tokens, 0

    async def value(self) -> bool:
        """Return whether it holds.

        Raises:
            ConditionError: it is none.
        """
        return await self._or()

    def _look(self, ahead: int = 0) -> Word | str:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ""

    async def _or(self) -> bool:
        found = await self._and()
        while self._look() == "||":
            self._at += 1
            found = await self._and() or found
        return found

    async def _and(self) -> bool:
        found = await self._not()
        while self._look() == "&&":
            self._at += 1
            found = await self._not() and found
        return found

    async def _not(self) -> bool:
        if self._look() == "!":
            self._at += 1
            return not await self._not()
        if self._look() == "(":
            self._at += 1
            found = await self._or()
            self._at += 1
            return found
        return await self._primary()

    async def _primary(self) -> bool:
        shell, first, second, third = self._shell, self._look(), self._look(1), self._look(2)
        if not isinstance(first, Word):
            raise conditions.ConditionError("conditional expression expected")
        operator = second if isinstance(second, str) else second.literal or ""
        if isinstance(third, Word) and (operator in _BINARY or operator in conditions.NUMERIC):
            self._at += 3
            return await self._binary(await shell.expander.text(first), operator, third)
        flag = first.literal or ""
        if re.fullmatch("-[a-zA-Z]", flag) and isinstance(second, Word):
            self._at += 2
            operand = await shell.expander.text(second)
            return (
                shell.lookup(operand) is not None
                if flag == "-v"
                else conditions.evaluate(shell.process, [flag, operand])
            )
        self._at += 1
        return await shell.expander.text(first) != ""

    async def _binary(self, left: str, operator: str, right: Word) -> bool:
        expander = self._shell.expander
        if operator in conditions.NUMERIC:
            other = expander.evaluate(await expander.text(right))
            return conditions.NUMERIC[operator](expander.evaluate(left), other)
        if operator in {"=", "==", "!="}:
            return patterns.matches(await expander.pattern(right), left) == (operator != "!=")
        if operator == "=~":
            pattern = to_python(await expander.expression(right), extended=True)
            with limited(pattern, left):
                match = re.search(pattern, left)
            groups = [] if match is None else [match[0], *(group or "" for group in match.groups())]
            self._shell.arrays["BASH_REMATCH"] = dict(enumerate(groups))
            return match is not None
        return conditions.evaluate(self._shell.process, [left, operator, await expander.text(right)])


_BINARY = frozenset({"=", "==", "!=", "=~", "<", ">", "-nt", "-ot", "-ef"})
