"""The task as text: goal, live check marks, and under the first failing check why it fails and what to type next.

All of that stands above the fold of a small terminal; the longer text of the task and hints come below.
"""

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text

from k8s_tutor.checks.kind import build
from k8s_tutor.checks.result import State
from k8s_tutor.session import CheckState
from k8s_tutor.session.evidence import phrase, place

SIGNS = {
    State.PASSED: ("✓", "bold green"),
    State.FAILED: ("✗", "bold red"),
    State.BLOCKED: ("·", "dim"),
    State.UNGRADABLE: ("?", "yellow"),
    State.ERROR: ("!", "magenta"),
    State.PENDING: ("…", "yellow"),
}


def task_text(
    title: str,
    goal: str,
    task: str,
    checks: Sequence[CheckState],
    say: Callable[[str], str],
    language: str,
    *,
    started: bool,
    starting: bool = False,
    extra: Sequence[str] = (),
) -> Text:
    """Return the pane's whole text.

    Args:
        title: of the exercise; empty where the screen has none.
        goal: in one sentence.
        task: more of it, or empty.
        checks: with their last verdicts.
        say: the app's words by key.
        language: of titles and messages.
        started: the starting state stands.
        starting: it is being made.
        extra: hints, solutions, congratulations: paragraphs at the end.
    """
    if not title:
        return Text(say("no-exercise"), "dim")
    out = Text.assemble((title, "bold"), "\n", goal, "\n\n")
    if not started:
        out.append(say("starting" if starting else "not-started") + "\n", "bold yellow")
    explained = False
    for check in checks:
        sign, style = SIGNS[check.state if started else State.BLOCKED]
        out.append(f" {sign} ", style)
        out.append(check.check.title.get(language))
        out.append(f"  ({say(check.state.value)})\n" if started and check.state is not State.PASSED else "\n", "dim")
        if check.check.kind == "answer" and check.state is not State.PASSED:
            out.append_text(question(check, language))
        if started and check.state in (State.FAILED, State.UNGRADABLE, State.ERROR):
            out.append_text(explanation(check, say, language, brief=explained))
            explained = True
    if task:
        out.append(f"\n{task.strip()}\n")
    for paragraph in extra:
        out.append("\n" + paragraph.rstrip() + "\n")
    return out


def question(check: CheckState, language: str) -> Text:
    """Return an answer check's question, its choices, and how to answer."""
    kind: Any = build(check.check)
    out = Text(f"   {kind.question.get(language)}\n")
    for identity, text in kind.choices:
        out.append(f"     {identity}: {text.get(language)}\n")
    out.append(f"   answer {check.id} …\n", "bold")
    return out


def explanation(check: CheckState, say: Callable[[str], str], language: str, *, brief: bool) -> Text:
    """Return why a check fails, in layers: message, first difference, cause, next command, where to read.

    ``brief`` gives the message alone: one thing at a time.
    """
    result = check.result
    out = Text(f"   {check.check.message.get(language)}\n")
    if brief:
        return out
    for difference in result.differences[:1]:
        if difference.path:
            expected, found = phrase(difference.expected, language), phrase(difference.found, language)
            out.append(f"   {place(difference.path, language)}: ", "cyan")
            out.append(f"{say('expected')} {expected}, {say('found')} {found}\n")
    for cause in result.causes[:1]:
        out.append(f"   {say('because')}: ", "yellow")
        out.append(f"{telling(cause)}\n")
    if result.state is State.ERROR and result.detail:
        out.append(f"   {result.detail}\n", "magenta")
    if result.next:
        out.append(f"   {say('next-command')}: ", "dim")
        out.append(f"{result.next}\n", "bold")
    if result.learn:
        out.append(f"   {say('read')}: {result.learn}\n", "dim")
    return out


def telling(cause: str, most: int = 140) -> str:
    """Return a cause cut to what tells most: errors that were wrapped again and again end with the first one."""
    cause = " ".join(cause.split())
    if len(cause) <= most:
        return cause
    head, _, rest = cause.partition(": ")
    end = cause[-(most - 40) :]
    end = end[end.find(" ") + 1 :]
    return f"{head[:36]}: … {end}" if rest else f"… {end}"
