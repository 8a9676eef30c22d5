"""Options of programs: short ones in clusters, long ones as aliases, in the words of busybox or GNU when wrong."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.processes import ExitProcess

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

Options = dict[str, str]


def applet(process: "Process") -> str:
    """Return the name the program was called by."""
    return process.argv[0].rsplit("/", 1)[-1]


def gnu(process: "Process") -> bool:
    """Tell whether the image's tools are GNU's and not busybox'."""
    return process.userland != "busybox"


async def parse(
    process: "Process",
    flags: str,
    valued: str = "",
    long: Mapping[str, str] | None = None,
    *,
    stop: bool = False,
) -> tuple[Options, list[str]]:
    """Return options (flags have the value '') and operands.

    Args:
        process: whose arguments they are.
        flags: letters without a value.
        valued: letters with a value.
        long: long names to letters.
        stop: the first operand ends the options.

    Raises:
        ExitProcess: an option is not known; the message is printed.
    """
    options: Options = {}
    operands: list[str] = []
    rest = process.argv[1:]
    while rest:
        word = rest.pop(0)
        if word == "--":
            operands.extend(rest)
            break
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            letter = (long or {}).get(name)
            if letter is None:
                await unknown(process, f"--{name}")
            elif letter in valued:
                options[letter] = value if equals else rest.pop(0) if rest else ""
            else:
                options[letter] = ""
        elif word.startswith("-") and len(word) > 1:
            await _cluster(process, word, rest, options, flags, valued)
        else:
            operands.append(word)
            if stop:
                operands.extend(rest)
                break
    return options, operands


async def _cluster(process: "Process", word: str, rest: list[str], options: Options, flags: str, valued: str) -> None:
    at = 1
    while at < len(word):
        letter = word[at]
        at += 1
        if letter in valued:
            value = word[at:]
            if not value:
                if not rest:
                    await process.err(f"{applet(process)}: option requires an argument -- '{letter}'\n")
                    raise ExitProcess(1)
                value = rest.pop(0)
            options[letter] = value
            return
        if letter not in flags:
            await unknown(process, f"-{letter}")
        options[letter] = ""


async def unknown(process: "Process", option: str) -> None:
    """Say that an option is not known, and end."""
    name = applet(process)
    if option.startswith("--"):
        await process.err(
            f"{name}: unrecognized option '{option}'\n"
            if gnu(process)
            else f"{name}: unrecognized option: {option[2:]}\n"
        )
    else:
        await process.err(
            f"{name}: invalid option -- '{option[1:]}'\n"
            if gnu(process)
            else f"{name}: unrecognized option: {option[1:]}\n"
        )
    if gnu(process):
        await process.err(f"Try '{name} --help' for more information.\n")
    else:
        await process.err(f"BusyBox v{process.container.image.version} multi-call binary.\n\nUsage: {name}\n")
    raise ExitProcess(1)


async def usage(process: "Process", text: str, code: int = 1) -> int:
    """Say how the program is used."""
    if gnu(process):
        await process.err(f"{applet(process)}: {text}\nTry '{applet(process)} --help' for more information.\n")
    else:
        version = process.container.image.version
        await process.err(f"BusyBox v{version} multi-call binary.\n\nUsage: {applet(process)} {text}\n")
    return code


async def complain(
    process: "Process", path: str, error: OSError, busybox: str = "{path}: {error}", gnu_text: str = "{path}: {error}"
) -> int:
    """Say why a file could not be used; return 1."""
    pattern = gnu_text if gnu(process) else busybox
    await process.err(f"{applet(process)}: {pattern.format(path=path, error=error.strerror)}\n")
    return 1


def size(text: str) -> int:
    """Return a number of bytes with a unit (k, M, G, kB, b).

    Raises:
        ValueError: it is none.
    """
    units = {
        "c": 1,
        "w": 2,
        "b": 512,
        "k": 1024,
        "K": 1024,
        "M": 1 << 20,
        "m": 1 << 20,
        "G": 1 << 30,
        "g": 1 << 30,
        "T": 1 << 40,
        "kB": 1000,
        "KB": 1000,
        "MB": 10**6,
        "GB": 10**9,
        "KiB": 1024,
        "MiB": 1 << 20,
        "GiB": 1 << 30,
    }
    for unit in sorted(units, key=len, reverse=True):
        if text.endswith(unit):
            return int(float(text.removesuffix(unit)) * units[unit])
    return int(text)


def human(number: float) -> str:
    """Return bytes as ``ls -h`` and ``df -h`` show them."""
    for unit in ("", "K", "M", "G", "T"):
        if number < 1024 or unit == "T":
            return f"{number:.0f}{unit}" if not unit or number >= 10 else f"{number:.1f}{unit}"
        number /= 1024
    return ""
