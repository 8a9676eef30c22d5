"""Builtins that take input and arguments apart: read, getopts."""

import asyncio
from typing import TYPE_CHECKING, Any

from k8s_tutor.sim.runtime.processes import Process
from k8s_tutor.sim.runtime.shell.builtins import builtin
from k8s_tutor.sim.runtime.shell.state import MUCH, TEXT_BYTES

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.shell.interpreter import Shell

READ_BYTES = 4096


@builtin("read")
async def read(shell: "Shell", arguments: list[str]) -> int:
    """Read a line into variables."""
    raw, prompt, silent, count, timeout = False, "", False, 0, None
    names: list[str] = []
    array, ending = "", "\n"
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or len(word) == 1:
            names = [word, *rest]
            break
        for letter in word[1:]:
            raw |= letter == "r"
            silent |= letter == "s"
            if letter == "p":
                prompt = rest.pop(0) if rest else ""
            elif letter == "n":
                count = int(rest.pop(0)) if rest else 0
            elif letter == "a":
                array = rest.pop(0) if rest else "REPLY"
            elif letter == "d":
                ending = (rest.pop(0) if rest else "")[:1] or "\0"
            elif letter == "t":
                timeout = float(rest.pop(0)) if rest else None
    process = shell.process
    if prompt and (shell.words.flavour != "bash" or process.fds[0].is_tty):
        await process.err(prompt)
    terminal = process.terminal
    if silent and terminal is not None:
        terminal.echo = False
    try:
        text, complete = await _read_line(process, raw=raw, count=count, patience=timeout, ending=ending)
    finally:
        if terminal is not None:
            terminal.echo = True
    if array:
        words = await shell.expander.split("".join(character for character, _ in text))
        shell.arrays[array] = dict(enumerate(words))
        return 0 if complete else 1
    _assign_fields(shell, names or ["REPLY"], text)
    return 0 if complete else 1


async def _read_line(
    process: Process, *, raw: bool, count: int, patience: float | None, ending: str = "\n"
) -> tuple[list[tuple[str, bool]], bool]:
    """Return characters with whether each is escaped, and whether the line was ended."""
    found: list[tuple[str, bool]] = []
    pending = bytearray()
    escaped = False
    deadline = None if patience is None else process.container.clock.now() + patience
    file = process.fds.get(0)
    while file is not None:
        data = file.read_now(READ_BYTES)
        if data is None:
            if deadline is None:
                data = await process.pause(file.read(READ_BYTES))
                process.rested()
            else:
                data = await _read_within(process, file, deadline)
                if data is None:
                    return found, False
        if not data:
            return found, False
        for index in range(len(data)):
            pending.append(data[index])
            try:
                character = pending.decode()
            except UnicodeDecodeError:
                if len(pending) < 4:
                    continue
                character = pending.decode("utf-8", "replace")
            pending.clear()
            if escaped:
                escaped = False
                if character != "\n":
                    found.append((character, True))
            elif character == "\\" and not raw:
                escaped = True
            elif character == ending:
                file.unread(bytes(data[index + 1 :]))
                return found, True
            else:
                found.append((character, False))
            if count and len(found) >= count:
                file.unread(bytes(data[index + 1 :]))
                return found, True
        if len(found) > MUCH:
            await process.keep(len(found), TEXT_BYTES)
        await process.work(1e-6 * len(data))
    return found, False


async def _read_within(process: Process, file: Any, deadline: float) -> bytes | None:
    clock = process.container.clock
    task = asyncio.ensure_future(file.read())
    timer = clock.call_at(deadline, task.cancel)
    try:
        return await process.pause(task)  # type: ignore[no-any-return]
    except asyncio.CancelledError:
        if process.signal_number:
            raise
        return None
    finally:
        timer.cancel()


def _assign_fields(shell: "Shell", names: list[str], text: list[tuple[str, bool]]) -> None:
    ifs = shell.get("IFS")
    ifs = " \t\n" if ifs is None else ifs
    white = [character for character in ifs if character in " \t\n"]
    at = 0

    def is_white(index: int) -> bool:
        return index < len(text) and not text[index][1] and text[index][0] in white

    def separates(index: int) -> bool:
        return not text[index][1] and text[index][0] in ifs

    while is_white(at):
        at += 1
    for position, name in enumerate(names):
        if position == len(names) - 1:
            end = len(text)
            while end > at and is_white(end - 1):
                end -= 1
            shell.put(name, "".join(character for character, _ in text[at:end]))
            break
        start = at
        while at < len(text) and not separates(at):
            at += 1
        shell.put(name, "".join(character for character, _ in text[start:at]))
        while is_white(at):
            at += 1
        if at < len(text) and separates(at):
            at += 1
            while is_white(at):
                at += 1


@builtin("getopts")
async def getopts(shell: "Shell", arguments: list[str]) -> int:
    """Parse options one by one."""
    if len(arguments) < 2:
        return 2
    spec, name = arguments[0], arguments[1]
    words = arguments[2:] or shell.parameters
    index = int(shell.get("OPTIND") or 1)
    offset = int(shell.get("_OPTOFF") or 1) if index == int(shell.get("_OPTAT") or 0) else 1
    if (
        index > len(words)
        or not words[index - 1].startswith("-")
        or words[index - 1] == "-"
        or words[index - 1] == "--"
    ):
        if index <= len(words) and words[index - 1] == "--":
            shell.put("OPTIND", str(index + 1))
        shell.put(name, "?")
        return 1
    word = words[index - 1]
    letter = word[offset]
    offset += 1
    at = spec.lstrip(":").find(letter)
    quiet = spec.startswith(":")
    takes = at >= 0 and spec.lstrip(":")[at + 1 : at + 2] == ":"
    shell.unset("OPTARG")
    if at < 0 or letter == ":":
        if quiet:
            shell.put("OPTARG", letter)
        else:
            await shell.process.err(f"Illegal option -{letter}\n")
        letter = "?"
    elif takes:
        if offset < len(word):
            shell.put("OPTARG", word[offset:])
        elif index < len(words):
            index += 1
            shell.put("OPTARG", words[index - 1])
        else:
            if quiet:
                shell.put("OPTARG", letter)
            else:
                await shell.process.err(f"No arg for -{letter} option\n")
            letter = ":" if quiet else "?"
        offset = len(word)
    if offset >= len(word):
        index, offset = index + 1, 1
    shell.put("OPTIND", str(index))
    shell.put("_OPTOFF", str(offset))
    shell.put("_OPTAT", str(index))
    shell.put(name, letter)
    return 0
