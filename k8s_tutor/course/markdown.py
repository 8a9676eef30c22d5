"""A lesson's prose cut into screens.

A screen begins at a heading of the second level and at a line of three dashes; neither counts inside a fenced block.
A heading's braces carry ``#anchor``, ``exercise=<id>`` and ``optional``; screens that a ``---`` begins are called after
the section they belong to: ``anchor-2``, ``anchor-3``. Text before the first heading is a screen called ``start``.
"""

import re
from dataclasses import dataclass, field

from k8s_tutor.course.model import Screen

WIDTH, HEIGHT = 80, 18
_HEADING = re.compile(r"^##\s+(?P<title>.*?)\s*(?:\{(?P<attributes>[^{}]*)\})?\s*$")
_TOP = re.compile(r"^#\s")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_RULE = re.compile(r"^-{3,}\s*$")
_UNSAFE = re.compile(r"[^a-z0-9]+")


@dataclass
class _Draft:
    section: str
    title: str
    number: int = 1
    exercise: str = ""
    optional: bool = False
    line: int = 1
    lines: list[str] = field(default_factory=list)

    def screen(self) -> Screen:
        anchor = self.section if self.number == 1 else f"{self.section}-{self.number}"
        return Screen(anchor, self.title, "\n".join(self.lines).strip("\n"), self.exercise, self.optional, self.line)


def screens(text: str) -> tuple[Screen, ...]:
    """Cut a lesson's Markdown into screens."""
    drafts: list[_Draft] = []
    draft = _Draft("start", "")
    fence = ""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if found := _FENCE.match(line):
            if not fence:
                fence = found[1]
            elif found[1][0] == fence[0] and len(found[1]) >= len(fence) and not line.strip().strip(fence[0]):
                fence = ""
            draft.lines.append(line)
        elif not fence and (heading := _HEADING.match(line)):
            drafts.append(draft)
            draft = _opened(heading, number)
        elif not fence and _RULE.match(line) and not _underlines(draft.lines):
            drafts.append(draft)
            draft = _Draft(draft.section, draft.title, draft.number + 1, optional=draft.optional, line=number)
        elif not (_TOP.match(line) and not fence and not drafts and not any(draft.lines)):
            draft.lines.append(line)
    return tuple(made.screen() for made in [*drafts, draft] if any(map(str.strip, made.lines)) or made.exercise)


def height(markdown: str, width: int = WIDTH) -> int:
    """Estimate how many rows a screen takes: paragraphs wrap, blank lines count once, fences take two rows less."""
    rows, in_fence, paragraph = 0, False, 0
    for line in [*markdown.splitlines(), ""]:
        if _FENCE.match(line):
            in_fence = not in_fence
            continue
        if in_fence:
            rows += 1
            continue
        if line.strip() and not re.match(r"^\s*([-*+]|\d+\.|\||>)\s", line):
            paragraph += len(line) + 1
            continue
        rows += -(-paragraph // width)
        paragraph = 0
        rows += max(1, -(-len(line) // width))
    return rows - 1


def _opened(heading: "re.Match[str]", line: int) -> _Draft:
    title = heading["title"]
    anchor = _UNSAFE.sub("-", title.lower()).strip("-") or f"line-{line}"
    draft = _Draft(anchor, title, line=line)
    for word in (heading["attributes"] or "").split():
        if word.startswith("#"):
            draft.section = word[1:]
        elif word.startswith("exercise="):
            draft.exercise = word.removeprefix("exercise=")
        elif word == "optional":
            draft.optional = True
    return draft


def _underlines(lines: list[str]) -> bool:
    """A rule right under a line of text would be a heading in Markdown: authors mean a screen only after a blank line."""
    return bool(lines) and bool(lines[-1].strip())
