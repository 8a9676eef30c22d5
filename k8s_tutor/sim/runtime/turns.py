"""The share of the real processor that programs in containers get, and whose turn it is.

A program that computes goes on in *steps*: from one ``await`` that waits to the next. A step that has lasted ``STEP``
ends at the program's next piece of work, and each round of the event loop runs one step of those that wait for their
turn, so that sockets are served in between. All steps are measured: while the clock runs, programs together get
``SHARE`` of the time, after a burst that is free, and the rest is the API's. Containers take turns, not processes: a
fork bomb waits for itself only.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from k8s_tutor.sim.clock import Clock

STEP = 0.003
LONG_STEP = 0.02
SHARE = 0.5
BURST = 0.5

Queue = deque[asyncio.Future[None]]


class Turns:
    """Hands out turns: one container after the other, in each first come first served.

    Args:
        clock: while it stands still (``advance``), only ``LONG_STEP`` counts: the order should not depend on the machine.
    """

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._waiting: dict[object, Queue] = {}
        self._taken = False
        self._begun = 0.0
        self._credit = BURST
        self._counted = perf_counter()

    async def take(self, who: object) -> None:
        """Return when it is the turn of one of ``who``'s programs."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            loop.call_soon(self._next)
            if self._owed() <= 0:
                return
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(who, deque()).append(future)
        await future

    def over(self) -> bool:
        """Tell whether the running step should end: it has lasted long enough, or programs have had their share."""
        lasted = perf_counter() - self._begun
        return (lasted > STEP and (lasted > LONG_STEP or bool(self._clock.rate))) or self._owed() > 0

    def begin(self) -> None:
        """A step begins."""
        self._begun = perf_counter()

    def end(self) -> None:
        """The step has ended."""
        now = perf_counter()
        self._credit = min(BURST, self._credit + (now - self._counted) * SHARE) - (now - self._begun)
        self._counted = now

    def _owed(self) -> float:
        """Return the seconds until programs have credit again; not more than 0 if they have."""
        return -self._credit / SHARE - (perf_counter() - self._counted) if self._clock.rate else 0.0

    def _next(self) -> None:
        loop = asyncio.get_running_loop()
        owed = self._owed()
        if owed > 0:
            loop.call_later(owed, self._next)
            return
        future = self._pop()
        if future is None:
            self._taken = False
        else:
            future.set_result(None)
            loop.call_soon(self._next)

    def _pop(self) -> asyncio.Future[None] | None:
        """Return who is next and still waits; its container goes to the end of the row."""
        while self._waiting:
            who, queue = next(iter(self._waiting.items()))
            del self._waiting[who]
            future = queue.popleft()
            if queue:
                self._waiting[who] = queue
            if not future.done():
                return future
        return None


class Measured(Coroutine[Any, Any, Any]):
    """A program all of whose steps are measured; made into a task like any coroutine."""

    __slots__ = ("_program", "_turns")

    def __init__(self, program: Coroutine[Any, Any, Any], turns: Turns) -> None:
        self._program, self._turns = program, turns

    def send(self, value: Any) -> Any:
        self._turns.begin()
        try:
            return self._program.send(value)
        finally:
            self._turns.end()

    def throw(self, kind: Any, value: object = None, traceback: "TracebackType | None" = None) -> Any:
        self._turns.begin()
        try:
            return self._program.throw(kind if value is None else value)  # type: ignore[arg-type]
        finally:
            self._turns.end()

    def close(self) -> None:
        self._program.close()

    def __await__(self) -> Any:
        return self._program.__await__()
