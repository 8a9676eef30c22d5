"""Work that comes again and again for as long as its component runs: heartbeats, looks at nodes, house-keeping.

Most of it is in vain: a renewed lease that nobody reads, a look at what has not changed. While time is lived through at
once (``Clock.advance``), a ticker that has ticked since anything last happened leaves out its ticks up to the next that
could matter: the last one before something happens again, before the end, or before its own ``limit``. So whoever looks
sees what all the ticks would have left behind. A *silent* one, which looks at nothing and to which nobody listens, ticks
only before the end.
"""

import heapq
import itertools
import math
from collections.abc import Callable

ROUNDING = 1e-6


def never() -> float:
    """Return a limit that is none."""
    return math.inf


class Ticker:
    """One such work.

    Attributes:
        period: seconds between ticks.
        callback: the work.
        silent: it looks at nothing, and nothing that follows from a tick counts as something that happens.
        limit: the time up to which ticks are in vain if nothing happens.
        due: when the next tick is.
        seen: what had happened at the last tick (``Clock``'s count).
    """

    __slots__ = ("callback", "cancelled", "due", "limit", "period", "seen", "silent")

    def __init__(
        self, period: float, callback: Callable[[], object], due: float, limit: Callable[[], float], *, silent: bool
    ) -> None:
        self.period = period
        self.callback = callback
        self.silent = silent
        self.limit = limit
        self.due = due
        self.seen = -1
        self.cancelled = False

    def cancel(self) -> None:
        """Tick no more."""
        self.cancelled = True

    def ticks_until(self, when: float) -> int:
        """Return how many ticks there are after the next one, up to a time."""
        return max(0, math.floor((when - self.due) / self.period + ROUNDING)) if when >= self.due else 0


class Tickers:
    """All tickers of a clock, the earliest first."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Ticker]] = []
        self._order = itertools.count()
        self._horizon = 0.0

    def add(self, ticker: Ticker) -> None:
        """Let it tick."""
        heapq.heappush(self._heap, (ticker.due, next(self._order), ticker))

    def clear(self) -> None:
        """Forget all."""
        self._heap.clear()

    def first(self) -> Ticker | None:
        """Return the one that is due first."""
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0][2] if self._heap else None

    def take(self, now: float) -> Ticker:
        """Take the one that is due first, and set its next tick; ticks that are over already are dropped."""
        ticker = heapq.heappop(self._heap)[2]
        ticker.due += ticker.period * (1 + ticker.ticks_until(now))
        self.add(ticker)
        return ticker

    def leave_out(self, end: float, following: float, happened: int) -> bool:
        """Leave out what the first ticker would do in vain; returns whether there was anything.

        Args:
            end: up to when time is lived through.
            following: when something happens next.
            happened: how much has happened so far.
        """
        ticker = self._heap[0][2]
        if not ticker.silent and ticker.seen != happened:
            return False
        vain = ticker.ticks_until(min(end, math.inf if ticker.silent else following, ticker.limit()))
        if vain == 0:
            return False
        heapq.heappop(self._heap)
        ticker.due += vain * ticker.period
        if not ticker.silent:
            self._horizon = max(self._horizon, ticker.due)
        self.add(ticker)
        return True

    def recall(self, now: float) -> None:
        """Something has happened that could not be foreseen: whoever had left out ticks ticks again as ever."""
        if self._horizon <= now:
            return
        self._horizon = 0.0
        for _, _, ticker in self._heap:
            if not ticker.silent and ticker.due > now + ticker.period:
                ticker.due -= math.floor((ticker.due - now) / ticker.period - ROUNDING) * ticker.period
        self._heap = [(ticker.due, order, ticker) for _, order, ticker in self._heap]
        heapq.heapify(self._heap)
