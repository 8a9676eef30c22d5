"""A work queue of keys in cluster time: each key at most once in the queue, failures retried with back-off.

As client-go's ``util/workqueue``: 5 ms doubling to 1,000 s a key if its owner says nothing else, forgotten after success.

While time runs, a key that took long to process rests as long as it took, as real controllers are slowed down by the
limits of their clients. So what changes meanwhile is looked at once: a ReplicaSet of a thousand pods, each of which
becomes ready by itself, would otherwise look at all of them a thousand times.
"""

import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Generic, TypeVar

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.machinery.pending import Pending

if TYPE_CHECKING:
    from k8s_tutor.sim.timers import Timer

K = TypeVar("K", bound=Hashable)
BASE_DELAY = 0.005
MAX_DELAY = 1000.0
LONG = 0.005  # seconds of processor time
MAX_WAITS = 1000  # for webhooks in one go, one for each object


class WorkQueue(Generic[K]):
    """Runs ``work(key)`` for every key added, one after the other, never re-entrantly.

    Args:
        clock: the cluster's clock.
        work: processes a key; an exception is a failure and is retried.
        failed: told of every failure (for logs and metrics).
        retry: seconds until the first retry, and the most that they grow to.
    """

    def __init__(
        self,
        clock: Clock,
        work: Callable[[K], None],
        failed: Callable[[K, Exception], None],
        retry: tuple[float, float] = (BASE_DELAY, MAX_DELAY),
    ) -> None:
        self._base, self._most = retry
        self._clock = clock
        self._work = work
        self._failed = failed
        self._waiting: set[K] = set()
        self._delayed: dict[K, Timer] = {}
        self._failures: dict[K, int] = {}
        self._waits: dict[K, int] = {}
        self._resting: dict[K, Timer] = {}
        self._closed = False

    def add(self, key: K) -> None:
        """Process the key soon; adding a waiting key again changes nothing."""
        if self._closed or key in self._waiting:
            return
        self._waiting.add(key)
        if key not in self._resting:
            self._clock.call_soon(self._run, key)

    def process(self, key: K) -> None:
        """Process the key at once, as if its turn had come."""
        self._waiting.add(key)
        self._run(key)

    def add_after(self, key: K, delay: float) -> None:
        """Process the key after ``delay`` cluster seconds; an earlier time that is already set stays."""
        if self._closed:
            return
        if delay <= 0:
            self.add(key)
            return
        when = self._clock.now() + delay
        timer = self._delayed.get(key)
        if timer is not None:
            if timer.when <= when:
                return
            timer.cancel()
        self._delayed[key] = self._clock.call_at(when, self._due, key)

    def close(self) -> None:
        """Stop: nothing that waits is processed."""
        self._closed = True
        for timer in (*self._delayed.values(), *self._resting.values()):
            timer.cancel()
        self._delayed.clear()
        self._resting.clear()
        self._waiting.clear()

    def _due(self, key: K) -> None:
        self._delayed.pop(key, None)
        self.add(key)

    def _run(self, key: K) -> None:
        if self._closed or key not in self._waiting:
            return
        self._waiting.discard(key)
        begun = time.thread_time()
        try:
            self._work(key)
        except Pending as pending:
            count = self._waits[key] = self._waits.get(key, 0) + 1
            pending.then(lambda: self.add_after(key, 0.0 if count < MAX_WAITS else MAX_DELAY))
        except Exception as error:  # noqa: BLE001 - a failing key is retried, as client-go's queues do
            count = self._failures[key] = self._failures.get(key, 0) + 1
            self._failed(key, error)
            self.add_after(key, min(self._base * 2 ** min(count - 1, 30), self._most))
        else:
            self._failures.pop(key, None)
            self._waits.pop(key, None)
            spent = time.thread_time() - begun
            if spent > LONG and self._clock.rate:
                self._rest(key, spent * self._clock.rate)

    def _rest(self, key: K, seconds: float) -> None:
        timer = self._resting.get(key)
        if timer is not None:
            timer.cancel()
        self._resting[key] = self._clock.call_later(seconds, self._rested, key)

    def _rested(self, key: K) -> None:
        del self._resting[key]
        if key in self._waiting:
            self._clock.call_soon(self._run, key)
