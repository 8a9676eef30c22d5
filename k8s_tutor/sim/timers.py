"""Callbacks that are due once, at a time of the cluster; those that come again and again are ``ticking``'s."""

import heapq
import itertools
from collections.abc import Callable
from typing import Any


class Timer:
    """A callback due at a time of the cluster; ``cancel`` is idempotent."""

    __slots__ = ("_arguments", "_callback", "cancelled", "when")

    def __init__(self, when: float, callback: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        self.when = when
        self.cancelled = False
        self._callback = callback
        self._arguments = arguments

    def cancel(self) -> None:
        """Do not run, ever; frees what the callback holds."""
        self.cancelled = True
        self._callback = _nothing
        self._arguments = ()

    def run(self) -> None:
        """Run the callback, unless cancelled."""
        if not self.cancelled:
            self._callback(*self._arguments)


def _nothing(*_: object) -> None:
    """Stand in for a cancelled callback."""


class Timers:
    """All timers of a clock, the earliest first; of those due at the same time, the one that was set first."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()

    def add(self, timer: Timer) -> bool:
        """Let it come; returns whether it is now the earliest."""
        heapq.heappush(self._heap, (timer.when, next(self._order), timer))
        return self._heap[0][2] is timer

    def clear(self) -> None:
        """Forget all."""
        self._heap.clear()

    def first(self) -> Timer | None:
        """Return the one that is due first."""
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0][2] if self._heap else None

    def take(self) -> Timer:
        """Take the one that is due first."""
        return heapq.heappop(self._heap)[2]
