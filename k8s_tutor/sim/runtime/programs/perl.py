"""``perl`` for one-liners: pi by bpi (really computed), print, sleep, exit, arithmetic."""

import re
from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

MAX_DIGITS = 20000
VERSION = "5.40.0"


def pi(digits: int) -> str:
    """Return pi with ``digits`` significant digits, rounded (Machin's formula in integers)."""
    unity: int = 10 ** (digits + 10)

    def arctangent(x: int) -> int:
        term: int = unity // x
        total = term
        number, square = 3, x * x
        sign = -1
        while term:
            term //= square
            total += sign * (term // number)
            number, sign = number + 2, -sign
        return total

    value = 4 * (4 * arctangent(5) - arctangent(239))
    text = str((value + 5 * 10**10) // 10**11)
    return f"{text[0]}.{text[1:]}" if digits > 1 else text


@program("perl", memory=6 << 20)
async def perl(process: "Process") -> int:
    """Run the text of -e."""
    words = process.argv[1:]
    text: list[str] = []
    newline = False
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "-v":
            await process.out(f"\nThis is perl 5, version 40, subversion 0 (v{VERSION}) built for x86_64-linux-gnu\n")
            return 0
        if word.startswith("-M") or not word.startswith("-"):
            if not word.startswith("-"):
                break
            continue
        newline |= "l" in word
        if word.endswith(("e", "E")):
            text.append(rest.pop(0) if rest else "")
    if not text:
        await process.err("Can't open perl script: only -e texts are part of this simulated perl\n")
        return 2
    end = "\n" if newline else ""
    for statement in _statements(" ; ".join(text)):
        code = await _statement(process, statement, end)
        if code is not None:
            return code
    return 0


def _statements(text: str) -> list[str]:
    return [part.strip() for part in re.findall(r"(?:\"(?:\\.|[^\"\\])*\"|'[^']*'|[^;'\"])+", text) if part.strip()]


async def _statement(process: "Process", statement: str, end: str) -> int | None:
    """Run one statement; the exit code ends the program."""
    match = re.fullmatch(r"print\s*\(?\s*bpi\s*\(\s*(\d+)\s*\)\s*\)?", statement)
    if match:
        digits = min(int(match[1]), MAX_DIGITS)
        # Math::BigInt's series costs about the square of the digits: 2000 take some 5 s on one core.
        await process.compute(0.1 + 5.0 * (digits / 2000) ** 2)
        await process.out(pi(digits) + end)
        return None
    match = re.fullmatch(r"(?:print|say)\s*\(?(.*?)\)?", statement, re.DOTALL)
    if match:
        await process.out(_value(process, match[1]) + (end or ("\n" if statement.startswith("say") else "")))
        return None
    match = re.fullmatch(r"sleep\s*\(?\s*(\d+)\s*\)?", statement)
    if match:
        await process.sleep(int(match[1]))
        return None
    match = re.fullmatch(r"exit\s*\(?\s*(\d*)\s*\)?", statement)
    if match:
        return int(match[1] or 0)
    match = re.fullmatch(r"die\s*\(?(.*?)\)?", statement)
    if match:
        await process.err(_value(process, match[1]) + " at -e line 1.\n")
        return 255
    await process.err(
        f'syntax error at -e line 1, near "{statement}"\n(the simulated perl knows print, say, bpi, sleep, exit, die)\n'
    )
    return 255


def _value(process: "Process", text: str) -> str:
    text = text.strip()
    if text[:1] == '"':
        inner = text.strip('"').replace("\\n", "\n").replace("\\t", "\t")
        return re.sub(r"\$ENV\{['\"]?(\w+)['\"]?\}", lambda match: process.env.get(match[1], ""), inner)
    if text[:1] == "'":
        return text.strip("'")
    if re.fullmatch(r"[-+*/().\d\s%]+", text) and len(text) < 100 and "**" not in text:
        try:
            value = eval(text, {"__builtins__": {}})  # noqa: S307 - digits and operators only
        except (SyntaxError, ArithmeticError, TypeError):
            return text
        return str(int(value) if float(value).is_integer() else value)
    match = re.fullmatch(r"\$ENV\{['\"]?(\w+)['\"]?\}", text)
    return process.env.get(match[1], "") if match else text
