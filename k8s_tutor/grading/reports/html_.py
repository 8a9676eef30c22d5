"""One HTML page for the class: distribution, a table, and each submission's feedback below."""

from collections import Counter
from html import escape
from typing import ClassVar

from k8s_tutor.grading.report import Report
from k8s_tutor.grading.result import ClassResult, SubmissionResult, TaskResult

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}"
    "table{border-collapse:collapse}td,th{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:left}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}.bar{display:inline-block;background:#326ce5;height:.8em}"
    "details{margin:.3rem 0}pre{white-space:pre-wrap;background:#f5f6f8;padding:.4rem}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#16181d}td,th{border-color:#333}pre{background:#22252c}}"
)
SIGNS = {"passed": "✓", "partial": "◐", "failed": "✗", "missing": "∅", "review": "?", "error": "!"}


class HtmlReport(Report):
    """See the module; self-contained, no scripts, everything of a student's is escaped."""

    name: ClassVar[str] = "html"
    suffix: ClassVar[str] = ".html"

    def render(self, graded: ClassResult) -> str:
        title = escape(graded.title)
        body = [
            f"<h1>{title}</h1>",
            f"<p>{len(graded.submissions)} submissions, {graded.max_points:g} points.</p>",
            _distribution(graded),
            _table(graded),
            "<h2>Feedback</h2>",
            *(_feedback(submission) for submission in graded.submissions),
        ]
        head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _distribution(graded: ClassResult) -> str:
    """Ten classes of points, as bars."""
    total = graded.max_points or 1
    counts = Counter(min(9, int(10 * submission.points / total)) for submission in graded.submissions)
    rows = [
        f"<tr><td>{low * 10}–{low * 10 + 10} %</td><td class=n>{counts[low]}</td>"
        f'<td><span class="bar" style="width:{counts[low] * 12}px"></span></td></tr>'
        for low in reversed(range(10))
    ]
    return f"<h2>Distribution</h2><table>{''.join(rows)}</table>"


def _table(graded: ClassResult) -> str:
    tasks = graded.submissions[0].tasks if graded.submissions else ()
    head = "".join(f"<th>{escape(task.title)}</th>" for task in tasks)
    rows = "".join(
        f'<tr><td><a href="#{escape(s.id, quote=True)}">{escape(s.id)}</a></td>'
        + "".join(f"<td class=n>{SIGNS.get(t.state, '')} {t.points:g}</td>" for t in s.tasks)
        + f"<td class=n><b>{s.points:g}</b></td></tr>"
        for s in graded.submissions
    )
    return f"<h2>Marks</h2><table><tr><th>Submission</th>{head}<th>Points</th></tr>{rows}</table>"


def _feedback(submission: SubmissionResult) -> str:
    notes = "".join(f"<pre>{escape(note)}</pre>" for note in submission.notes)
    tasks = "".join(_task(task) for task in submission.tasks)
    name = escape(submission.id, quote=True)
    return (
        f'<details id="{name}"><summary>{name}: {submission.points:g} of {submission.max_points:g}</summary>'
        f"{notes}{tasks}</details>"
    )


def _task(task: TaskResult) -> str:
    files = f" ({escape(', '.join(task.files))})" if task.files else ""
    notes = "".join(f"<pre>{escape(note)}</pre>" for note in task.notes)
    checks = "".join(
        f"<li>{SIGNS.get(c.state, '·')} {escape(c.title)} ({c.points:g}/{c.max_points:g})"
        + "".join(f"<br>{escape(text)}" for text in (c.message, *c.differences, *c.causes) if text)
        + "</li>"
        for c in task.checks
    )
    head = (
        f"{SIGNS.get(task.state, '')} {escape(task.title)}: {task.points:g} of {task.max_points:g}, {task.state}{files}"
    )
    return f"<h4>{head}</h4>{notes}<ul>{checks}</ul>"
