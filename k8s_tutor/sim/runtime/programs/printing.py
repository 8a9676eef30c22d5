"""What ``echo`` and ``printf`` print, as a shell's builtins and as programs."""

import datetime
import errno
import re
from collections import deque
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.nodes import fail
from k8s_tutor.sim.runtime.programs.options import gnu
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

MAX_TEXT = 1 << 20
MAX_WIDTH = 1 << 16
WRITTEN_BYTES = 1 << 12
_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "e": 27, '"': 34, "'": 39}
_TIME = re.compile(r"%\(([^)]*)\)T")
_SPEC = re.compile(r"%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([diouxXeEfgGcsbq%])")


def escapes(text: str, *, echo: bool) -> tuple[bytes, bool]:
    """Return text with its backslash escapes done; True if it is ended by the escape ``c``."""
    if "\\" not in text:
        return text.encode("utf-8", "surrogateescape"), False
    if len(text) > MAX_TEXT:
        raise fail(errno.ENOMEM)
    found = bytearray()
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character != "\\" or at >= len(text):
            found += character.encode("utf-8", "surrogateescape")
            continue
        letter = text[at]
        if letter == "c":
            return bytes(found), True
        octal = re.compile(r"0[0-7]{0,3}|[1-7][0-7]{0,2}" if not echo else r"0[0-7]{0,3}").match(text, at)
        hexadecimal = re.compile(r"x[0-9a-fA-F]{1,2}").match(text, at)
        if octal:
            found.append(int(octal[0], 8) & 0xFF)
            at = octal.end()
        elif hexadecimal:
            found.append(int(hexadecimal[0][1:], 16))
            at = hexadecimal.end()
        elif letter in _SIMPLE and not (echo and letter in "\"'"):
            found.append(_SIMPLE[letter])
            at += 1
        else:
            found += b"\\"
    return bytes(found), False


def echo(arguments: list[str], flavour: str) -> bytes:
    """Return what echo prints; ``flavour``: ash and bash know -n -e -E, dash -n only and always does escapes."""
    newline, interpret = True, flavour == "dash"
    allowed = "n" if flavour == "dash" else "neE"
    at = 0
    while at < len(arguments) and re.fullmatch(f"-[{allowed}]+", arguments[at]):
        for letter in arguments[at][1:]:
            newline = newline and letter != "n"
            interpret = letter == "e" or (interpret and letter != "E")
        at += 1
        if flavour == "dash":
            break
    text = " ".join(arguments[at:])
    if interpret:
        data, ended = escapes(text, echo=True)
        return data if ended else data + (b"\n" if newline else b"")
    return text.encode("utf-8", "surrogateescape") + (b"\n" if newline else b"")


def formatted(pattern: str, arguments: list[str]) -> bytes:
    """Return what a format makes of its arguments, once (``printf -v``)."""
    found = bytearray()
    _once(pattern, deque(arguments), found, [])
    return bytes(found)


async def printf(process: "Process", pattern: str, arguments: list[str]) -> str:
    """Print, and return the last argument that is no number; the format is used again while arguments are left."""
    found = bytearray()
    rest = deque(arguments)
    errors: list[str] = []
    while True:
        before = len(rest)
        ended = _once(pattern, rest, found, errors)
        await process.work(1e-6 + len(pattern) * 1e-8)
        done = ended or not rest or len(rest) == before
        if len(found) > WRITTEN_BYTES or done:
            await process.write(1, bytes(found))
            found.clear()
        if done:
            return errors[-1] if errors else ""


def _once(pattern: str, rest: deque[str], found: bytearray, errors: list[str]) -> bool:
    at = 0
    while at < len(pattern):
        moment = _TIME.match(pattern, at)
        if moment is not None:
            text = rest.popleft() if rest else "0"
            seconds = int(text) if text.lstrip("-").isdigit() else 0
            found += datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime(moment[1]).encode()
            at = moment.end()
            continue
        match = _SPEC.match(pattern, at)
        if match is None:
            end = pattern.find("%", at + 1)
            end = len(pattern) if end < 0 else end
            data, ended = escapes(pattern[at:end], echo=False)
            found += data
            if ended:
                return True
            at = end
            continue
        at = match.end()
        flags, width, precision, kind = match.groups()
        has_precision = "." in match[0]
        if kind == "%":
            found += b"%"
            continue
        if width == "*":
            width = rest.popleft() if rest else "0"
        if precision == "*":
            precision = rest.popleft() if rest else "0"
        argument = rest.popleft() if rest else ""
        if any(text and text.isdigit() and int(text) > MAX_WIDTH for text in (width, precision)):
            raise fail(errno.ENOMEM)
        spec = f"%{flags}{width or ''}{'.' + (precision or '0') if has_precision else ''}"
        if kind == "q":
            argument = re.sub(r"([^\w@%+=:,./-])", r"\\\1", argument) or "''"
        if kind == "b":
            data, ended = escapes(argument, echo=True)
            found += _padded(data, flags, width)
            if ended:
                return True
        elif kind in "sq":
            data = argument.encode("utf-8", "surrogateescape")
            found += _padded(data[: int(precision or 0)] if has_precision else data, flags, width)
        elif kind == "c":
            found += _padded(argument[:1].encode(), flags, width)
        else:
            found += _number(spec, kind, argument, errors).encode()
    return False


def _padded(data: bytes, flags: str, width: str | None) -> bytes:
    size = int(width or 0)
    return data.ljust(size) if "-" in flags else data.rjust(size)


def _number(spec: str, kind: str, text: str, errors: list[str]) -> str:
    if text[:1] in {"'", '"'}:
        value: float = ord(text[1]) if len(text) > 1 else 0
    else:
        value = _value(text, errors, integer=kind in "dioux" or kind == "X")
    if kind in "uoxX" and value < 0:
        value = int(value) + (1 << 64)
    if kind in "iu":
        kind = "d"
    return str((spec + kind) % (int(value) if kind in "doxX" else value))


def _value(text: str, errors: list[str], *, integer: bool) -> float:
    text = text.strip()
    if not text:
        return 0
    try:
        if integer:
            return (
                int(text, 16)
                if text[:2].lower() == "0x"
                else int(text, 8)
                if re.fullmatch(r"0\d+", text)
                else int(text)
            )
        return float(text)
    except ValueError:
        errors.append(text)
        match = re.match(r"[-+]?\d+", text)
        return int(match[0]) if match else 0


@program("echo")
async def echo_program(process: "Process") -> int:
    """Print words."""
    await process.write(1, echo(process.argv[1:], "ash"))
    return 0


@program("printf")
async def printf_program(process: "Process") -> int:
    """Print by a format."""
    if len(process.argv) < 2:
        await process.err("printf: missing operand\n")
        return 1
    wrong = await printf(process, process.argv[1], process.argv[2:])
    if wrong:
        expected = f"‘{wrong}’: expected a numeric value" if gnu(process) else f"invalid number '{wrong}'"
        await process.err(f"printf: {expected}\n")
    return 1 if wrong else 0
