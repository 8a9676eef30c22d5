"""The kubelet's two loops as arithmetic: relists of the runtime and sync ticks, once a second each, when something waits.

Nothing ticks while nothing is due: the next tick after an event is computed from the pod's phase.
"""

import asyncio
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet import stages

if TYPE_CHECKING:
    from k8s_tutor.sim.timers import Timer

HOUSEKEEPING = stages.timing("housekeeping")
GRID = 0.05
ROUNDING = 1e-9


class Loop:
    """A loop of a fixed period that runs its callback only at ticks for which it was asked.

    Each key (a pod) has ticks of its own, counted from when it was first seen: upstream's loops run through all pods at
    once, at moments that have nothing to do with any of them. So a pod's life does not depend on when it was made.

    Args:
        clock: cluster time.
        period: seconds between ticks.
        phase: seconds from when a key is first seen to one of its ticks.
        callback: called at a tick with the keys that were due.
    """

    def __init__(self, clock: Clock, period: float, phase: float, callback: Callable[[list[str]], None]) -> None:
        self._clock = clock
        self._period = period
        self._phase = phase
        self._callback = callback
        self._origins: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._timer: Timer | None = None
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    def tick_after(self, key: str, when: float) -> float:
        """Return the first tick of a key that is later than a time."""
        origin = self._origin(key)
        return origin + (math.floor((when - origin) / self._period + ROUNDING) + 1) * self._period

    def last(self, key: str) -> float:
        """Return the last tick of a key that has passed."""
        origin = self._origin(key)
        return origin + math.floor((self._clock.now() - origin) / self._period + ROUNDING) * self._period

    def _origin(self, key: str) -> float:
        """Return one of a key's ticks; they lie on a grid, so that pods made together share them."""
        origin = self._origins.get(key)
        if origin is None:
            seen = self._clock.now() + self._phase
            origin = self._origins[key] = math.floor(seen / GRID) * GRID
        return origin

    def add(self, key: str, delay: float = 0.0) -> None:
        """Ask for a tick for a key, not before a delay; this takes the place of an earlier request of the key."""
        self._due[key] = self.tick_after(key, self._clock.now() + delay)
        self._arm(self._due[key])

    async def wait(self, key: str) -> None:
        """Wait for a key's next tick."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        if key not in self._due or self._due[key] > self.tick_after(key, self._clock.now()):
            self.add(key)
        await future

    def remove(self, key: str) -> None:
        """Ask no more for a key; its ticks stay where they are."""
        self._due.pop(key, None)

    def forget(self, key: str) -> None:
        """The pod is gone."""
        self._due.pop(key, None)
        self._origins.pop(key, None)
        self._release(key)

    def close(self) -> None:
        """Tick no more; who waits is let go."""
        if self._timer is not None:
            self._timer.cancel()
        self._due.clear()
        for key in tuple(self._waiting):
            self._release(key)

    def _arm(self, when: float) -> None:
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
        for key in due:
            self._release(key)
        if self._due:
            self._arm(min(self._due.values()))

    def _release(self, key: str) -> None:
        for future in self._waiting.pop(key, ()):
            if not future.done():
                future.set_result(None)


def relist_loop(clock: Clock, callback: Callable[[list[str]], None]) -> Loop:
    """Return the loop of PLEG."""
    return Loop(clock, stages.timing("relist"), stages.timing("relist_phase"), callback)


def sync_loop(clock: Clock, callback: Callable[[list[str]], None]) -> Loop:
    """Return the loop that looks for pods that are due."""
    return Loop(clock, stages.timing("sync_tick"), stages.timing("sync_phase"), callback)
