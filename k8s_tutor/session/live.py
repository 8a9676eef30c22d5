"""Checks that turn by themselves: a thread judges anew whenever the recorded watch sees a change.

Rounds are at least ``QUIET`` apart, so that a rollout of hundreds of changes is judged a few times a second. Between
changes nothing is asked, except while a verdict waits for time to tell (``retry_after``).
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.recorder import Recorder
from k8s_tutor.checks.result import CheckResult
from k8s_tutor.checks.runner import CheckRun
from k8s_tutor.client import Client
from k8s_tutor.course import Exercise
from k8s_tutor.errors import ClusterUnavailableError, TutorError

QUIET: Final = 0.1
SLOWEST: Final = 1.0  # cluster time may run faster than ours: what waits for it is looked at this often
Results = dict[str, CheckResult]


class LiveChecks:
    """The live checks of one exercise.

    Args:
        client: the cluster.
        exercise: whose checks.
        context: made by the caller; its recorder is set here.
        passed: checks that passed before.
        on_results: called with all verdicts when one of them changed.
        on_cluster: called with the error when the cluster is lost, with None when it is back.
    """

    def __init__(
        self,
        client: Client,
        exercise: Exercise,
        context: CheckContext,
        *,
        passed: frozenset[str],
        on_results: Callable[[Results], None],
        on_cluster: Callable[[TutorError | None], None],
    ) -> None:
        self.exercise = exercise
        self.run = CheckRun(exercise.checks, context, lesson=exercise.lesson, passed=passed)
        self.results: Results = {}
        self._recorder = Recorder(client, context.namespace, self._on_change)
        context.recorder = self._recorder
        self._on_results = on_results
        self._on_cluster = on_cluster
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._judging = threading.Lock()
        self._lost = False
        self._thread = threading.Thread(target=self._loop, name=f"checks {exercise.full_id}", daemon=True)

    def start(self, *, missed: str = "") -> None:
        """Begin to record and to judge.

        Raises:
            ClusterUnavailableError: no cluster answers.
        """
        self._recorder.start(self.run.watches(), missed=missed)
        self._wake.set()
        self._thread.start()

    def stop(self) -> None:
        """End; no callback comes afterwards (from other threads than the caller's)."""
        self._stop.set()
        self._wake.set()
        self._recorder.stop()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def poke(self) -> None:
        """Judge soon: something happened that no watch shows (an answer, a file, a command inside a container)."""
        self._wake.set()

    def judge(self) -> Results:
        """Judge now, in this thread; callbacks as usual.

        Raises:
            ClusterUnavailableError: no cluster answers.
        """
        return self._round(sync=True)

    # -- the thread

    def _on_change(self, error: ClusterUnavailableError | None) -> None:
        if error is not None:
            self._tell_lost(error)
        self._wake.set()

    def _tell_lost(self, error: TutorError | None) -> None:
        lost = error is not None
        if lost != self._lost and not self._stop.is_set():
            self._lost = lost
            self._on_cluster(error)

    def _loop(self) -> None:
        timeout: float | None = None
        while True:
            self._wake.wait(timeout)
            self._wake.clear()
            if self._stop.is_set():
                return
            try:
                results = self._round()
            except TutorError as error:
                self._tell_lost(error)
                timeout = SLOWEST
                continue
            self._tell_lost(None)
            waits = [result.retry_after for result in results.values() if result.retry_after is not None]
            timeout = min(SLOWEST, *waits) if waits else None
            begun = time.monotonic()
            self._stop.wait(QUIET)
            if timeout is not None:
                timeout = max(0.0, timeout - (time.monotonic() - begun))

    def _round(self, *, sync: bool = False) -> Results:
        with self._judging:
            results = self.run.evaluate(sync=sync)
            changed = results != self.results
            self.results = results
        if changed and not self._stop.is_set():
            self._on_results(results)
        return results
