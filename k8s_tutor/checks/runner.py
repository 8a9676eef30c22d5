"""Judges the checks of an exercise together: needs, stability, sticky verdicts; once, or until time has told.

``CheckRun.evaluate`` is one round: all checks see the same state. A check that holds is ``pending`` until it has held
for its time in the cluster's clock, and begins anew when the objects it rests on change meanwhile. Whoever can let
cluster time pass (grading, ``dev check``) gives ``judge`` or ``until_passed`` a way to do it; a live session evaluates
again on every change and after ``retry_after``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.kind import CheckKind, build
from k8s_tutor.checks.objects import ObjectQuery
from k8s_tutor.checks.result import CheckResult, State
from k8s_tutor.client import ApiError
from k8s_tutor.course.model import Check
from k8s_tutor.errors import PackError, TutorError

PATIENCE: Final = 5  # how many times its stability window a verdict may begin anew
Advance = Callable[[float], None]


@dataclass
class _Holding:
    first: float
    since: float
    basis: tuple[str, ...]


class CheckRun:
    """The checks of one exercise on one cluster.

    Args:
        checks: in the order they are shown.
        context: the cluster, or manifests.
        lesson: id of the lesson, for anchors without one.
        passed: ids that passed before (kept progress): believed where the kind is sticky.

    Raises:
        PackError: an unknown kind, a broken spec, needs that are unknown or circular.
    """

    def __init__(
        self, checks: Sequence[Check], context: CheckContext, *, lesson: str = "", passed: Iterable[str] = ()
    ) -> None:
        self.checks = tuple(checks)
        self.context = context
        self._lesson = lesson
        self._kinds = {check.id: build(check) for check in checks}
        self._order = _ordered(self.checks)
        self._stuck = {check_id for check_id in passed if check_id in self._kinds and self._kinds[check_id].sticky}
        self._holding: dict[str, _Holding] = {}

    @property
    def kinds(self) -> tuple[CheckKind, ...]:
        """The checks, ready to judge."""
        return tuple(self._kinds[check.id] for check in self.checks)

    def watches(self) -> tuple[ObjectQuery, ...]:
        """All that a verdict depends on, and all that must be recorded."""
        found = [query for kind in self.kinds for query in (*kind.watches(), *kind.records())]
        return tuple(dict.fromkeys(found))

    def records(self) -> tuple[ObjectQuery, ...]:
        """What must be recorded from the beginning, for verdicts over the history."""
        return tuple(dict.fromkeys(query for kind in self.kinds for query in kind.records()))

    def restart(self) -> None:
        """Forget verdicts: the exercise begins anew."""
        self._stuck.clear()
        self._holding.clear()

    def evaluate(self, *, sync: bool = False) -> dict[str, CheckResult]:
        """Judge all checks once.

        Args:
            sync: first let the recorder catch up with the cluster.

        Raises:
            ClusterUnavailableError: no cluster answers.
        """
        self.context.begin_round()
        if sync and self.context.recorder is not None:
            self.context.recorder.sync()
        now: list[float] = []
        results: dict[str, CheckResult] = {}
        for check in self._order:
            result = self._one(self._kinds[check.id], results, now)
            results[check.id] = self._dressed(check, result)
        return {check.id: results[check.id] for check in self.checks}

    def judge(self, advance: Advance, limit: float = 30.0) -> dict[str, CheckResult]:
        """Judge now, letting at most ``limit`` cluster seconds pass so that what holds can prove stable."""
        spent = 0.0
        results = self.evaluate(sync=True)
        while spent < limit:
            waits = [found.retry_after or 1.0 for found in results.values() if found.state is State.PENDING]
            if not waits:
                break
            step = min(max(waits), limit - spent)
            advance(step)
            spent += step
            results = self.evaluate(sync=True)
        return results

    def until_passed(self, advance: Advance, limit: float) -> dict[str, CheckResult]:
        """Let cluster time pass until everything passed, or ``limit`` seconds are over."""
        spent, step = 0.0, 1.0
        results = self.evaluate(sync=True)
        while spent < limit and not all(result.passed for result in results.values()):
            pending = [found.retry_after or 1.0 for found in results.values() if found.state is State.PENDING]
            step = min(max(pending, default=step), limit - spent)
            advance(step)
            spent += step
            results = self.evaluate(sync=True)
            step = min(5.0, spent / 4 + 1)
        return results

    # -- inside

    def _one(self, kind: CheckKind, results: dict[str, CheckResult], now: list[float]) -> CheckResult:
        check = kind.check
        missing = [need for need in check.needs if not results[need].passed]
        if missing:
            self._holding.pop(check.id, None)
            return CheckResult(State.BLOCKED, detail=f"needs {', '.join(missing)}")
        if check.id in self._stuck:
            return CheckResult(State.PASSED)
        result = self._guarded(kind)
        if not result.passed:
            self._holding.pop(check.id, None)
            return result
        if kind.stable_for > 0 and self.context.client is not None:
            result = self._held(kind, result, now)
        if result.passed and kind.sticky:
            self._stuck.add(check.id)
        return result

    def _guarded(self, kind: CheckKind) -> CheckResult:
        try:
            return kind.evaluate(self.context)
        except TutorError:
            raise
        except ApiError as error:
            return CheckResult(
                State.ERROR, detail=f"the cluster refused to be looked at: {error.message}", retry_after=2.0
            )
        except Exception as error:  # noqa: BLE001 - a faulty kind is our fault: it must cost the learner nothing
            return CheckResult(State.ERROR, detail=f"{kind.name}: {type(error).__name__}: {error}", retry_after=5.0)

    def _held(self, kind: CheckKind, result: CheckResult, now: list[float]) -> CheckResult:
        """Turn a verdict that does not hold for long enough yet into ``pending``."""
        if not now:
            now.append(self.context.now())
        held = self._holding.setdefault(kind.check.id, _Holding(now[0], now[0], result.basis))
        if held.basis != result.basis and held.since < held.first + PATIENCE * kind.stable_for:
            held.since, held.basis = now[0], result.basis
        remaining = kind.stable_for - (now[0] - held.since)
        if remaining <= 0:
            return result
        return result.changed(state=State.PENDING, retry_after=remaining)

    def _dressed(self, check: Check, result: CheckResult) -> CheckResult:
        learn = check.learn if "#" in check.learn or not check.learn else f"{self._lesson}#{check.learn}"
        follow = "" if result.passed else check.next or result.next
        return result.changed(learn=learn, next=follow)


def _ordered(checks: Sequence[Check]) -> list[Check]:
    """Order checks so that each comes after what it needs."""
    by_id = {check.id: check for check in checks}
    done: list[Check] = []
    open_: set[str] = set()

    def visit(check: Check) -> None:
        if check in done:
            return
        if check.id in open_:
            raise PackError(
                f"{check.source}: needs: checks need each other in a circle", "", "Next: remove one `needs`."
            )
        open_.add(check.id)
        for need in check.needs:
            if need not in by_id:
                raise PackError(f"{check.source}: needs: there is no check {need!r}", "", "Next: mend the name.")
            visit(by_id[need])
        done.append(check)

    for check in checks:
        visit(check)
    return done
