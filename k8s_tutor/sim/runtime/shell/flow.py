"""Loops, choices and conditions of the shell, and what leaves them."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.programs.conditions import ConditionError
from k8s_tutor.sim.runtime.shell import bash, patterns, syntax

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.interpreter import Shell

COMMAND_COST = 6e-5


class BreakLoop(Exception):  # noqa: N818 - control flow, not an error
    """``break`` or ``continue`` out of ``levels`` loops."""

    def __init__(self, levels: int, *, again: bool) -> None:
        super().__init__(levels)
        self.levels, self.again = levels, again


class ReturnFunction(Exception):  # noqa: N818 - control flow, not an error
    """``return``."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def compound(shell: "Shell", node: syntax.Node) -> int:
    """Run a loop, a choice or a condition."""
    if isinstance(node, syntax.If):
        for test, body in node.clauses:
            if await condition(shell, test) == 0:
                return await shell.sequence(body)
        return await shell.sequence(node.otherwise) if node.otherwise else 0
    if isinstance(node, syntax.Loop):
        return await _loop(shell, node)
    if isinstance(node, syntax.For):
        return await _for(shell, node)
    if isinstance(node, syntax.Case):
        text = await shell.expander.text(node.word)
        await shell.process.work(len(text) * patterns.MATCHING_COST)
        return await _case(shell, node.items, text)
    if isinstance(node, syntax.ArithmeticCommand):
        return int(shell.expander.evaluate(await shell.expander.text(node.expression)) == 0)
    if isinstance(node, syntax.Conditional):
        return await _conditional(shell, node)
    if isinstance(node, syntax.CountingFor):
        return await _counting(shell, node)
    return 0


async def _case(shell: "Shell", items: list[tuple[list[syntax.Word], syntax.Sequence, str]], text: str) -> int:
    status, falls = 0, False
    for choices, body, ending in items:
        matched = falls
        for choice in choices:
            matched = matched or patterns.matches(await shell.expander.pattern(choice), text)
        if matched:
            status = await shell.sequence(body)
            if ending in {";;", ""}:
                return status
        falls = matched and ending == ";&"
    return status


async def _conditional(shell: "Shell", node: syntax.Conditional) -> int:
    await shell.process.work(COMMAND_COST)
    try:
        return 0 if await bash.Condition(shell, node).value() else 1
    except ConditionError as error:
        await shell.process.err(shell.words.say(str(error)))
        return 2


async def _counting(shell: "Shell", node: syntax.CountingFor) -> int:
    expander, status = shell.expander, 0
    expander.evaluate(await expander.text(node.start))
    shell.loops += 1
    try:
        while True:
            await shell.process.work(COMMAND_COST)
            test = await expander.text(node.condition)
            if test.strip() and not expander.evaluate(test):
                return status
            try:
                status = await shell.sequence(node.body)
            except BreakLoop as leaving:
                if _leaves(leaving):
                    return 0
            expander.evaluate(await expander.text(node.step))
    finally:
        shell.loops -= 1


async def condition(shell: "Shell", sequence: syntax.Sequence) -> int:
    """Run what is only asked for its status: failures do not end the shell (``set -e``)."""
    shell.checking += 1
    try:
        return await shell.sequence(sequence)
    finally:
        shell.checking -= 1


async def _loop(shell: "Shell", node: syntax.Loop) -> int:
    status = 0
    shell.loops += 1
    try:
        while True:
            await shell.process.work(COMMAND_COST)
            try:
                if (await condition(shell, node.condition) == 0) == node.until:
                    return status
                status = await shell.sequence(node.body)
            except BreakLoop as leaving:
                if _leaves(leaving):
                    return 0
    finally:
        shell.loops -= 1


async def _for(shell: "Shell", node: syntax.For) -> int:
    values = shell.parameters if node.words is None else await shell.expander.fields(node.words)
    status = 0
    shell.loops += 1
    try:
        for value in list(values):
            await shell.process.work(COMMAND_COST)
            shell.put(node.name, value)
            try:
                status = await shell.sequence(node.body)
            except BreakLoop as leaving:
                if _leaves(leaving):
                    return 0
    finally:
        shell.loops -= 1
    return status


def _leaves(leaving: BreakLoop) -> bool:
    """Tell whether this loop ends; raise on for outer ones."""
    if leaving.levels > 1:
        raise BreakLoop(leaving.levels - 1, again=leaving.again)
    return not leaving.again
