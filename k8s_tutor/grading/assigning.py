"""Which objects answer which task: by kind, name, file name, words and content; ties are told, a mapping settles them.

A task's *main* objects are of the kinds that its ``grading`` names. Every other kind of object of the submission
(ConfigMaps, Services that no task asks for …) is support: it goes along with every task.
"""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from k8s_tutor.checks.manifests import Manifest
from k8s_tutor.checks.pattern import of_object
from k8s_tutor.course import Exercise

KIND, NAME, FILE, KEYWORD, CONTENT, FIELD = 10.0, 6.0, 4.0, 1.0, 3.0, 1.0
REVIEW_KIND = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is taken for a task's answer.

    Attributes:
        main: the chosen object, or None: the task is missing.
        objects: all objects to apply, main included, in the submission's order.
        review: why a human should look; empty if nobody need.
    """

    main: Manifest | None
    objects: tuple[Manifest, ...] = ()
    review: str = ""


def assign(
    tasks: Sequence[Exercise], manifests: Sequence[Manifest], mapping: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Answer]:
    """Return each task's answer, by task id.

    Args:
        tasks: the homework's exercises.
        manifests: all objects of the submission.
        mapping: task id to file patterns, which settle what is ambiguous.
    """
    asked = {kind for task in tasks for kind in (*_kinds(task), *task.grading.get("review", ()))}
    support = [m for m in manifests if m.kind not in asked]
    answers: dict[str, Answer] = {}
    taken: set[int] = set()
    for task in sorted(tasks, key=lambda t: -_best(t, manifests)):
        chosen = _choose(task, manifests, (mapping or {}).get(task.id, ()), taken)
        answers[task.id] = _with_support(chosen, manifests, support)
        taken.update(id(m) for m in (chosen.main,) if m is not None)
    return answers


def _kinds(task: Exercise) -> tuple[str, ...]:
    return tuple(task.grading.get("kinds", ()))


def _best(task: Exercise, manifests: Sequence[Manifest]) -> float:
    return max((score(task, manifest) for manifest in manifests), default=0.0)


def _choose(task: Exercise, manifests: Sequence[Manifest], files: Sequence[str], taken: set[int]) -> Answer:
    candidates = [m for m in manifests if score(task, m) > 0]
    if files:
        candidates = [m for m in candidates if any(fnmatch.fnmatch(m.source.file, pattern) for pattern in files)]
    if not candidates:
        return Answer(None)
    fit = {id(m): score(task, m) - (FIELD if id(m) in taken else 0) for m in candidates}
    ranked = sorted(candidates, key=lambda m: -fit[id(m)])
    main = ranked[0]
    review = ""
    if main.kind in task.grading.get("review", ()):
        review = f"{main.kind} {_name(main)} was handed in where {' or '.join(_kinds(task))} was asked"
    elif len(ranked) > 1 and fit[id(ranked[1])] == fit[id(main)] and not files and not _same(ranked[1], main):
        review = f"ambiguous: {_place(main)} and {_place(ranked[1])} fit equally well; {_place(main)} was taken"
    return Answer(main, (main,), review)


def _with_support(answer: Answer, manifests: Sequence[Manifest], support: Sequence[Manifest]) -> Answer:
    if answer.main is None:
        return answer
    wanted = {id(m) for m in (*support, answer.main)}
    # Objects of the same file and other kinds belong to the answer as well (a Service beside its Deployment).
    beside = {id(m) for m in manifests if m.source.file == answer.main.source.file and m.kind != answer.main.kind}
    chosen = tuple(m for m in manifests if id(m) in wanted | beside)
    return Answer(answer.main, chosen, answer.review)


def score(task: Exercise, manifest: Manifest) -> float:
    """Return how well an object fits a task; 0 if it is of no kind that could answer it."""
    grading = task.grading
    if manifest.kind in _kinds(task):
        total = KIND
    elif manifest.kind in grading.get("review", ()):
        total = REVIEW_KIND
    else:
        return 0.0
    if _name(manifest) in grading.get("names", ()):
        total += NAME
    file = PurePosixPath(manifest.source.file)
    if any(fnmatch.fnmatch(part.lower(), pattern) for pattern in grading.get("files", ()) for part in file.parts):
        total += FILE
    text = str(manifest.object).lower()
    total += sum(KEYWORD for word in grading.get("keywords", ()) if word.lower() in text)
    wanted: Any = grading.get("has")
    if wanted:
        missing = len(of_object(wanted, manifest.object))
        total += CONTENT if missing == 0 else -FIELD * missing
    return max(total, 0.5)


def _name(manifest: Manifest) -> str:
    return str(manifest.object.get("metadata", {}).get("name", ""))


def _place(manifest: Manifest) -> str:
    return f"{manifest.source.file}:{manifest.source.line}"


def _same(one: Manifest, other: Manifest) -> bool:
    return one.object == other.object
