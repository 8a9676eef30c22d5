"""Check results as lines of text, for ``check``, ``status`` and the plain mode."""

from collections.abc import Iterable, Iterator
from typing import Any

from k8s_tutor.checks.result import State
from k8s_tutor.cli.words import say
from k8s_tutor.session import CheckState
from k8s_tutor.session.evidence import phrase, place


def lines(checks: Iterable[CheckState], language: str) -> Iterator[str]:
    """Yield all checks, then each failing one in layers: message, difference, cause, next command, where to read."""
    checks = tuple(checks)
    for check in checks:
        yield f"{say(language, check.state.value):<10} {check.check.title.get(language)}"
    for check in checks:
        if check.state not in (State.PASSED, State.BLOCKED, State.PENDING):
            yield ""
            yield from explained(check, language)


def explained(check: CheckState, language: str) -> Iterator[str]:
    """Yield one failing check's layers."""
    result = check.result
    yield f"{check.check.title.get(language)}: {check.check.message.get(language)}"
    for difference in result.differences:
        where = f"{place(difference.path, language)}: " if difference.path else ""
        expected, there = phrase(difference.expected, language), phrase(difference.found, language)
        yield f"    {where}{say(language, 'expected')} {expected}, {say(language, 'found')} {there}"
    for cause in result.causes:
        yield f"    {say(language, 'because')}: {cause}"
    if result.detail and result.state is State.ERROR:
        yield f"    {result.detail}"
    if result.next:
        yield f"    {say(language, 'next-command')}: {result.next}"
    if result.learn:
        lesson, _, anchor = result.learn.partition("#")
        yield f"    {say(language, 'read')}: k8s-tutor {lesson}  (#{anchor})"


def as_json(check: CheckState) -> dict[str, Any]:
    """Return a check for programs."""
    result = check.result
    return {
        "id": check.id,
        "state": result.state.value,
        "about": result.about,
        "differences": [{"path": d.path, "expected": d.expected, "found": d.found} for d in result.differences],
        "causes": list(result.causes),
        "next": result.next,
        "learn": result.learn,
        "detail": result.detail,
    }
