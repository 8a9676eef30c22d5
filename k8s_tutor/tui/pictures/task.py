"""The task as text: goal, live check marks, and below the failing checks why they fail and what to type next."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text

from k8s_tutor.checks.kind import build
from k8s_tutor.checks.result import State
from k8s_tutor.session import CheckState

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
        extra: hints, solutions, congratulations: paragraphs at the end.
    """
    if not title:
        return Text(say("no-exercise"), "dim")
    out = Text.assemble((title, "bold"), "\n", goal, "\n")
    if task:
        out.append(task.strip() + "\n")
    out.append("\n")
    if not started:
        out.append(say("not-started") + "\n", "bold yellow")
    for check in checks:
        sign, style = SIGNS[check.state if started else State.BLOCKED]
        out.append(f" {sign} ", style)
        out.append(check.check.title.get(language))
        out.append(f"  ({say(check.state.value)})\n" if started and check.state is not State.PASSED else "\n", "dim")
        if check.check.kind == "answer" and check.state is not State.PASSED:
            out.append_text(question(check, language))
    failing = [c for c in checks if c.state in (State.FAILED, State.UNGRADABLE, State.ERROR)] if started else []
    for check in failing:
        out.append("\n")
        out.append_text(explanation(check, say, language))
    for paragraph in extra:
        out.append("\n" + paragraph.rstrip() + "\n")
    return out


def question(check: CheckState, language: str) -> Text:
    """Return an answer check's question, its choices, and how to answer."""
    kind: Any = build(check.check)
    out = Text(f"   {kind.question.get(language)}\n")
    for choice in kind.choices:
        out.append(f"     {choice.id}: {choice.text.get(language)}\n")
    out.append(f"   answer {check.id} …\n", "bold")
    return out


def explanation(check: CheckState, say: Callable[[str], str], language: str) -> Text:
    """Return a failing check in layers: message, differences, cause, next command, where to read."""
    result = check.result
    out = Text.assemble((f"✗ {check.check.title.get(language)}\n", "bold"), f"  {check.check.message.get(language)}\n")
    for difference in result.differences[:4]:
        out.append(f"  {difference.path}: ", "cyan")
        out.append(f"{say('expected')} {difference.expected}, {say('found')} {difference.found}\n")
    for cause in result.causes[:2]:
        out.append(f"  {say('because')}: ", "yellow")
        out.append(f"{cause}\n")
    if result.state is State.ERROR and result.detail:
        out.append(f"  {result.detail}\n", "magenta")
    if result.next:
        out.append(f"  {say('next-command')}: ", "dim")
        out.append(f"{result.next}\n", "bold")
    if result.learn:
        out.append(f"  {say('read')}: {result.learn}\n", "dim")
    return out
