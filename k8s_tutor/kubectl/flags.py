"""The command line's grammar: flags as pflag reads them, with its very words when something is wrong.

``--name value``, ``--name=value``, ``-n value``, ``-nvalue``, ``-it``; flags and arguments may mix; ``--`` ends flags.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from k8s_tutor.kubectl.text import parse_duration, quoted


class FlagError(Exception):
    """The flags cannot be read."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of a verb.

    Args:
        name: long name, without dashes.
        kind: string, bool, int, int32, duration, list (comma-separated, may repeat) or array (may repeat).
        short: one letter, or empty.
        default: value if not given.
        alone: value if given without one (``--dry-run``); only for kinds but bool.
        help: one line.
        deprecated: what to tell who still gives it; such a flag is not in the help.
    """

    name: str
    kind: str = "string"
    short: str = ""
    default: Any = None
    alone: str | None = None
    help: str = ""
    deprecated: str = ""

    @property
    def takes_value(self) -> bool:
        """Whether the next word may be its value."""
        return self.kind != "bool" and self.alone is None

    def initial(self) -> Any:
        """The value before any word is read."""
        if self.default is not None:
            return self.default
        return {"string": "", "bool": False, "int": 0, "int32": 0, "duration": 0.0}.get(self.kind, [])

    def read(self, text: str, before: Any) -> Any:
        """Turn the word into a value.

        Raises:
            ValueError: with Go's words.
        """
        if self.kind == "bool":
            return _boolean(text)
        if self.kind in {"int", "int32"}:
            return _integer(text, bits=32 if self.kind == "int32" else 64)
        if self.kind == "duration":
            return parse_duration(text)
        if self.kind == "list":
            return [*(before or []), *(_csv(text) if text else [])]
        return [*(before or []), text] if self.kind == "array" else text


@dataclass(slots=True)
class Parsed:
    """The words of a call, sorted out; ``given``: the flags in the order of the words, with their text."""

    values: dict[str, Any]
    arguments: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    given: list[tuple[Flag, str]] = field(default_factory=list)
    dash_at: int = -1

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a flag that this verb may not have."""
        return self.values.get(name, default)


def parse(words: Sequence[str], flags: Iterable[Flag]) -> Parsed:
    """Sort the words of a call into flags and arguments.

    Raises:
        FlagError: unknown flag, missing or wrong value.
    """
    by_name: dict[str, Flag] = {}
    for flag in flags:
        by_name.setdefault(flag.name, flag)
    by_short = {flag.short: flag for flag in by_name.values() if flag.short}
    parsed = Parsed({flag.name: flag.initial() for flag in by_name.values()})
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            parsed.dash_at = len(parsed.arguments)
            parsed.arguments += rest
            break
        if word.startswith("--"):
            _long(word, rest, by_name, parsed)
        elif word.startswith("-") and len(word) > 1:
            _shorts(word, rest, by_short, parsed)
        else:
            parsed.arguments.append(word)
    return parsed


def preset(parsed: Parsed, flags: Iterable[Flag], name: str, text: str) -> bool:
    """Give a flag a value unless the words do; False if there is no such flag.

    Raises:
        FlagError: it cannot have this value.
    """
    flag = next((one for one in flags if one.name == name), None)
    if flag is not None and name not in parsed.changed:
        _set(parsed, flag, text, f"--{name}")
    return flag is not None


def _long(word: str, rest: list[str], by_name: dict[str, Flag], parsed: Parsed) -> None:
    name, equals, text = word[2:].partition("=")
    if not name or name.startswith(("-", "=")):
        raise FlagError(f"bad flag syntax: {word}")
    flag = by_name.get(name)
    if flag is None:
        raise FlagError("help") if name == "help" else FlagError(f"unknown flag: --{name}")
    if equals:
        _set(parsed, flag, text, f"--{name}")
    elif flag.kind == "bool":
        _set(parsed, flag, "true", f"--{name}")
    elif flag.alone is not None:
        _set(parsed, flag, flag.alone, f"--{name}")
    elif rest:
        _set(parsed, flag, rest.pop(0), f"--{name}")
    else:
        raise FlagError(f"flag needs an argument: --{name}")


def _shorts(word: str, rest: list[str], by_short: dict[str, Flag], parsed: Parsed) -> None:
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        flag = by_short.get(letter)
        if flag is None:
            raise FlagError("help") if letter == "h" else FlagError(f"unknown shorthand flag: {letter!r} in {word}")
        if letters.startswith("="):
            _set(parsed, flag, letters[1:], _both(flag))
            return
        if flag.kind == "bool":
            _set(parsed, flag, "true", _both(flag))
        elif flag.alone is not None:
            _set(parsed, flag, flag.alone, _both(flag))
        elif letters:
            _set(parsed, flag, letters, _both(flag))
            return
        elif rest:
            _set(parsed, flag, rest.pop(0), _both(flag))
        else:
            raise FlagError(f"flag needs an argument: {letter!r} in {word}")


def _both(flag: Flag) -> str:
    return f"-{flag.short}, --{flag.name}"


def _set(parsed: Parsed, flag: Flag, text: str, shown: str) -> None:
    before = parsed.values[flag.name] if flag.name in parsed.changed else None
    try:
        parsed.values[flag.name] = flag.read(text, before)
    except ValueError as error:
        shown = _both(flag) if flag.short else shown
        raise FlagError(f"invalid argument {quoted(text)} for {quoted(shown)} flag: {error}") from None
    parsed.changed.add(flag.name)
    parsed.given.append((flag, text))


def _boolean(text: str) -> bool:
    if text in {"1", "t", "T", "true", "TRUE", "True"}:
        return True
    if text in {"0", "f", "F", "false", "FALSE", "False"}:
        return False
    raise ValueError(f"strconv.ParseBool: parsing {quoted(text)}: invalid syntax")


def _integer(text: str, bits: int) -> int:
    try:
        value = int(text, 0) if text.lower().startswith(("0x", "0o", "0b")) else int(text)
    except ValueError:
        raise ValueError(f"strconv.ParseInt: parsing {quoted(text)}: invalid syntax") from None
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise ValueError(f"strconv.ParseInt: parsing {quoted(text)}: value out of range")
    return value


def _csv(text: str) -> list[str]:
    """Split by commas; a part in double quotes may hold them (one line of CSV)."""
    if '"' not in text:
        return text.split(",")
    import csv

    return next(csv.reader([text]))
