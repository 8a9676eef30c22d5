"""How Go prints values inside of messages: ``%q`` of a string, ``encoding/json`` of all else.

``field.Error`` (apimachinery ``util/validation/field``) shows plain strings quoted as by ``strconv.Quote`` and any other
value as compact JSON, whose encoder sorts the keys of maps and writes ``<``, ``>`` and ``&`` as escapes.
"""

import json
from typing import Any

_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
}


class Struct(dict[str, Any]):
    """A value that Go holds as a struct: its JSON keeps the order of the fields."""


class Plain(str):
    """Text printed as it is (numbers that Go holds in a type of its own)."""

    __slots__ = ()


class Typed(str):
    """A string that Go holds in a named type (an enumeration): shown as JSON, not as ``%q``."""

    __slots__ = ()


def quote(text: str) -> str:
    """Return ``%q`` of a string."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    out = []
    for char in text:
        if char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif char.isprintable() or char == " ":
            out.append(char)
        elif ord(char) < 0x80:
            out.append(f"\\x{ord(char):02x}")
        elif ord(char) < 0x10000:
            out.append(f"\\u{ord(char):04x}")
        else:
            out.append(f"\\U{ord(char):08x}")
    return f'"{"".join(out)}"'


def _sorted(value: Any) -> Any:
    if isinstance(value, Struct):
        return {key: _sorted(item) for key, item in value.items()}
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value


def to_json(value: Any) -> str:
    """Return the JSON that Go's encoder writes."""
    text = json.dumps(_sorted(value), separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def show(value: Any) -> str:
    """Return a value as ``field.Error`` shows it."""
    if isinstance(value, Plain):
        return str(value)
    if isinstance(value, str) and not isinstance(value, Typed):
        return quote(value)
    if value is True or value is False:
        return "true" if value else "false"
    return to_json(value)
