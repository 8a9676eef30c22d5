"""YAML and JSON text as kubectl writes them.

kubectl turns an object into JSON and that into YAML with sorted keys; the emitter is a port of libyaml. Its choices of
style (plain, quoted, literal) are made here by the same rules for the JSON types alone, which is also faster than a
general emitter.
"""

import json
import re
from typing import Any

_BOOLEANS = frozenset(
    [
        "y",
        "Y",
        "yes",
        "Yes",
        "YES",
        "n",
        "N",
        "no",
        "No",
        "NO",
        "true",
        "True",
        "TRUE",
        "false",
        "False",
        "FALSE",
        "on",
        "On",
        "ON",
        "off",
        "Off",
        "OFF",
    ]
)
_OTHER = frozenset(
    [
        "",
        "~",
        "null",
        "Null",
        "NULL",
        ".nan",
        ".NaN",
        ".NAN",
        ".inf",
        ".Inf",
        ".INF",
        "+.inf",
        "+.Inf",
        "+.INF",
        "-.inf",
        "-.Inf",
        "-.INF",
    ]
)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]*|0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0b[01_]+)")
_FLOAT = re.compile(r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+\.")
_BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_TIME = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?"
)
_SPECIAL = re.compile(r"[^\n\x20-\x7e\x85\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_SIMPLE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
WIDTH = 80
_ESCAPES = {"\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r"}
_ESCAPES |= {
    "\x1b": "\\e",
    '"': '\\"',
    "\\": "\\\\",
    "\x85": "\\N",
    "\u2028": "\\L",
    "\u2029": "\\P",
    "\ufeff": "\\uFEFF",
}


def to_yaml(value: Any) -> str:
    """Return the YAML document of a JSON value, with its final newline."""
    lines: list[str] = []
    if isinstance(value, dict) and value:
        _mapping(value, 0, lines, "")
    elif isinstance(value, list) and value:
        _sequence(value, 0, lines)
    else:
        lines.append(_scalar(value, 0))
    return "\n".join(lines) + "\n"


def to_json(value: Any, *, indent: int | None = 4) -> str:
    """Return JSON as Go encodes it: sorted keys, <, > and & escaped; no final newline."""
    separators = (",", ": ") if indent else (",", ":")
    text = json.dumps(value, indent=indent, sort_keys=True, ensure_ascii=False, separators=separators)
    return escaped_html(text)


def escaped_html(text: str) -> str:
    """Escape what Go's JSON encoder escapes inside strings."""
    for char, code in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(char, code)
    return text


def _mapping(value: dict[str, Any], indent: int, lines: list[str], first: str) -> None:
    prefix = " " * indent
    for at, key in enumerate(sorted(value, key=_natural)):
        start = first if at == 0 and first else prefix
        head = start + _scalar(key, indent, simple=True) + ":"
        item = value[key]
        if isinstance(item, dict) and item:
            lines.append(head)
            _mapping(item, indent + 2, lines, "")
        elif isinstance(item, list) and item:
            lines.append(head)
            _sequence(item, indent, lines)
        else:
            lines.append(f"{head} {_scalar(item, indent + 2, column=len(head) + 1)}")


def _sequence(value: list[Any], indent: int, lines: list[str], first: str = "") -> None:
    prefix = " " * indent + "- "
    for at, item in enumerate(value):
        start = first + "- " if at == 0 and first else prefix
        if isinstance(item, dict) and item:
            _mapping(item, indent + 2, lines, start)
        elif isinstance(item, list) and item:
            _sequence(item, indent + 2, lines, start)
        else:
            lines.append(start + _scalar(item, indent + 2, column=len(start)))


def _natural(key: str) -> list[tuple[int, Any, str]]:
    """Sort keys as go-yaml does: runs of digits by their number, letters after other characters."""
    parts: list[tuple[int, Any, str]] = []
    for digits, char in re.findall(r"(\d+)|(\D)", key):
        if digits:
            parts.append((1, int(digits), digits))
        else:
            parts.append((2 if char.isalpha() else 0, 0, char))
    return parts


def _scalar(value: Any, indent: int, *, simple: bool = False, column: int = 0) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:g}"
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[]"
    text = _string(value, indent, simple=simple)
    if simple or column + len(text) <= WIDTH or text.startswith("|"):
        return text
    return _folded(text, indent, column)


def _string(text: str, indent: int, *, simple: bool) -> str:
    if _SIMPLE.fullmatch(text) and text not in _BOOLEANS and text not in _OTHER:
        return text
    if looks_typed(text):
        return double_quoted(text)
    special = bool(_SPECIAL.search(text)) or " \n" in text
    if "\n" in text:
        if simple or special or text.endswith(" "):
            return double_quoted(text)
        return _literal(text, indent)
    if special:
        return double_quoted(text)
    return text if _plain_allowed(text) else "'" + text.replace("'", "''") + "'"


def _folded(text: str, indent: int, column: int) -> str:
    """Break a scalar at the first single space after each 80th column, as libyaml's emitter does."""
    out: list[str] = []
    double, quoted = text[0] == '"', text[0] in "'\""
    last = len(text) - (2 if quoted else 1)
    for at, char in enumerate(text):
        inner = not quoted or 1 < at < last
        single = char == " " and inner and text[at - 1 : at] != " "
        if single and column > WIDTH and (double or text[at + 1 : at + 2] != " "):
            pad = " " * indent
            out.append(f"\n{pad}" + ("\\" if double and text[at + 1] == " " else ""))
            column = indent
            continue
        out.append(char)
        column += 1
    return "".join(out)


def looks_typed(text: str) -> bool:
    """Whether a plain scalar of this text would be read as something else than text."""
    if text in _BOOLEANS or text in _OTHER:
        return True
    if text[0] not in "+-.0123456789":
        return False
    if _BASE60.fullmatch(text) or _TIME.fullmatch(text):
        return True
    bare = text.replace("_", "")
    return bool(_INTEGER.fullmatch(text) or _FLOAT.fullmatch(bare))


def _plain_allowed(text: str) -> bool:
    if text.startswith(("---", "...")) or text[0] in " #,[]{}&*!|>'\"%@`" or text.endswith(" "):
        return False
    if text[0] in "-?:" and (len(text) == 1 or text[1] == " "):
        return False
    return not (": " in text or text.endswith(":") or " #" in text)


def double_quoted(text: str) -> str:
    """Return the text as a double-quoted scalar."""
    out = []
    for char in text:
        if char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif _SPECIAL.match(char):
            code = ord(char)
            out.append(f"\\x{code:02X}" if code < 256 else f"\\u{code:04X}" if code < 65536 else f"\\U{code:08X}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


def _literal(text: str, indent: int) -> str:
    body = text.rstrip("\n")
    trailing = len(text) - len(body)
    hint = "2" if text[0] in " \n" else ""
    chomp = {0: "-", 1: ""}.get(trailing, "+")
    if not body:
        chomp = "+" if trailing else "-"
    lines = [" " * indent + line if line else "" for line in body.split("\n")]
    lines += [""] * (trailing - 1)
    return "\n".join([f"|{hint}{chomp}", *lines])
