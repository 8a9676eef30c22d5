"""Builtins that are programs as well: echo, printf, test, pwd, true, false, let."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.programs import conditions, printing
from k8s_tutor.sim.runtime.shell import patterns
from k8s_tutor.sim.runtime.shell.builtins import builtin

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.interpreter import Shell


@builtin("true")
async def true(shell: "Shell", arguments: list[str]) -> int:
    """Succeed."""
    del shell, arguments
    return 0


@builtin("false")
async def false(shell: "Shell", arguments: list[str]) -> int:
    """Fail."""
    del shell, arguments
    return 1


@builtin("echo")
async def echo(shell: "Shell", arguments: list[str]) -> int:
    """Print words."""
    await shell.process.write(1, printing.echo(arguments, shell.words.flavour))
    return 0


@builtin("printf")
async def printf(shell: "Shell", arguments: list[str]) -> int:
    """Print by a format."""
    if not arguments:
        await shell.process.err(shell.words.builtin("printf", "usage: printf format [arguments]"))
        return 2
    wrong = await printing.printf(shell.process, arguments[0], arguments[1:])
    if wrong:
        await shell.process.err(shell.words.no_number(wrong))
    return 1 if wrong else 0


@builtin("test")
async def test(shell: "Shell", arguments: list[str]) -> int:
    """Evaluate a condition."""
    return await _test(shell, "test", arguments)


@builtin("[", "[[")
async def bracket(shell: "Shell", arguments: list[str]) -> int:
    """Evaluate a condition in brackets."""
    if not arguments or arguments[-1] not in {"]", "]]"}:
        await shell.process.err(shell.words.say("[: missing `]'" if shell.words.flavour == "bash" else "[: missing ]"))
        return 2
    words = arguments[:-1]
    if arguments[-1] == "]]" and len(words) == 3 and words[1] in {"=", "==", "!="}:
        # ash's [[ compares with a pattern.
        return int(patterns.matches(words[2], words[0]) != (words[1] != "!="))
    return await _test(shell, "[", words)


async def _test(shell: "Shell", name: str, arguments: list[str]) -> int:
    try:
        return 0 if conditions.evaluate(shell.process, arguments) else 1
    except conditions.ConditionError as error:
        if shell.words.flavour == "bash":
            error = conditions.ConditionError(str(error).replace("bad number", "integer expression expected"))
        elif shell.words.flavour == "dash" and str(error).endswith(": bad number"):
            error = conditions.ConditionError(f"Illegal number: {str(error).removesuffix(': bad number')}")
        await shell.process.err(shell.words.say(f"{name}: {error}" if shell.words.flavour != "ash" else str(error)))
        return 2


@builtin("pwd")
async def pwd(shell: "Shell", arguments: list[str]) -> int:
    """Print the working directory."""
    del arguments
    await shell.process.out(shell.process.cwd + "\n")
    return 0


@builtin("let")
async def let(shell: "Shell", arguments: list[str]) -> int:
    """Evaluate arithmetic."""
    value = 0
    for argument in arguments:
        value = shell.expander.evaluate(argument)
    return 0 if value else 1
