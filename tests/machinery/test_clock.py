"""Timers, and recurring work that is left out where it would be in vain."""

from k8s_tutor.sim.clock import Clock
from tests.conftest import START


async def test_ticks_that_would_be_in_vain_are_left_out_but_the_last(clock: Clock) -> None:
    ticks: list[float] = []
    clock.every(10, lambda: ticks.append(clock.now() - START))
    await clock.advance(1004)
    assert ticks == [10, 1000]
    assert clock.now() == START + 1004


async def test_after_something_happened_the_next_tick_comes_as_ever(clock: Clock) -> None:
    ticks: list[float] = []
    clock.every(10, lambda: ticks.append(clock.now() - START))
    clock.call_later(333, lambda: None)
    await clock.advance(600)
    assert ticks == [10, 330, 340, 600]


async def test_what_a_tick_leads_to_happens_at_its_time_and_is_seen_by_other_tickers(clock: Clock) -> None:
    seen: list[tuple[str, float]] = []

    def slow() -> None:
        seen.append(("slow", clock.now() - START))
        if clock.now() == START + 100:
            clock.call_later(45, seen.append, ("timer", 0))

    clock.every(100, slow, limit=clock.now)
    clock.every(10, lambda: seen.append(("fast", clock.now() - START)))
    await clock.advance(200)
    assert ("fast", 150) in seen, seen
    assert seen[-1] == ("fast", 200)


async def test_a_ticker_that_stirs_is_never_left_out(clock: Clock) -> None:
    ticks: list[float] = []
    clock.every(10, lambda: clock.call_soon(ticks.append, clock.now() - START))
    await clock.advance(50)
    assert ticks == [10, 20, 30, 40, 50]


async def test_a_silent_ticker_ticks_only_before_the_end(clock: Clock) -> None:
    ticks: list[float] = []
    others: list[float] = []
    clock.every(10, lambda: clock.call_soon(ticks.append, clock.now() - START), silent=True)
    clock.every(10, lambda: others.append(clock.now() - START))
    clock.call_later(33, lambda: None)
    await clock.advance(105)
    assert ticks == [100]
    assert others == [10, 30, 40, 100]


async def test_a_limit_is_kept(clock: Clock) -> None:
    ticks: list[float] = []
    clock.every(10, lambda: ticks.append(clock.now() - START), limit=lambda: START + 75)
    await clock.advance(200)
    assert ticks == [10, 70, *range(80, 201, 10)]


async def test_a_cancelled_ticker_ticks_no_more(clock: Clock) -> None:
    ticks: list[float] = []
    ticker = clock.every(10, lambda: ticks.append(clock.now()))
    clock.call_later(25, ticker.cancel)
    await clock.advance(100)
    assert len(ticks) == 2


async def test_while_time_runs_every_tick_comes() -> None:
    clock = Clock(rate=1000, start=START)
    try:
        ticks: list[float] = []
        clock.every(5, lambda: ticks.append(clock.now() - START))
        await clock.sleep(52)
        assert len(ticks) >= 8
    finally:
        clock.close()
