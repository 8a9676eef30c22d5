"""Runs workers side by side, one process a submission, each with a time and a memory limit."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k8s_tutor.course import Course, Exercise
from k8s_tutor.errors import UsageError
from k8s_tutor.grading import result
from k8s_tutor.grading.submissions import Submission, find

Tell = Callable[[result.SubmissionResult], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one submission may cost."""

    seconds: float = 120.0
    memory_bytes: int = 3_000_000_000
    workers: int = 0  # as many as there are cores


def grade(
    course: Course,
    homework: str,
    paths: Sequence[Path],
    *,
    language: str = "",
    mapping: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    limits: Limits | None = None,
    tell: Tell | None = None,
) -> result.ClassResult:
    """Grade all submissions under some paths.

    Args:
        course: the pack with the homework.
        homework: its id or folder.
        paths: folders, archives, or folders of them.
        language: of the feedback; the pack's first if empty.
        mapping: submission id to task id to file patterns, where files are ambiguous.
        limits: for each submission.
        tell: called as each is done, in the order of ending.

    Raises:
        UsageError: no such homework, or nothing to grade.
    """
    info = course.lesson(homework)
    if not info.homework:
        known = ", ".join(found.id for found in course.homework()) or "none in this pack"
        raise UsageError(f"«{homework}» is a lesson, not a homework.", f"Homework: {known}.", "Use --homework ID.")
    tasks = course.exercises(info.id)
    chosen = language or course.available_languages()[0]
    bounds = limits or Limits()
    submissions = find(paths)

    def one(submission: Submission) -> result.SubmissionResult:
        job: dict[str, Any] = {"pack": str(course.root), "homework": info.id, "language": chosen}
        job["mapping"] = (mapping or {}).get(submission.id)
        graded = _in_process(submission, job, tasks, bounds, chosen)
        if tell is not None:
            tell(graded)
        return graded

    with ThreadPoolExecutor(bounds.workers or os.cpu_count() or 1) as pool:
        found = tuple(pool.map(one, submissions))
    total = sum(task.points for task in tasks if not task.grading.get("bonus"))
    return result.ClassResult(info.id, info.title.get(chosen), total, found)


def _in_process(
    submission: Submission, job: dict[str, Any], tasks: Sequence[Exercise], limits: Limits, language: str
) -> result.SubmissionResult:
    """Run a worker to its end or its limit; whatever happens, there is a result."""
    with tempfile.TemporaryDirectory(prefix="k8s-tutor-grade-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        job |= {
            "id": submission.id,
            "path": str(submission.path.resolve()),
            "scratch": str(folder / "job"),
            "result": str(folder / "result.json"),
            "memory_bytes": limits.memory_bytes,
            "cpu_seconds": int(limits.seconds),
        }
        (folder / "job").mkdir()
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        why = _run(folder, limits.seconds)
        try:
            return result.submission_from_json(json.loads((folder / "result.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            return _unfinished(submission, tasks, why, language)


def _run(folder: Path, seconds: float) -> str:
    """Run the worker in ``folder``; returns why there may be no result."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("XDG_") and key != "KUBECONFIG"}
    home = folder / "home"
    home.mkdir()
    command = [sys.executable, "-m", "k8s_tutor.grading.worker", str(folder / "job.json")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=env | {"HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=folder,
        )
        try:
            code = process.wait(seconds)
            why = "" if code == 0 else f"the grader ended with {code}: {_last(folder / 'log')}"
        except subprocess.TimeoutExpired:
            why = f"it took more than {seconds:.0f} s"
        finally:
            _end(process, home)
    return why


def _end(process: subprocess.Popen[bytes], home: Path) -> None:
    """End the worker, and the cluster that it may have left (a session of its own)."""
    groups = [process.pid] if process.poll() is None else []
    for record in home.rglob("cluster.json"):
        pid = json.loads(record.read_text(encoding="utf-8")).get("pid")
        groups += [pid] if isinstance(pid, int) else []
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def _last(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it printed nothing"


def _unfinished(submission: Submission, tasks: Sequence[Exercise], why: str, language: str) -> result.SubmissionResult:
    """A result for a submission that reached a limit: nothing is scored, a human looks."""
    found = tuple(
        result.TaskResult(
            task.id, task.title.get(language), result.ERROR, 0.0, task.points, bool(task.grading.get("bonus"))
        )
        for task in tasks
    )
    total = sum(task.points for task in tasks if not task.grading.get("bonus"))
    return result.SubmissionResult(submission.id, 0.0, total, found, (f"Not graded: {why}",))
