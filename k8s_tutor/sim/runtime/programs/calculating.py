"""Calculators: expr, factor, bc, dc's nearest, getconf's figures."""

import re
from decimal import Decimal, InvalidOperation, getcontext
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.backtracking import limited
from k8s_tutor.sim.runtime.programs.options import usage
from k8s_tutor.sim.runtime.programs.reading import read_all
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

Value = str | int


class ExpressionError(Exception):
    """The expression is wrong."""


class _Expr:
    """expr's grammar, by precedence."""

    LEVELS = (("|",), ("&",), ("<", "<=", "=", "==", "!=", ">=", ">"), ("+", "-"), ("*", "/", "%"), (":",))

    def __init__(self, words: list[str]) -> None:
        self._words, self._at = words, 0

    def value(self) -> Value:
        found = self._level(0)
        if self._at < len(self._words):
            raise ExpressionError("syntax error")
        return found

    def _level(self, level: int) -> Value:
        if level == len(self.LEVELS):
            return self._primary()
        left = self._level(level + 1)
        while self._at < len(self._words) and self._words[self._at] in self.LEVELS[level]:
            operator = self._words[self._at]
            self._at += 1
            left = _apply(operator, left, self._level(level + 1))
        return left

    def _primary(self) -> Value:
        if self._at >= len(self._words):
            raise ExpressionError("syntax error")
        word = self._words[self._at]
        self._at += 1
        if word == "(":
            found = self._level(0)
            if self._at >= len(self._words) or self._words[self._at] != ")":
                raise ExpressionError("syntax error")
            self._at += 1
            return found
        if word == "length":
            return len(str(self._primary()))
        if word == "substr":
            text, start, count = str(self._primary()), int(self._primary()), int(self._primary())
            return text[start - 1 : start - 1 + count]
        if word == "index":
            text, marks = str(self._primary()), str(self._primary())
            return next((index for index, character in enumerate(text, 1) if character in marks), 0)
        if word == "match":
            return _match(str(self._primary()), str(self._primary()))
        return word


def _apply(operator: str, left: Value, right: Value) -> Value:
    if operator == "|":
        return left if str(left) not in {"", "0"} else right
    if operator == "&":
        return left if str(left) not in {"", "0"} and str(right) not in {"", "0"} else 0
    if operator == ":":
        return _match(str(left), str(right))
    numeric = all(re.fullmatch(r"-?\d+", str(side)) for side in (left, right))
    if operator in _Expr.LEVELS[2]:
        order = (
            (int(left) > int(right)) - (int(left) < int(right))
            if numeric
            else ((str(left) > str(right)) - (str(left) < str(right)))
        )
        return int(
            {
                "<": order < 0,
                "<=": order <= 0,
                "=": order == 0,
                "==": order == 0,
                "!=": order != 0,
                ">=": order >= 0,
                ">": order > 0,
            }[operator]
        )
    if not numeric:
        raise ExpressionError("non-integer argument")
    a, b = int(left), int(right)
    if operator in "/%" and b == 0:
        raise ExpressionError("division by zero")
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1) if b else 0
    return {"+": a + b, "-": a - b, "*": a * b, "/": quotient, "%": a - quotient * b}[operator]


def _match(text: str, pattern: str) -> Value:
    from k8s_tutor.sim.runtime.programs.regexes import to_python

    with limited(pattern, text):
        match = re.match(to_python(pattern, extended=False), text)
    if "\\(" in pattern:
        return (match[1] or "") if match else ""
    return match.end() if match else 0


@program("expr")
async def expr(process: "Process") -> int:
    """Evaluate an expression."""
    try:
        value = _Expr(process.argv[1:]).value()
    except ExpressionError as error:
        await process.err(f"expr: {error}\n")
        return 2
    await process.out(f"{value}\n")
    return 1 if str(value) in {"", "0"} else 0


@program("factor")
async def factor(process: "Process") -> int:
    """Print prime factors."""
    for word in process.argv[1:]:
        number, found, divisor = int(word), [], 2
        while divisor * divisor <= number:
            await process.work(1e-7)
            if number % divisor:
                divisor += 1
            else:
                found.append(divisor)
                number //= divisor
        if number > 1:
            found.append(number)
        await process.out(f"{word}: {' '.join(map(str, found))}\n")
    return 0


@program("bc")
async def bc(process: "Process") -> int:
    """Evaluate lines of arithmetic with a scale."""
    text = (await read_all(process, [word for word in process.argv[1:] if not word.startswith("-")], [])).decode()
    scale = 20 if "-l" in process.argv else 0
    getcontext().prec = 60
    for raw in re.split(r"[;\n]", text):
        line = raw.strip()
        if match := re.fullmatch(r"scale\s*=\s*(\d+)", line):
            scale = int(match[1])
        elif line in {"quit", ""}:
            continue
        elif re.fullmatch(r"[-+*/%^().\d\s<>=!]+", line):
            expression = re.sub(r"(\d*\.?\d+)", r"Decimal('\1')", line.replace("^", "**"))
            if len(line) > 200 or ("**" in expression and len(re.findall(r"\d", line)) > 12):
                await process.err("bc: expression too big\n")
                return 1
            try:
                value = eval(expression, {"__builtins__": {}, "Decimal": Decimal})  # noqa: S307 - digits and operators only
            except (ArithmeticError, InvalidOperation, SyntaxError, TypeError):
                await process.err("bc: bad expression or divide by zero\n")
                continue
            await process.out(_decimal(Decimal(value), scale, divides="/" in line) + "\n")
        else:
            await process.err(f"bc: syntax error near '{line}'\n")
    return 0


def _decimal(value: Decimal, scale: int, *, divides: bool) -> str:
    if divides:
        step = Decimal(1).scaleb(-scale)
        value = (value // step) * step if value >= 0 else -((-value // step) * step)
    text = f"{value:f}"
    return re.sub(r"^(-?)0\.", r"\1.", text)


@program("getconf")
async def getconf(process: "Process") -> int:
    """Show a system's figure."""
    known = {
        "PAGESIZE": "4096",
        "PAGE_SIZE": "4096",
        "NPROCESSORS_ONLN": "4",
        "_NPROCESSORS_ONLN": "4",
        "LONG_BIT": "64",
        "CLK_TCK": "100",
    }
    value = known.get(process.argv[1] if len(process.argv) > 1 else "")
    if value is None:
        return await usage(process, "unknown variable")
    await process.out(value + "\n")
    return 0
