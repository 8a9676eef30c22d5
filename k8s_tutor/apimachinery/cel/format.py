"""``format``, ``join`` and ``strings.quote`` of CEL's strings, as cel-go has them in the version that Kubernetes uses.

Mirrors cel-go's ``ext/formatting.go``: ``%s %d %f %e %b %o %x %X``; texts within lists and maps are quoted, keys sorted,
fractions printed as in English texts.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from cel_expr_python import cel

from k8s_tutor.apimachinery.cel import lists

_CLAUSE = re.compile(r"%(?:%|(?:\.(\d+))?(.?))", re.DOTALL)
_SUPERSCRIPTS = str.maketrans("0123456789-+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺")
_PRECISION = 6


def quoted(text: str) -> str:
    """Return a text as a literal."""
    return json.dumps(text, ensure_ascii=False)


def joined(items: Any, separator: str = "") -> str:
    """Return the texts of a list in one."""
    texts = lists.plain(items)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("no such overload")
    return separator.join(texts)


def formatted(template: str, arguments: Any) -> str:
    """Return a template with its clauses filled in."""
    values = [lists.plain(item) for item in arguments]
    used = 0

    def fill(match: re.Match[str]) -> str:
        nonlocal used
        if match.group() == "%%":
            return "%"
        if used >= len(values):
            raise ValueError(f"index {used} out of range")
        used += 1
        precision = int(match[1]) if match[1] else _PRECISION
        return _clause(match[2], values[used - 1], precision)

    return _CLAUSE.sub(fill, template)


def _clause(letter: str, value: Any, precision: int) -> str:
    if letter == "s":
        return _shown(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    if letter == "d" and whole:
        return str(value)
    if letter == "f" and isinstance(value, float | int):
        return f"{value:,.{precision}f}"
    if letter == "e" and isinstance(value, float | int):
        mantissa, _, exponent = f"{value:.{precision}e}".partition("e")
        return f"{mantissa}×10{exponent.removeprefix('+').translate(_SUPERSCRIPTS)}"
    if letter in {"b", "o"} and isinstance(value, int):
        return format(int(value), letter)
    if letter in {"x", "X"} and (whole or isinstance(value, str | bytes | bytearray)):
        found = format(value, "x") if isinstance(value, int) else _bytes(value).hex()
        return found.upper() if letter == "X" else found
    raise ValueError(_refusal(letter, value))


def _refusal(letter: str, value: Any) -> str:
    clauses = {"d": "decimal", "f": "fixed-point", "e": "scientific", "b": "binary", "o": "octal"}
    name, kinds = clauses.get(letter, ""), {"f": "doubles", "e": "doubles", "b": "integers and bools"}
    if not name:
        return f'error during formatting: could not parse formatting clause: unrecognized formatting clause "{letter}"'
    return f"error during formatting: {name} clause can only be used on {kinds.get(letter, 'integers')}, was given {_kind(value)}"


def _kind(value: Any) -> str:
    names = {
        str: "string",
        bool: "bool",
        float: "double",
        int: "int",
        list: "list",
        dict: "map",
        type(None): "null_type",
    }
    return names.get(type(value), "bytes")


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _shown(value: Any, *, inside: bool = False) -> str:
    """Return a value as ``%s`` prints it; ``inside`` a list or map, literals look like literals."""
    if isinstance(value, str):
        return quoted(value) if inside else value
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, float):
        return f"{value:.{_PRECISION}f}" if inside else repr(value).removesuffix(".0")
    if isinstance(value, list):
        return f"[{', '.join(_shown(item, inside=True) for item in value)}]"
    if isinstance(value, dict):
        pairs = sorted((_shown(key, inside=True), _shown(item, inside=True)) for key, item in value.items())
        return "{" + ", ".join(f"{key}:{item}" for key, item in pairs) + "}"
    if isinstance(value, bytes | bytearray):
        text = bytes(value).decode(errors="replace")
        return f"b{quoted(text)}" if inside else text
    if isinstance(value, timedelta):
        seconds = f"{value.total_seconds():g}s"
        return f"duration({quoted(seconds)})" if inside else seconds
    if isinstance(value, datetime):
        text = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"timestamp({quoted(text)})" if inside else text
    return value.name().lower() if isinstance(value, cel.Type) else str(value)
