"""``-o kyaml``: YAML in flow style with quoted strings and final commas (sigs.k8s.io/yaml, ``kyaml``)."""

import re
from typing import Any

from k8s_tutor.apimachinery.goyaml import double_quoted, looks_typed


def to_kyaml(value: Any) -> str:
    """Return the document, after its ``---`` line; keys stay in their order."""
    return "---\n" + _value(value, 0) + "\n"


def _value(value: Any, indent: int) -> str:
    pad, inner = " " * indent, " " * (indent + 2)
    if isinstance(value, dict) and value:
        lines = [f"{inner}{_key(key)}: {_value(value[key], indent + 2)},\n" for key in value]
        return "{\n" + "".join(lines) + pad + "}"
    if isinstance(value, list) and value:
        if all(isinstance(item, dict | list) and item for item in value):
            return "[" + ", ".join(_value(item, indent) for item in value) + "]"
        return "[\n" + "".join(f"{inner}{_value(item, indent + 2)},\n" for item in value) + pad + "]"
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    return _scalar(value, indent)


def _scalar(value: Any, indent: int) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if "\n" not in value:
        return double_quoted(value)
    # A space would be lost at the start of a folded line: it is escaped, one column before the others.
    lines = [double_quoted(part)[1:-1] for part in value.split("\n")]
    ended = lines and not lines[-1]
    pad = " " * (indent + 2)
    told = [f"{pad}\\{line}" if line.startswith(" ") else f"{pad} {line}" for line in lines]
    text = "\\n\\\n".join(told[:-1] if ended else told) + ("\\n" if ended else "")
    return f'"\\\n{text}\\\n{pad}"'


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_./-]*", key) and not looks_typed(key) else double_quoted(key)
