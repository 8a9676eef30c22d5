"""Bash's brace expansion: ``a{b,c}d``, ``{1..5}``, ``{01..10..3}``, ``{a..e}``; before all other expansions."""

import itertools
import re

from k8s_tutor.sim.runtime.shell.syntax import Literal, Part, Word

MOST = 100_000
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?|([A-Za-z])\.\.([A-Za-z])(?:\.\.(-?\d+))?")

Item = str | Part
Items = list[Item]


class TooManyWordsError(Exception):
    """More words than memory would hold."""


def expanded(word: Word) -> list[Word]:
    """Return the words that a word becomes."""
    if not any(isinstance(part, Literal) and not part.quoted and "{" in part.text for part in word.parts):
        return [word]
    items: Items = []
    for part in word.parts:
        items.extend(part.text if isinstance(part, Literal) and not part.quoted else [part])
    return [_word(each) for each in _expand(items)]


def _word(items: Items) -> Word:
    parts: list[Part] = []
    for item in items:
        if not isinstance(item, str):
            parts.append(item)
        elif parts and isinstance(parts[-1], Literal) and not parts[-1].quoted:
            parts[-1].text += item
        else:
            parts.append(Literal(item))
    return Word(parts)


def _expand(items: Items) -> list[Items]:
    for start, item in enumerate(items):
        if item != "{":
            continue
        end, commas = _closing(items, start)
        if end < 0:
            continue
        choices = _choices(items, start, end, commas)
        if choices is None:
            continue
        rest = _expand(items[end + 1 :])
        if len(choices) * len(rest) > MOST:
            raise TooManyWordsError
        return [items[:start] + choice + tail for choice in choices for tail in rest]
    return [items]


def _choices(items: Items, start: int, end: int, commas: list[int]) -> list[Items] | None:
    """Return what stands in braces, each on its own; None if these braces mean themselves."""
    if commas:
        borders = [start, *commas, end]
        pieces = [items[a + 1 : b] for a, b in itertools.pairwise(borders)]
        return [found for piece in pieces for found in _expand(piece)]
    inner = items[start + 1 : end]
    if not all(isinstance(item, str) for item in inner):
        return None
    match = _RANGE.fullmatch("".join(map(str, inner)))
    return None if match is None else [list(text) for text in _range(match)]


def _range(match: re.Match[str]) -> list[str]:
    if match[4]:
        first, last, step, width = ord(match[4]), ord(match[5]), match[6], 0
    else:
        first, last, step = int(match[1]), int(match[2]), match[3]
        padded = any(re.match(r"-?0\d", text) for text in (match[1], match[2]))
        width = max(len(match[1]), len(match[2])) if padded else 0
    stride = abs(int(step or 1)) or 1
    if abs(last - first) // stride > MOST:
        raise TooManyWordsError
    numbers = range(first, last + 1, stride) if first <= last else range(first, last - 1, -stride)
    return [chr(number) if match[4] else f"{number:0{width}d}" for number in numbers]


def _closing(items: Items, start: int) -> tuple[int, list[int]]:
    """Return where the braces that open here are closed (-1: nowhere), and their own commas."""
    depth = 0
    commas: list[int] = []
    for index in range(start, len(items)):
        item = items[index]
        if item == "{":
            depth += 1
        elif item == "}":
            depth -= 1
            if depth == 0:
                return index, commas
        elif item == "," and depth == 1:
            commas.append(index)
    return -1, commas
