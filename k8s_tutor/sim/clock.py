"""The cluster's clock: its own time, decoupled from the event loop so that sockets stay in real time.

Time runs at a rate (1 is real time, 0 is stopped; ``flow``). One timer of the event loop is armed for what is due first.
What comes late, because the process had no processor, comes in order all the same: time waits for it, and what follows
from it happens before what was due after it. ``advance`` jumps from timer to timer, and between jumps lets everything that became runnable
finish: callbacks of ``call_soon``, tasks, and *holds* (work that goes on outside the event loop, such as a shell's
thread). So a test may live through a day in milliseconds and see the same order every time. Recurring work (``every``)
is left out meanwhile where it would be in vain (``ticking``).
"""

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from k8s_tutor.sim.flow import Flow
from k8s_tutor.sim.ticking import Ticker, Tickers, never
from k8s_tutor.sim.timers import Timer, Timers

SETTLE_PASSES = 4
LATE = 0.05  # real seconds: what comes later than that waits for what followed from the work before it
FOLLOW_UP = 0.005  # real seconds, at most
BATCH = 256  # callbacks in a row
BATCH_SECONDS = 0.05  # of processor time


class Clock:
    """Cluster time in seconds since the epoch.

    Args:
        rate: cluster seconds a real second; 0 stops the clock.
        start: the first ``now()``; the wall clock's time if None.
        real: real seconds since some time or other.
    """

    def __init__(
        self, rate: float = 1.0, start: float | None = None, real: Callable[[], float] = time.monotonic
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._flow = Flow(rate, time.time() if start is None else start, real)
        self._timers = Timers()
        self._tickers = Tickers()
        self._advancing = False
        self._happened = 0
        self._armed: asyncio.Handle | None = None
        self._catching_up = False
        self._ready: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._draining = False
        self._holds = 0
        self._released = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    # -- reading

    @property
    def rate(self) -> float:
        """Cluster seconds a real second."""
        return self._flow.rate

    @property
    def advancing(self) -> bool:
        """Whether time is being lived through at once, and recurring work left out."""
        return self._advancing

    def now(self) -> float:
        """Return seconds since the epoch, in cluster time."""
        return self._flow.now()

    # -- running

    def call_soon(self, callback: Callable[..., object], *arguments: Any) -> None:
        """Run the callback after the present one, in order of calls."""
        self._ready.append((callback, arguments))
        self._happened += 1
        if not self._draining:
            self._draining = True
            self._loop.call_soon(self._drain)

    def call_later(self, delay: float, callback: Callable[..., object], *arguments: Any) -> Timer:
        """Run the callback ``delay`` cluster seconds from now."""
        return self.call_at(self.now() + max(0.0, delay), callback, *arguments)

    def call_at(self, when: float, callback: Callable[..., object], *arguments: Any) -> Timer:
        """Run the callback at a cluster time (seconds since the epoch)."""
        timer = Timer(when, callback, arguments)
        if self._timers.add(timer):
            self._arm()
        return timer

    def every(
        self,
        period: float,
        callback: Callable[[], object],
        *,
        first: float | None = None,
        silent: bool = False,
        limit: Callable[[], float] = never,
    ) -> Ticker:
        """Run the callback every ``period`` cluster seconds until the ticker is cancelled.

        Args:
            period: seconds between ticks.
            callback: what to do.
            first: seconds until the first tick; one period if None.
            silent: the work looks at nothing, and nothing that follows from it is of importance to other tickers.
            limit: tells up to when ticks would be in vain if nothing happened.
        """
        due = self.now() + (period if first is None else first)
        ticker = Ticker(period, callback, due, limit, silent=silent)
        self._tickers.add(ticker)
        if self._tickers.first() is ticker:
            self._arm()
        return ticker

    async def sleep(self, delay: float) -> None:
        """Sleep for ``delay`` cluster seconds."""
        future: asyncio.Future[None] = self._loop.create_future()
        timer = self.call_later(delay, _resolve, future)
        try:
            await future
        finally:
            timer.cancel()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine as a task that is kept alive until it ends, and cancelled by ``close``."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """While held, ``advance`` does not jump: work is going on outside the event loop (a shell's thread)."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            if self._holds == 0:
                self._released.set()

    @contextlib.contextmanager
    def release(self) -> Iterator[None]:
        """The opposite inside a hold: while waiting for cluster time (a ``sleep`` in a shell), let time jump."""
        self._holds -= 1
        if self._holds == 0:
            self._released.set()
        try:
            yield
        finally:
            self._holds += 1

    # -- steering

    def set_rate(self, rate: float) -> None:
        """Change the rate; 0 stops the clock."""
        self._flow.set_rate(rate)
        self._arm()

    def set_now(self, when: float) -> None:
        """Jump without running what lies between: only for restoring a snapshot."""
        self._flow.jump(when)
        self._arm()

    async def advance(self, seconds: float) -> None:
        """Live through ``seconds`` of cluster time at once, timer by timer; the rate is 0 meanwhile."""
        flow = self._flow
        rate, end = flow.rate, flow.ahead() + seconds
        flow.set_rate(0.0)
        self._disarm()
        self._happened += 1
        self._advancing = True
        try:
            await self.settle()
            while await self._step(end):
                pass
            flow.jump(max(self.now(), end))
        finally:
            self._advancing = False
            flow.set_rate(rate)
            self._arm()

    async def _step(self, end: float) -> bool:
        """Jump to what is due next and live through it; returns whether there was anything until ``end``."""
        timer, ticker = self._timers.first(), self._tickers.first()
        if ticker is not None and ticker.due <= end and (timer is None or ticker.due < timer.when):
            if self._tickers.leave_out(end, end if timer is None else timer.when, self._happened):
                return True
            self._flow.jump(max(self.now(), ticker.due))
            before = self._happened
            self._tick(ticker)
            if self._happened == before:
                return True  # whatever a tick leads to begins with ``call_soon``
            await self.settle()
            if ticker.silent:
                self._happened = before
        elif timer is not None and timer.when <= end:
            self._flow.jump(max(self.now(), timer.when))
            self._fire()
            await self.settle()
            before = -1
        else:
            return False
        if self._happened != before:
            self._tickers.recall(self.now())
        return True

    async def settle(self) -> None:
        """Return when nothing is runnable at the present cluster time."""
        quiet = 0
        while quiet < SETTLE_PASSES:
            if self._holds > 0:
                self._released.clear()
                await self._released.wait()
                quiet = 0
            await asyncio.sleep(0)
            quiet = 0 if self._ready or self._holds > 0 or self._loop_is_busy() else quiet + 1

    def close(self) -> None:
        """Cancel timers and tasks."""
        self._disarm()
        self._timers.clear()
        self._tickers.clear()
        self._ready.clear()
        for task in tuple(self._tasks):
            task.cancel()

    # -- inside

    def _loop_is_busy(self) -> bool:
        """More than our own wake-up is ready on asyncio's own loop (other loops do not show it: passes must do)."""
        ready = getattr(self._loop, "_ready", None)
        return ready is not None and len(ready) > 0

    def _drain(self) -> None:
        """Run ready callbacks; a bounded batch, so that sockets are served between batches."""
        # The order of what happens in a clock that stands still should not depend on the machine.
        until = time.thread_time() + BATCH_SECONDS if self._flow.rate else math.inf
        for _ in range(BATCH):
            if not self._ready or time.thread_time() > until:
                break
            callback, arguments = self._ready.popleft()
            self.guarded(callback, arguments)
        if self._ready:
            self._loop.call_soon(self._drain)
        else:
            self._draining = False

    def guarded(self, callback: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        """Call back; an exception is reported to the loop's handler and goes no further."""
        try:
            callback(*arguments)
        except Exception as error:  # noqa: BLE001 - one faulty callback must not stop the cluster
            self._loop.call_exception_handler(
                {"message": f"cluster callback {callback!r} failed", "exception": error},
            )

    def _next(self) -> float:
        """Return when the earliest work is due."""
        timer, ticker = self._timers.first(), self._tickers.first()
        return min(timer.when if timer is not None else math.inf, ticker.due if ticker is not None else math.inf)

    def _fire(self) -> None:
        """Run the earliest timer, and no other: what it leads to comes before what else is due at the same time."""
        timer = self._timers.take()
        self._taken()
        self._happened += 1
        self.guarded(timer.run, ())

    def _tick(self, ticker: Ticker) -> None:
        """Let the earliest ticker tick."""
        self._tickers.take(self.now())
        self._taken()
        ticker.seen = self._happened
        self.guarded(ticker.callback, ())

    def _taken(self) -> None:
        """Let time go on, unless what was due first comes late: then it is that time until what follows has happened."""
        if not self._catching_up:
            self._flow.due = math.inf

    def _arm(self) -> None:
        """See to it that what is due first is done in time."""
        if self._catching_up:
            return
        self._disarm()
        flow = self._flow
        flow.due = self._next()
        if flow.rate > 0 and flow.due < math.inf:
            self._armed = self._loop.call_later(max(0.0, (flow.due - flow.ahead()) / flow.rate), self._due)

    def _due(self) -> None:
        """Do the earliest work if it is due."""
        self._armed = None
        flow, when = self._flow, self._next()
        if when > self.now() + 1e-4:
            self._arm()
            return
        self._catching_up = flow.ahead() - when > LATE * flow.rate
        timer, ticker = self._timers.first(), self._tickers.first()
        if ticker is not None and (timer is None or ticker.due < timer.when):
            self._tick(ticker)
        else:
            self._fire()
        if self._catching_up:
            self._follow_up(SETTLE_PASSES, time.perf_counter() + FOLLOW_UP)
        else:
            self._arm()

    def _follow_up(self, passes: int, until: float) -> None:
        """Let what followed from late work happen at its time, before what was due after it; not for long."""
        if passes and time.perf_counter() < until:
            left = SETTLE_PASSES if self._ready else passes - 1
            self._armed = self._loop.call_soon(self._follow_up, left, until)
        else:
            self._catching_up = False
            self._arm()

    def _disarm(self) -> None:
        self._catching_up = False
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
