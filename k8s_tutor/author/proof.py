"""Plays an exercise on a cluster: the untouched start fails, each solution passes, each mistake fails as it says.

Every case begins from a fresh start state with its own recording, does its steps as a learner would, and lets cluster
time pass before it judges.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from k8s_tutor.author.report import Case, Problem
from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.recorder import Recorder
from k8s_tutor.checks.result import CheckResult, State
from k8s_tutor.checks.runner import CheckRun
from k8s_tutor.checks.stage import Stage
from k8s_tutor.course import Exercise, Way
from k8s_tutor.errors import TutorError
from k8s_tutor.playground import Playground

START_SETTLE = 30.0
Results = dict[str, CheckResult]


def prove(exercise: Exercise, playground: Playground) -> Iterator[Case]:
    """Play all cases of an exercise."""
    missing = exercise.needs - playground.capabilities
    if missing:
        problem = Problem(str(exercise.source), f"needs {', '.join(sorted(missing))}, which this provider has not")
        yield Case(exercise.full_id, "start", "", 0.0, (problem,))
        return
    yield _case(exercise, playground, "start", None, _untouched)
    for way in exercise.solutions:
        yield _case(exercise, playground, "solution", way, _solved)
    for way in exercise.mistakes:
        yield _case(exercise, playground, "mistake", way, _mistaken)


@dataclass
class _Play:
    """A case that is played."""

    exercise: Exercise
    way: Way | None
    run: CheckRun
    playground: Playground

    def wait(self, seconds: float) -> None:
        """Let time pass, once all that happened before was recorded with its own time."""
        if self.run.context.recorder is not None:
            self.run.context.recorder.sync()
        self.playground.wait(seconds)

    @property
    def settle(self) -> float:
        own = self.way.settle if self.way is not None else None
        return self.exercise.settle if own is None else own


Judge = Callable[[_Play], Iterator[str]]


def _case(exercise: Exercise, playground: Playground, sort: str, way: Way | None, judge: Judge) -> Case:
    begun = time.monotonic()
    where = str(way.source if way is not None else exercise.source)
    try:
        problems = list(_played(exercise, playground, way, judge))
    except TutorError as error:
        problems = [" ".join(error.render().split())]
    found = tuple(Problem(where, text) for text in problems)
    return Case(exercise.full_id, sort, way.name if way is not None else "", time.monotonic() - begun, found)


def _played(exercise: Exercise, playground: Playground, way: Way | None, judge: Judge) -> Iterator[str]:
    workdir = playground.folder / "work"
    shutil.rmtree(workdir, ignore_errors=True)
    stage = _stage(exercise, playground, workdir)
    stage.start()
    context = CheckContext.live(stage.client, stage.namespace, workdir=workdir)
    run = CheckRun(exercise.checks, context, lesson=exercise.lesson)
    recorder = context.recorder = Recorder(stage.client, stage.namespace)
    recorder.start(run.records())
    try:
        for done in stage.do(way.steps if way is not None else ()):
            if not done.expected:
                output = " ".join(done.output.split())[-300:]
                yield f"the step «{done.step}» ended with {done.exit_code}: {output}"
                return
        context.answers = dict(stage.answers)
        yield from judge(_Play(exercise, way, run, playground))
    finally:
        recorder.stop()


def _stage(exercise: Exercise, playground: Playground, workdir: Path) -> Stage:
    from k8s_tutor.checks.stage import placed
    from k8s_tutor.providers.contract import Capability

    owns = playground.can(Capability.CREATE)
    client = playground.fresh(placed(exercise.namespace, owns_cluster=owns))
    return Stage(client, exercise, workdir, shell=playground.shell, wait=playground.wait, owns_cluster=owns)


# -- verdicts


def _untouched(play: _Play) -> Iterator[str]:
    play.wait(START_SETTLE)
    results = play.run.judge(play.wait)
    yield from _faults(results)
    if all(result.passed for result in results.values()):
        yield "the untouched start passes: there is nothing to do"


def _solved(play: _Play) -> Iterator[str]:
    results = play.run.until_passed(play.wait, play.settle)
    yield from _faults(results)
    for name, result in results.items():
        if not result.passed:
            yield f"the check {name} is {result.state}: {spelled(result)}"


def _mistaken(play: _Play) -> Iterator[str]:
    assert play.way is not None  # noqa: S101 - a mistake is a way
    play.wait(play.settle)
    results = play.run.judge(play.wait)
    yield from _faults(results)
    failed = {name for name, result in results.items() if result.state is State.FAILED}
    wanted = set(play.way.fails)
    for name in sorted(wanted - failed):
        yield f"the check {name} should fail and is {results[name].state}"
    for name in sorted(failed - wanted):
        yield f"the check {name} fails and is not named in fails: {spelled(results[name])}"
    told = [spelled(results[name]) for name in sorted(wanted & failed)]
    if told and not any(play.way.says in text for text in told):
        yield f"no failure says {play.way.says!r}: {'; '.join(told)}"


def _faults(results: Results) -> Iterator[str]:
    for name, result in results.items():
        if result.state in {State.ERROR, State.UNGRADABLE}:
            yield f"the check {name} is {result.state}: {result.detail}"


def spelled(result: CheckResult) -> str:
    """A failure on one line."""
    return "; ".join([*map(str, result.differences), *result.causes]) or result.detail
