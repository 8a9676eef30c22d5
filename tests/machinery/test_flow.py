"""Cluster time that real time drives: it waits for what is late, but not for ever."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from k8s_tutor.sim.clock import BATCH_SECONDS, Clock
from k8s_tutor.sim.flow import LAG, Flow
from tests.conftest import START


class Machine:
    """Real seconds, as the test tells them."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
async def running(machine: Machine) -> AsyncIterator[Clock]:
    """A clock at rate 1 on that machine."""
    clock = Clock(rate=1, start=START, real=machine)
    yield clock
    clock.close()


async def _catch_up(clock: Clock) -> None:
    """Let the loop notice that real time has passed, and do what is due."""
    clock.set_rate(1)
    for _ in range(200):
        await asyncio.sleep(0)


def test_time_flows_at_its_rate(machine: Machine) -> None:
    flow = Flow(60, START, machine)
    machine.seconds = 2
    assert flow.now() == START + 120
    flow.set_rate(0)
    machine.seconds = 5
    assert flow.now() == START + 120


def test_time_does_not_pass_what_is_due(machine: Machine) -> None:
    flow = Flow(1, START, machine)
    flow.due = START + 1
    machine.seconds = 3
    assert flow.now() == START + 1
    flow.due = START + 2
    assert flow.now() == START + 2
    flow.due = START + 10
    assert flow.now() == START + 3


def test_time_waits_for_a_while_only(machine: Machine) -> None:
    flow = Flow(2, START, machine)
    flow.due = START
    machine.seconds = 100
    assert flow.now() == START + 200 - 2 * LAG
    machine.seconds = 101
    assert flow.now() == START + 202 - 2 * LAG


def test_time_never_goes_back(machine: Machine) -> None:
    flow = Flow(1, START, machine)
    machine.seconds = 3
    assert flow.now() == START + 3
    flow.due = START + 1
    assert flow.now() == START + 3
    flow.set_rate(60)
    assert flow.now() == START + 3


def test_a_change_of_rate_does_not_lose_what_is_to_be_caught_up(machine: Machine) -> None:
    flow = Flow(1, START, machine)
    flow.due = START + 1
    machine.seconds = 3
    flow.set_rate(2)
    flow.due = START + 60
    assert flow.now() == START + 3


async def test_what_comes_late_happens_at_its_time_and_so_does_what_follows(running: Clock, machine: Machine) -> None:
    seen: list[tuple[str, float]] = []

    def note(what: str) -> None:
        seen.append((what, running.now() - START))

    def first() -> None:
        note("first")
        running.call_later(0.5, note, "follows")

    running.call_later(1, first)
    running.call_later(2, note, "second")
    machine.seconds = 3
    await _catch_up(running)
    assert seen == [("first", 1), ("follows", 1.5), ("second", 2)]
    assert running.now() == START + 3


async def test_a_task_that_wakes_late_goes_on_before_what_was_due_after_it(running: Clock, machine: Machine) -> None:
    seen: list[tuple[str, float]] = []

    async def program() -> None:
        await running.sleep(1)
        await asyncio.sleep(0)
        seen.append(("answer", running.now() - START))

    running.spawn(program())
    await asyncio.sleep(0)
    running.call_later(1.5, lambda: seen.append(("timeout", running.now() - START)))
    machine.seconds = 4
    await _catch_up(running)
    assert seen == [("answer", 1), ("timeout", 1.5)]


async def test_every_tick_that_is_late_comes(running: Clock, machine: Machine) -> None:
    ticks: list[tuple[str, float]] = []
    running.every(1, lambda: ticks.append(("tick", running.now() - START)))
    machine.seconds = 4.5
    await _catch_up(running)
    assert [when for _, when in ticks] == [1, 2, 3, 4]


async def test_a_day_begins_where_time_would_be(running: Clock, machine: Machine) -> None:
    """Advancing lives through what is late too."""
    seen: list[float] = []
    running.call_later(1, lambda: seen.append(running.now() - START))
    machine.seconds = 3
    await running.advance(10)
    assert seen == [1]
    assert running.now() == START + 13


async def test_callbacks_leave_room_for_sockets(running: Clock) -> None:
    done: list[int] = []

    def slow(number: int) -> None:
        until = time.thread_time() + BATCH_SECONDS / 2
        while time.thread_time() < until:
            pass
        done.append(number)

    for number in range(12):
        running.call_soon(slow, number)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert 0 < len(done) < 12
    await running.settle()
    assert done == list(range(12))
