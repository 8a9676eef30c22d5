"""The program itself: its subcommands by name, their flags, and how it logs.

As the original's command library (cobra) does: ``--flag value``, ``--flag=value``, ``-t 5``; an unknown flag or
subcommand ends it with 1. Servers log to stderr with Go's ``log`` prefix.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime import signals
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.serving import stop_on
from k8s_tutor.sim.runtime.programs.templates import moment

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

Flags = Mapping[str, str]
Run = Callable[["Process", Flags, list[str]], Awaitable[int]]
UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
COMMON = {"v": "0", "logtostderr": "false", "alsologtostderr": "false", "vmodule": "", "help": "false"}

_commands: dict[str, tuple[Run, dict[str, str]]] = {}


def subcommand(name: str, **flags: str) -> Callable[[Run], Run]:
    """Register a subcommand with its flags' defaults (``true``/``false``: a flag without a value is true)."""

    def register(run: Run) -> Run:
        _commands[name] = (run, {key.replace("_", "-"): value for key, value in flags.items()})
        return run

    return register


@program("agnhost", memory=6 << 20)
async def agnhost(process: "Process") -> int:
    """Run a subcommand."""
    words = process.argv[1:]
    while words and words[0].startswith("-"):
        words = words[1:]
    if not words or words[0] == "help":
        await process.out(
            "Usage:\n  app [command]\n\nAvailable Commands:\n" + "".join(f"  {name}\n" for name in sorted(_commands))
        )
        return 0
    found = _commands.get(words[0])
    if found is None:
        await process.err(f'Error: unknown command "{words[0]}" for "app"\nRun \'app --help\' for usage.\n')
        return 1
    run, known = found
    flags = {**COMMON, **known}
    operands = _parse(words[1:], flags)
    if isinstance(operands, str):
        await process.err(f"Error: {operands}\nUsage:\n  app {words[0]} [flags]\n\n")
        return 1
    if process.pid == 1:
        # Go's runtime catches signals to end by them; where the kernel protects PID 1 from that, it exits with 2.
        stop_on(process, (signals.SIGTERM, signals.SIGINT, signals.SIGHUP), 2)
    return await run(process, flags, operands)


def _parse(words: list[str], flags: dict[str, str]) -> list[str] | str:
    """Set flags from words; return the operands, or what is wrong."""
    operands: list[str] = []
    rest = list(words)
    names = {name.replace("_", "-"): name for name in flags}
    while rest:
        word = rest.pop(0)
        if word == "--":
            return operands + rest
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        flag, equals, value = word.lstrip("-").partition("=")
        name = names.get(flag.replace("_", "-"))
        if name is None:
            return f"unknown flag: {word}" if word.startswith("--") else f"unknown shorthand flag: {flag!r} in {word}"
        if not equals:
            if flags[name] in {"true", "false"}:
                value = "true"
            elif not rest:
                return f"flag needs an argument: {word}"
            else:
                value = rest.pop(0)
        flags[name] = value
    return operands


def duration(text: str) -> float:
    """Return the seconds of a Go duration (``1m30s``, ``500ms``).

    Raises:
        ValueError: it is none.
    """
    if text in {"", "0"}:
        return 0.0
    if not re.fullmatch(r"([\d.]+(ns|us|µs|ms|s|m|h))+", text):
        raise ValueError(text)
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ns|us|µs|ms|s|m|h)", text))


def log(process: "Process", text: str) -> None:
    """Log a line as Go's ``log`` package."""
    process.say(f"{moment(process, '%Y/%m/%d %H:%M:%S')} {text}\n", 2)


async def fatal(process: "Process", text: str) -> int:
    """Log and end, as ``log.Fatal``."""
    log(process, text)
    return 1
