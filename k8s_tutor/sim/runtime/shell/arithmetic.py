"""Arithmetic expansion: C's integer expressions in 64 bits, with the shell's variables."""

import re
from collections.abc import Callable

_TOKEN = re.compile(
    r"\s*(?:(0[xX][0-9a-fA-F]+|\d+#\w+|\d+)|([A-Za-z_]\w*)|"
    r"(\*\*|<<=|>>=|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^~!<>=?:(),]))"
)
LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", "<=", ">", ">="), ("<<", ">>"), ("+", "-"),
    ("*", "/", "%"),
)  # fmt: skip
ASSIGNMENTS = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="})


class ArithmeticError_(Exception):  # noqa: N801, N818 - the builtin's name is taken
    """The expression is wrong; the message is ash's, the token is what bash shows."""

    def __init__(self, message: str, token: str = "") -> None:
        super().__init__(message)
        self.token = token


def wrap(value: int) -> int:
    """Return the value in 64 bits with sign."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _number(text: str) -> int:
    if "#" in text:
        base, _, digits = text.partition("#")
        return int(digits, int(base))
    if text[:2] in {"0x", "0X"}:
        return int(text, 16)
    return int(text, 8) if len(text) > 1 and text.startswith("0") else int(text)


class Evaluator:
    """Evaluates one expression.

    Args:
        get: a variable's text.
        put: sets a variable.
        powers: ``**`` is known (not in dash).
    """

    def __init__(
        self,
        text: str,
        get: Callable[[str], str],
        put: Callable[[str, str], None],
        depth: int = 0,
        *,
        powers: bool = True,
    ) -> None:
        self._get, self._put, self._depth, self._powers = get, put, depth, powers
        self._text = text
        self._tokens = self._split(text)
        self._at = 0
        self._skipping = 0

    def value(self) -> int:
        """Return the expression's value.

        Raises:
            ArithmeticError_: it is wrong, or divides by zero.
        """
        if not self._tokens:
            return 0
        found = self._comma()
        if self._at < len(self._tokens):
            raise ArithmeticError_("arithmetic syntax error")
        return found

    @staticmethod
    def _split(text: str) -> list[str]:
        tokens = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise ArithmeticError_("arithmetic syntax error")
            tokens.append(match[0].strip())
            at = match.end()
        return tokens

    def _look(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._look()
        self._at += 1
        return token

    def _comma(self) -> int:
        found = self._assignment()
        while self._look() == ",":
            self._at += 1
            found = self._assignment()
        return found

    def _assignment(self) -> int:
        name = self._look()
        operator = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else ""
        if operator in ASSIGNMENTS and re.fullmatch(r"[A-Za-z_]\w*", name):
            self._at += 2
            value = self._assignment()
            if operator != "=":
                value = self._apply(operator[:-1], self._variable(name), value)
            return self._set(name, value)
        return self._ternary()

    def _set(self, name: str, value: int) -> int:
        if not self._skipping:
            self._put(name, str(value))
        return value

    def _ternary(self) -> int:
        condition = self._binary(0)
        if self._look() != "?":
            return condition
        self._at += 1
        yes = self._skipped(self._comma, skip=not condition)
        if self._take() != ":":
            raise ArithmeticError_("arithmetic syntax error")
        no = self._skipped(self._assignment, skip=bool(condition))
        return yes if condition else no

    def _skipped(self, parse: Callable[[], int], *, skip: bool) -> int:
        self._skipping += skip
        found = parse()
        self._skipping -= skip
        return found

    def _binary(self, level: int) -> int:
        if level == len(LEVELS):
            return self._power()
        left = self._binary(level + 1)
        while (operator := self._look()) in LEVELS[level]:
            self._at += 1
            if operator in {"&&", "||"}:
                decided = bool(left) == (operator == "||")
                right = self._skipped(lambda: self._binary(level + 1), skip=decided)
                left = int(operator == "||") if decided else int(bool(right))
            else:
                left = self._apply(operator, left, self._binary(level + 1))
        return left

    def _power(self) -> int:
        base = self._unary()
        if self._look() == "**" and self._powers:
            self._at += 1
            return self._apply("**", base, self._power())
        return base

    def _apply(self, operator: str, left: int, right: int) -> int:
        if operator in {"/", "%"}:
            if right == 0:
                if self._skipping:
                    return 0
                raise ArithmeticError_("divide by zero", re.split(r"[/%]", self._text)[-1].lstrip())
            quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
            return wrap(quotient if operator == "/" else left - quotient * right)
        if operator == "**":
            return wrap(pow(left, min(right, 64), 1 << 65)) if right >= 0 else 0
        table: dict[str, Callable[[], int]] = {
            "+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right,
            "<<": lambda: left << (right & 63), ">>": lambda: left >> (right & 63), "&": lambda: left & right,
            "|": lambda: left | right, "^": lambda: left ^ right, "==": lambda: int(left == right),
            "!=": lambda: int(left != right), "<": lambda: int(left < right), "<=": lambda: int(left <= right),
            ">": lambda: int(left > right), ">=": lambda: int(left >= right),
        }  # fmt: skip
        return wrap(table[operator]())

    def _unary(self) -> int:
        token = self._take()
        if token in {"++", "--"}:
            name = self._take()
            return self._set(name, wrap(self._variable(name) + (1 if token == "++" else -1)))
        if token in {"-", "+", "!", "~"}:
            value = self._unary()
            return {"-": wrap(-value), "+": value, "!": int(not value), "~": ~value}[token]
        if token == "(":
            value = self._comma()
            if self._take() != ")":
                raise ArithmeticError_("arithmetic syntax error")
            return value
        if token[:1].isdigit():
            try:
                return wrap(_number(token))
            except ValueError as error:
                raise ArithmeticError_("arithmetic syntax error", token) from error
        if re.fullmatch(r"[A-Za-z_]\w*", token):
            value = self._variable(token)
            if self._look() in {"++", "--"}:
                self._set(token, wrap(value + (1 if self._take() == "++" else -1)))
            return value
        raise ArithmeticError_("arithmetic syntax error")

    def _variable(self, name: str) -> int:
        text = self._get(name).strip()
        if not text:
            return 0
        if re.fullmatch(r"[-+]?\d+", text) and not re.match(r"[-+]?0\d", text):
            return wrap(int(text))
        if self._depth > 10:
            raise ArithmeticError_("expression recursion loop detected")
        return Evaluator(text, self._get, self._put, self._depth + 1).value()
