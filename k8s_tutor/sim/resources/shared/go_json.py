"""What Go's ``encoding/json`` says of text that is no JSON object."""

import json


def _char(code: int) -> str:
    text = chr(code)
    if text == "'":
        return r"'\''"
    return f"'{text}'" if text.isprintable() else f"'\\x{code:02x}'"


_KINDS = {str: "string", bool: "bool", int: "number", float: "number", list: "array"}


def object_problem(text: bytes) -> str:
    """Return what is wrong with text that should be a JSON object, or ""."""
    stripped = text.strip(b" \t\r\n")
    if not stripped:
        return "unexpected end of JSON input"
    try:
        value = json.loads(stripped)
    except (ValueError, UnicodeDecodeError) as error:
        return _syntax(text, error)
    if value is None or isinstance(value, dict):
        return ""
    return f"json: cannot unmarshal {_KINDS[type(value)]} into Go value of type map[string]interface {{}}"


def _syntax(text: bytes, error: ValueError) -> str:
    position = getattr(error, "pos", 0)
    if not isinstance(error, json.JSONDecodeError):
        return f"invalid character {_char(text[0])} looking for beginning of value"
    if position >= len(text.rstrip()):
        return "unexpected end of JSON input"
    found = _char(text[position])
    if error.msg.startswith("Extra data"):
        return f"invalid character {found} after top-level value"
    if error.msg.startswith("Expecting property name"):
        return f"invalid character {found} looking for beginning of object key string"
    if error.msg.startswith("Expecting ':'"):
        return f"invalid character {found} after object key"
    if error.msg.startswith("Expecting ','"):
        return f"invalid character {found} after object key:value pair"
    for word in ("true", "false", "null"):
        rest = text[position:].decode("latin-1")
        if rest[:1] == word[:1]:
            same = next((n for n in range(len(word)) if rest[n : n + 1] != word[n]), len(word))
            if same < len(word) and len(rest) > same:
                shown = _char(ord(rest[same]))
                return f"invalid character {shown} in literal {word} (expecting {_char(ord(word[same]))})"
    return f"invalid character {found} looking for beginning of value"
