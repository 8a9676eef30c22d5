"""Keys that took long rest for as long, while time runs."""

import asyncio
import time

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.machinery.workqueue import LONG, WorkQueue
from tests.conftest import START


def _spend(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def _never(key: str, error: Exception) -> None:
    raise AssertionError(key) from error


async def test_what_changes_while_a_key_rests_is_looked_at_once() -> None:
    real = [0.0]
    clock = Clock(rate=1, start=START, real=lambda: real[0])
    seen: list[str] = []

    def work(key: str) -> None:
        seen.append(key)
        _spend(2 * LONG if key == "large" else 0)

    queue: WorkQueue[str] = WorkQueue(clock, work, _never)
    try:
        for _ in range(4):
            queue.add("large")
            queue.add("small")
            await clock.settle()
        assert seen.count("large") == 1
        assert seen.count("small") == 4
        real[0] = 1
        clock.set_rate(1)
        for _ in range(50):
            await asyncio.sleep(0)
        assert seen.count("large") == 2
    finally:
        queue.close()
        clock.close()


async def test_nothing_rests_in_a_clock_that_stands_still(clock: Clock) -> None:
    """What happens there does not depend on the machine."""
    seen: list[str] = []

    def work(key: str) -> None:
        seen.append(key)
        _spend(2 * LONG)

    queue: WorkQueue[str] = WorkQueue(clock, work, _never)
    for _ in range(3):
        queue.add("large")
        await clock.settle()
    assert len(seen) == 3
