"""How cluster time flows: from real time at a rate, but not past what is due and has not happened yet.

A process that gets no processor for a while does late what was due. If it happened at the late time, everything that
follows from it would be late too, and a time-out would strike before the answer it waits for had its chance. So cluster
time waits for what is due, and catches up from one to the next. ``LAG`` bounds the waiting: work that never ends (loops
in containers, thousands of pods at once) makes time run behind, but not stand still.
"""

import math
import time
from collections.abc import Callable

LAG = 5.0  # real seconds


class Flow:
    """Cluster time in seconds since the epoch.

    Args:
        rate: cluster seconds a real second; 0: time stands still.
        start: the time now.
        real: real seconds since some time or other.

    Attributes:
        rate: as given.
        due: when the earliest work is due that has not happened.
    """

    __slots__ = ("_real", "_since", "_then", "_told", "due", "rate")

    def __init__(self, rate: float, start: float, real: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.due = math.inf
        self._real = real
        self._then = self._told = start
        self._since = real()

    def now(self) -> float:
        """Return the time; never less than before."""
        if not self.rate:
            return self._told
        ahead = self.ahead()
        self._told = max(self._told, min(ahead, self.due), ahead - LAG * self.rate)
        return self._told

    def ahead(self) -> float:
        """Return the time it would be had everything happened when it was due."""
        return self._then + (self._real() - self._since) * self.rate if self.rate else self._told

    def set_rate(self, rate: float) -> None:
        """Change the rate. What time runs behind is still caught up, unless it stands still from now on."""
        self.now()
        self._then, self._since = self.ahead() if rate else self._told, self._real()
        self.rate = rate

    def jump(self, when: float) -> None:
        """Let it be another time."""
        self._then = self._told = when
        self._since = self._real()
