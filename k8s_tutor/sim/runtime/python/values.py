"""What the walked program's values are, and its errors.

Values are plain ones (numbers, texts, lists, dicts, tuples, None); attributes are looked up in fixed tables, so nothing
leads out of the container.
"""

import ast
import datetime
import re
from typing import Any

MAX_SIZE = 1 << 24
WIDE = re.compile(r"\d{5,}|\*")
METHODS = frozenset(
    [
        "append",
        "extend",
        "pop",
        "insert",
        "remove",
        "sort",
        "reverse",
        "index",
        "count",
        "get",
        "keys",
        "values",
        "items",
        "update",
        "setdefault",
        "split",
        "join",
        "strip",
        "lstrip",
        "rstrip",
        "upper",
        "lower",
        "replace",
        "startswith",
        "endswith",
        "find",
        "splitlines",
        "encode",
        "decode",
        "isdigit",
        "title",
        "isoformat",
        "strftime",
        "timestamp",
        "add",
        "discard",
    ]
)
KEEPING = frozenset({"append", "extend", "insert", "add", "update", "setdefault"})
SAFE = (int, float, str, bytes, list, dict, tuple, set, bool, type(None), datetime.datetime, range)


class PythonError(Exception):
    """An exception of the walked program that nothing caught."""

    def __init__(self, name: str, text: str, line: int) -> None:
        super().__init__(f"{name}: {text}" if text else name)
        self.name, self.text, self.line = name, text, line


class ExitPython(Exception):  # noqa: N818 - control flow, not an error
    """``sys.exit``."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Leave(Exception):  # noqa: N818 - control flow, not an error
    """``return``, ``break`` or ``continue`` on its way out."""

    def __init__(self, kind: str, value: Any = None) -> None:
        super().__init__(kind)
        self.kind, self.value = kind, value


class Function:
    """A function of the walked program."""

    def __init__(self, node: ast.FunctionDef) -> None:
        self.node = node


class Module:
    """A module's names."""

    def __init__(self, name: str, names: dict[str, Any]) -> None:
        self.name, self.names = name, names


def weight(value: Any) -> int:
    """Return about how many bytes a value takes, if it is worth counting."""
    size = len(value) if isinstance(value, str | bytes | bytearray | list | tuple) else 0
    size *= 8 if isinstance(value, list | tuple) else 1
    return size if size > 4096 else 0


def formatted(text: str, method: str, words: tuple[Any, ...], named: dict[str, Any]) -> str:
    """Return ``text.format(…)`` without attributes and huge widths; ``zfill`` with a sane width."""
    if method == "zfill":
        return text.zfill(min(int(words[0]), 1 << 16))
    if re.search(r"\{[^}]*[.\[][^}]*[a-zA-Z_]", text) or WIDE.search(text):
        msg = "format fields with attributes are not part of the simulated python"
        raise ValueError(msg)
    return text.format(*words, **named)
