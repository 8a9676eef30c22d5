"""JSON values as Go's ``fmt`` prints them: ``%v``, ``%#v`` and ``%T`` of what ``encoding/json`` decodes.

Error texts of patches and of server-side apply quote values so.
"""

import json
from typing import Any

_MAP, _LIST = "map[string]interface {}", "[]interface {}"


def go_print(value: Any) -> str:
    """Return a value as ``%v`` prints it."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go_print(item)}' for key, item in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(go_print, value))}]"
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


def go_syntax(value: Any) -> str:
    """Return a value as ``%#v`` prints it."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_quoted(key)}:{go_syntax(item)}" for key, item in sorted(value.items()))
        return f"{_MAP}{{{inner}}}"
    if isinstance(value, list):
        return f"{_LIST}{{{', '.join(map(go_syntax, value))}}}"
    if value is None:
        return "interface {}(nil)"
    return _quoted(value) if isinstance(value, str) else go_print(value)


def go_kind(value: Any) -> str:
    """Return the type of a value as ``%T`` prints it."""
    if isinstance(value, dict):
        return _MAP
    if isinstance(value, list):
        return _LIST
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int64"
    return "string" if isinstance(value, str) else "float64" if isinstance(value, float) else "<nil>"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
