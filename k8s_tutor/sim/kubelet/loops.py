"""The kubelet's two loops as arithmetic: relists of the runtime and sync ticks, once a second each, when something waits.

Nothing ticks while nothing is due: the next tick after an event is computed from the loops' phases.
"""

import asyncio
import math
from collections.abc import Callable

from k8s_tutor.sim.clock import Clock, Timer
from k8s_tutor.sim.kubelet import stages

HOUSEKEEPING = stages.timing("housekeeping")


class Loop:
    """A loop of a fixed period that runs its callback only at ticks for which it was asked.

    Args:
        clock: cluster time.
        period: seconds between ticks.
        phase: seconds from now to the first tick.
        callback: called at a tick with the keys that were due.
    """

    def __init__(self, clock: Clock, period: float, phase: float, callback: Callable[[list[str]], None]) -> None:
        self._clock = clock
        self._period = period
        self._phase = clock.now() + phase
        self._callback = callback
        self._due: dict[str, float] = {}
        self._timer: Timer | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def tick_after(self, when: float) -> float:
        """Return the first tick later than a time."""
        return self._phase + (math.floor((when - self._phase) / self._period) + 1) * self._period

    def last(self) -> float:
        """Return the last tick that has passed."""
        return self._phase + math.floor((self._clock.now() - self._phase) / self._period) * self._period

    def add(self, key: str, delay: float = 0.0) -> None:
        """Ask for a tick for a key, not before a delay; this takes the place of an earlier request of the key."""
        self._due[key] = self._clock.now() + delay
        self._arm()

    async def wait(self) -> None:
        """Wait for the next tick."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._arm()
        await future

    def remove(self, key: str) -> None:
        """Ask no more for a key."""
        self._due.pop(key, None)

    def close(self) -> None:
        """Tick no more; who waits is let go."""
        if self._timer is not None:
            self._timer.cancel()
        self._due.clear()
        self._release()

    def _arm(self) -> None:
        now = self._clock.now()
        times = [min(self._due.values())] if self._due else []
        if self._waiting:
            times.append(now)
        if not times:
            return
        when = self.tick_after(max(now, min(times)))
        if self._timer is not None and self._timer.when <= when:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_at(when, self._tick)

    def _tick(self) -> None:
        now = self._clock.now()
        self._timer = None
        due = [key for key, when in self._due.items() if when <= now]
        for key in due:
            del self._due[key]
        self._callback(due)
        self._release()
        self._arm()

    def _release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)


def relist_loop(clock: Clock, callback: Callable[[list[str]], None]) -> Loop:
    """Return the loop of PLEG."""
    return Loop(clock, stages.timing("relist"), stages.timing("relist_phase"), callback)


def sync_loop(clock: Clock, callback: Callable[[list[str]], None]) -> Loop:
    """Return the loop that looks for pods that are due."""
    return Loop(clock, stages.timing("sync_tick"), stages.timing("sync_phase"), callback)
