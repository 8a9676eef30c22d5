"""Builtins that only bash has: declare, mapfile, shopt, builtin, enable, and what ``printf -v`` and ``type -t`` add."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.programs import printing
from k8s_tutor.sim.runtime.programs.reading import inputs
from k8s_tutor.sim.runtime.shell.builtins import Builtin, Run, find

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.interpreter import Shell

_builtins: dict[str, Builtin] = {}


def _bash(*names: str, special: bool = False) -> Callable[[Run], Run]:
    def register(run: Run) -> Run:
        for name in names:
            _builtins[name] = Builtin(name, run, special)
        return run

    return register


def find_bash(name: str) -> Builtin | None:
    """Return bash's builtin of this name: its own, or one that all shells have."""
    return _builtins.get(name) or find(name)


@_bash("declare", "typeset")
async def declare(shell: "Shell", arguments: list[str]) -> int:
    """Declare variables and say of what kind they are (assignments to arrays are done by the shell)."""
    flags = "".join(word[1:] for word in arguments if word.startswith("-"))
    for word in arguments:
        if word.startswith(("-", "+")):
            continue
        name, equals, value = word.partition("=")
        if shell.calls and "g" not in flags:
            shell.make_local(name)
        if "A" in flags:
            shell.associative.add(name)
        if flags.strip("xr") and ("A" in flags or "a" in flags):
            shell.arrays.setdefault(name, {})
        if "i" in flags:
            shell.integers.add(name)
        if equals:
            shell.put(name, value)
        if "x" in flags:
            shell.export(name)
        if "r" in flags:
            shell.make_readonly(name)
    if "p" in flags:
        for word in arguments:
            if not word.startswith("-") and shell.get(word) is not None:
                await shell.process.out(f'declare -- {word}="{shell.get(word)}"\n')
    return 0


@_bash("mapfile", "readarray")
async def mapfile(shell: "Shell", arguments: list[str]) -> int:
    """Read lines into an array."""
    names = [word for word in arguments if not word.startswith("-")]
    found: dict[int | str, str] = {}
    async for source in inputs(shell.process, [], []):
        async for line in source.lines():
            text = line.decode("utf-8", "surrogateescape")
            found[len(found)] = text.removesuffix("\n") if "-t" in arguments else text
    shell.arrays[names[-1] if names else "MAPFILE"] = found
    return 0


@_bash("shopt")
async def shopt(shell: "Shell", arguments: list[str]) -> int:
    """Set options of bash's own."""
    for word in arguments:
        if word.startswith("-"):
            continue
        (shell.options.add if "-s" in arguments else shell.options.discard)(word)
    return 0


@_bash("builtin")
async def only_builtin(shell: "Shell", arguments: list[str]) -> int:
    """Run a builtin."""
    found = find_bash(arguments[0]) if arguments else None
    if found is None:
        await shell.process.err(shell.words.say(f"builtin: {arguments[0] if arguments else ''}: not a shell builtin"))
        return 1
    return await found.run(shell, arguments[1:])


@_bash("enable")
async def enable(shell: "Shell", arguments: list[str]) -> int:
    """Say what is no builtin."""
    for name in arguments:
        if not name.startswith("-") and find_bash(name) is None:
            await shell.process.err(shell.words.say(f"enable: {name}: not a shell builtin"))
            return 1
    return 0


@_bash("help")
async def show_help(shell: "Shell", arguments: list[str]) -> int:
    """Point to where help is."""
    await shell.process.err(
        shell.words.say(
            f"help: no help topics match `{' '.join(arguments)}'.  Try `help help' or `man -k {' '.join(arguments)}' or `info {' '.join(arguments)}'."
        )
    )
    return 1


@_bash("printf")
async def printf(shell: "Shell", arguments: list[str]) -> int:
    """Print by a format, or into a variable (-v)."""
    if arguments[:1] == ["-v"] and len(arguments) > 2:
        text = printing.formatted(arguments[2], arguments[3:])
        shell.put(arguments[1], text.decode("utf-8", "surrogateescape"))
        return 0
    plain = find("printf")
    return await plain.run(shell, arguments) if plain else 1


@_bash("type")
async def describe(shell: "Shell", arguments: list[str]) -> int:
    """Say what names mean; with -t in one word."""
    from k8s_tutor.sim.runtime.shell.jobs import KEYWORDS, which

    if arguments[:1] != ["-t"]:
        plain = find("type")
        return await plain.run(shell, arguments) if plain else 1
    status = 0
    for name in arguments[1:]:
        kind = (
            "alias" if name in shell.aliases
            else "keyword" if name in KEYWORDS
            else "function" if name in shell.functions
            else "builtin" if find_bash(name)
            else "file" if which(shell, name)
            else ""
        )  # fmt: skip
        status = status if kind else 1
        await shell.process.out(f"{kind}\n" if kind else "")
    return status
