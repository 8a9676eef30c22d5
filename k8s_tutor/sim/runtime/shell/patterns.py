"""Shell patterns: ``*``, ``?``, ``[…]``, bash's ``@(a|b)`` and its like; a backslash takes a character's meaning."""

import functools
import re

from k8s_tutor.apimachinery.backtracking import limited

MATCHING_COST = 2e-8  # seconds for each character that is matched
MAGIC = ("*", "?", "[", "+(", "@(", "!(")
GROUPS = {"@": "", "?": "?", "*": "*", "+": "+", "!": ""}
CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": " \\t\\n\\r\\f\\v",
    "blank": " \\t", "punct": "!-/:-@\\[-`{-~", "xdigit": "0-9a-fA-F", "cntrl": "\\x00-\\x1f\\x7f", "print": " -~",
    "graph": "!-~",
}  # fmt: skip


def escape(text: str) -> str:
    """Return a pattern that matches just this text."""
    return re.sub(r"([\\*?\[\]()|])", r"\\\1", text)


def has_magic(pattern: str) -> bool:
    """Tell whether the pattern may match other texts than itself."""
    return re.search(r"(?<!\\)(\\\\)*([*?\[]|[+@!]\()", pattern) is not None


def may_match(text: str) -> bool:
    """Tell, cheaply, whether unquoted text may be a pattern of files' names."""
    return any(mark in text for mark in MAGIC)


def unescape(pattern: str) -> str:
    """Return the text that a pattern without magic matches."""
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL)


@functools.lru_cache(maxsize=512)
def translate(pattern: str, *, greedy: bool = True) -> str:
    """Return a regular expression (not anchored)."""
    found: list[str] = []
    at = 0
    star = ".*" if greedy else ".*?"
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character in GROUPS and pattern[at : at + 1] == "(" and (end := _closing(pattern, at)):
            inner = "|".join(translate(choice, greedy=greedy) for choice in _choices(pattern[at + 1 : end]))
            rest = translate(pattern[end + 1 :], greedy=greedy)
            negated = f"(?!(?:{inner}){rest}\\Z){star}"
            return "".join(found) + (negated if character == "!" else f"(?:{inner}){GROUPS[character]}") + rest
        if character == "*":
            found.append(star)
        elif character == "?":
            found.append(".")
        elif character == "\\" and at < len(pattern):
            found.append(re.escape(pattern[at]))
            at += 1
        elif character == "[":
            text, at = _bracket(pattern, at)
            found.append(text)
        else:
            found.append(re.escape(character))
    return "".join(found)


def _closing(pattern: str, at: int) -> int:
    """Return where the parenthesis at ``at`` is closed; 0 if it is not."""
    depth = 0
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
        elif pattern[at] in "()":
            depth += 1 if pattern[at] == "(" else -1
            if not depth:
                return at
        at += 1
    return 0


def _choices(text: str) -> list[str]:
    """Return the alternatives between the bars of a group (not those of groups inside it)."""
    found, depth, begin, at = [], 0, 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] in "()":
            depth += 1 if text[at] == "(" else -1
        elif text[at] == "|" and not depth:
            found.append(text[begin:at])
            begin = at + 1
        at += 1
    return [*found, text[begin:]]


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    end = at
    if pattern[end : end + 1] in {"!", "^"}:
        end += 1
    if pattern[end : end + 1] == "]":
        end += 1
    while end < len(pattern) and pattern[end] != "]":
        if pattern.startswith("[:", end):
            close = pattern.find(":]", end)
            end = close + 2 if close > 0 else end + 1
        else:
            end += 2 if pattern[end] == "\\" else 1
    if end >= len(pattern):
        return re.escape("["), at
    body = pattern[at:end]
    negated = body[:1] in {"!", "^"}
    body = body[1:] if negated else body
    for name, text in CLASSES.items():
        body = body.replace(f"[:{name}:]", f"\0{text}\0")
    pieces = body.split("\0")
    inner = "".join(
        piece if index % 2 else re.sub(r"([\[\]&~|^])", r"\\\1", piece.replace("\\", ""))
        for index, piece in enumerate(pieces)
    )
    return f"[{'^' if negated else ''}{inner}]", end + 1


@functools.lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return what matches a whole text."""
    return re.compile(translate(pattern) + r"\Z", re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Tell whether the pattern matches the whole text."""
    try:
        with limited(pattern, text):
            return compiled(pattern).match(text) is not None
    except re.error:
        return pattern == text


def trimmed(text: str, operator: str, pattern: str) -> str:
    """Return the text without what the pattern matches at its beginning (``#``, ``##``) or end (``%``, ``%%``)."""
    greedy = operator in {"##", "%"}  # the shortest end comes after the longest beginning
    star = translate(pattern, greedy=operator == "##")
    expression = star if operator[0] == "#" else f"(.*{'' if greedy else '?'}){translate(pattern)}\\Z"
    with limited(f"*{pattern}", text):
        try:
            match = re.compile(expression, re.DOTALL).match(text)
        except re.error:
            return text
    if match is None:
        return text
    return text[match.end() :] if operator[0] == "#" else match[1]
