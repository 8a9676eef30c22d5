"""When a refused pod is tried again."""

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.scheduler.framework import ClusterEvent
from k8s_tutor.sim.scheduler.queue import SchedulingQueue, backoff
from tests.scheduler.places import Places


def queue_of(places: Places, clock: Clock) -> SchedulingQueue:
    return SchedulingQueue(clock, places.profile.by_name, lambda: None)


def test_backoff_doubles_to_ten_seconds() -> None:
    assert [backoff(count) for count in (1, 2, 3, 4, 5, 9)] == [1, 2, 4, 8, 10, 10]


async def test_priority_comes_first(places: Places, clock: Clock) -> None:
    queue = queue_of(places, clock)
    low, high = places.pod("low"), places.pod("high", priority=5)
    queue.add(low)
    queue.add(high)
    popped = queue.pop()
    assert popped is not None
    assert popped.info is high


async def test_only_events_that_may_help(places: Places, clock: Clock) -> None:
    queue = queue_of(places, clock)
    queue.add(places.pod(requests={"cpu": "2"}))
    popped = queue.pop()
    assert popped is not None
    queue.refuse(popped, {"NodeResourcesFit"})
    small = {
        "kind": "Node",
        "metadata": {"name": "s"},
        "spec": {},
        "status": {"allocatable": {"cpu": "1", "pods": "9"}},
    }
    large = {
        "kind": "Node",
        "metadata": {"name": "l"},
        "spec": {},
        "status": {"allocatable": {"cpu": "4", "pods": "9"}},
    }
    queue.event(ClusterEvent("Node/UpdateNodeLabel", None, large))
    queue.event(ClusterEvent("Node/Add", None, small))
    assert queue.pop() is None
    queue.event(ClusterEvent("Node/Add", None, large))
    assert queue.pop() is popped


async def test_a_pod_that_failed_by_an_error_waits_its_time(places: Places, clock: Clock) -> None:
    queue = queue_of(places, clock)
    queue.add(places.pod())
    popped = queue.pop()
    assert popped is not None
    queue.refuse(popped, set())
    await clock.advance(0.9)
    assert queue.pop() is None
    await clock.advance(0.2)
    assert queue.pop() is popped


async def test_after_five_minutes_everything_is_tried_again(places: Places, clock: Clock) -> None:
    queue = queue_of(places, clock)
    queue.add(places.pod())
    popped = queue.pop()
    assert popped is not None
    queue.refuse(popped, {"NodeAffinity"})
    await clock.advance(331)
    assert queue.pop() is popped
