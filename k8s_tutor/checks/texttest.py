"""Tests on text (output, logs, headers, bodies): contains, equals, matches, their opposites, and JSON by pattern."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from k8s_tutor.checks import pattern
from k8s_tutor.checks.result import Difference

_ONE: Final = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {
        "equals": {"type": "string"},
        "contains": {"type": "string"},
        "not_contains": {"type": "string"},
        "matches": {"type": "string"},
        "not_matches": {"type": "string"},
        "json": {},
    },
}
SCHEMA: Final[Mapping[str, Any]] = {
    "oneOf": [{"type": "string"}, _ONE, {"type": "array", "items": {"oneOf": [{"type": "string"}, _ONE]}}]
}


def differences(test: Any, text: str, path: str) -> list[Difference]:
    """Return what the text lacks; nothing if it passes. ``None`` tests nothing."""
    if test is None:
        return []
    if isinstance(test, str):
        test = {"contains": test}
    if isinstance(test, list):
        return [found for one in test for found in differences(one, text, path)]
    return [found for name, wanted in test.items() for found in _judged(name, wanted, text, path)]


def mistakes_in(test: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield broken regular expressions and patterns of a test."""
    if isinstance(test, list):
        for index, one in enumerate(test):
            yield from mistakes_in(one, (*path, index))
    if not isinstance(test, Mapping):
        return
    for name in ("matches", "not_matches"):
        if name in test:
            try:
                re.compile(test[name])
            except re.error as error:
                yield (*path, name), f"no regular expression: {error}"
    if "json" in test:
        yield from pattern.mistakes_in(test["json"], (*path, "json"))


def _judged(name: str, wanted: Any, text: str, path: str) -> list[Difference]:
    found = _excerpt(text)
    match name:
        case "equals":
            return [] if text.strip() == wanted.strip() else [Difference(path, f"exactly {wanted.strip()!r}", found)]
        case "contains":
            return [] if wanted in text else [Difference(path, f"text with {wanted!r}", found)]
        case "not_contains":
            return [Difference(path, f"no {wanted!r} in it", found)] if wanted in text else []
        case "matches":
            return [] if re.search(wanted, text, re.MULTILINE) else [Difference(path, f"text like /{wanted}/", found)]
        case "not_matches":
            hit = re.search(wanted, text, re.MULTILINE)
            return [Difference(path, f"no text like /{wanted}/", _excerpt(hit[0]))] if hit else []
        case _:
            try:
                value = orjson.loads(text)
            except ValueError:
                return [Difference(path, "JSON", found)]
            return pattern.differences(wanted, value, None, path)


def _excerpt(text: str) -> str:
    """The end of a text: what was printed last explains most."""
    text = text.strip()
    if not text:
        return "nothing"
    tail = "\n".join(text.splitlines()[-3:])
    return tail if len(tail) <= 200 else f"…{tail[-199:]}"
