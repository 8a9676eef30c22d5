"""Grades one submission: ``python -m k8s_tutor.grading.worker JOB.json`` writes a ``SubmissionResult`` as JSON.

The process sets its own limits before anything of the student's is read; its practice cluster, state and files lie in the
job's scratch folder, so one bad or hostile submission costs itself only.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.manifests import Manifest
from k8s_tutor.checks.recorder import Recorder
from k8s_tutor.checks.result import CheckResult, State
from k8s_tutor.checks.runner import CheckRun
from k8s_tutor.checks.stage import Stage
from k8s_tutor.course import Check, Course, Exercise, LessonInfo, Step
from k8s_tutor.course.durations import seconds
from k8s_tutor.grading import result
from k8s_tutor.grading.assigning import Answer, assign
from k8s_tutor.grading.images import write_profiles
from k8s_tutor.grading.reading import read_submission
from k8s_tutor.grading.submissions import Submission, unpack
from k8s_tutor.playground import Playground

FILE_LIMIT = 200_000_000


def main() -> None:
    """Grade the job named on the command line."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    _limit(job["memory_bytes"], job["cpu_seconds"])
    graded = grade_one(job)
    Path(job["result"]).write_text(json.dumps(asdict(graded), ensure_ascii=False), encoding="utf-8")


def _limit(memory: int, cpu: int) -> None:
    """Bound this process and what it starts (each process by itself)."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def grade_one(job: Mapping[str, Any]) -> result.SubmissionResult:
    """Grade one submission.

    Args:
        job: ``pack``, ``homework``, ``id``, ``path``, ``scratch``, ``language``, ``mapping``.
    """
    begun = time.monotonic()
    scratch = Path(job["scratch"])
    course = Course(Path(job["pack"]))
    homework = course.lesson(job["homework"])
    tasks = course.exercises(homework.id)
    submission = Submission(job["id"], Path(job["path"]))
    (scratch / "unpacked").mkdir(parents=True, exist_ok=True)
    reading = read_submission(unpack(submission, scratch / "unpacked"))
    answers = assign(tasks, reading.manifests, job.get("mapping") or {})
    done = dict(_graded(homework, tasks, answers, scratch, job["language"]))
    graded = tuple(done[task.id] for task in tasks)
    return result.SubmissionResult(
        submission.id,
        sum(task.points for task in graded),
        sum(task.max_points for task in graded if not task.bonus),
        graded,
        (*submission.notes, *reading.notes),
        round(time.monotonic() - begun, 3),
    )


def _graded(
    homework: LessonInfo, tasks: Sequence[Exercise], answers: Mapping[str, Answer], scratch: Path, language: str
) -> Iterator[tuple[str, result.TaskResult]]:
    """Yield each task's result; a cluster is started only if there is something to play."""
    missing = [task for task in tasks if answers[task.id].main is None]
    for task in missing:
        yield task.id, _missing(task, language)
    found = [task for task in tasks if answers[task.id].main is not None]
    if not found:
        return
    from k8s_tutor.providers import open_provider

    provider = open_provider(
        "practice", name="grading", images=str(write_profiles(homework.images, found, answers, scratch))
    )
    try:
        with Playground(provider, scratch) as ground:
            for task in found:
                yield task.id, _play(task, answers[task.id], ground, scratch, language)
    finally:
        provider.stop()


def _missing(task: Exercise, language: str) -> result.TaskResult:
    kinds = " or ".join(task.grading.get("kinds", ()))
    note = f"no {kinds} was found in the submission"
    return _result(task, result.MISSING, (), (), (note,), language)


def _play(task: Exercise, answer: Answer, ground: Playground, scratch: Path, language: str) -> result.TaskResult:
    workdir = scratch / "work" / task.id
    client = ground.fresh(task.namespace)
    stage = Stage(client, task, workdir, shell=ground.shell, wait=ground.wait, owns_cluster=True)
    stage.start()
    context = CheckContext.live(client, stage.namespace, workdir=workdir)
    run = CheckRun(task.checks, context, lesson=task.lesson)
    recorder = context.recorder = Recorder(client, stage.namespace)
    recorder.start(run.records())
    try:
        notes = tuple(_apply(stage, answer.objects, workdir))
        verdicts = run.until_passed(ground.wait, _settle(task))
    finally:
        recorder.stop()
    marks = tuple(_mark(check, verdicts[check.id], language) for check in task.checks)
    state = result.state_of(marks)
    if answer.review:
        notes = (answer.review, *notes)
        state = result.REVIEW if state in (result.PASSED, result.PARTIAL) else state
    files = tuple(dict.fromkeys(f"{m.source.file}:{m.source.line}" for m in answer.objects))
    return _result(task, state, marks, files, notes, language)


def _settle(task: Exercise) -> float:
    """How long the task may take to be fulfilled, in cluster seconds."""
    own = seconds(task.grading.get("settle"))
    return task.settle if own is None else own


def _apply(stage: Stage, manifests: Sequence[Manifest], workdir: Path) -> Iterator[str]:
    """Apply objects one by one, as a student would; yields what was refused, in the server's own words."""
    for number, manifest in enumerate(manifests):
        obj = dict(manifest.object)
        meta = dict(obj["metadata"])
        meta.pop("namespace", None)  # wherever the student put it, the task's namespace plays that part
        obj["metadata"] = meta
        file = workdir / "handed-in" / str(number) / Path(manifest.source.file).name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(obj, ensure_ascii=False), encoding="utf-8")
        done = stage.do([Step(apply=file)])[0]
        if done.exit_code != 0:
            words = done.output.strip().replace(str(file.parent) + os.sep, "")
            yield f"{manifest.source.file}:{manifest.source.line}: {words}"


def _mark(check: Check, verdict: CheckResult, language: str) -> result.CheckMark:
    passed = verdict.state is State.PASSED
    return result.CheckMark(
        check.id,
        verdict.state.value,
        check.points if passed else 0.0,
        check.points,
        check.title.get(language),
        "" if passed else check.message.get(language),
        tuple(map(str, verdict.differences)),
        verdict.causes,
        "" if passed else verdict.next,
    )


def _result(
    task: Exercise,
    state: str,
    marks: tuple[result.CheckMark, ...],
    files: tuple[str, ...],
    notes: tuple[str, ...],
    language: str,
) -> result.TaskResult:
    return result.TaskResult(
        task.id,
        task.title.get(language),
        state,
        sum(mark.points for mark in marks),
        task.points,
        bool(task.grading.get("bonus", False)),
        marks,
        files,
        notes,
    )


if __name__ == "__main__":
    main()
