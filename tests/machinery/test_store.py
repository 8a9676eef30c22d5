"""The store: order, versions, windows, and a state machine of store and watch."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import WINDOW, Event, Store


def obj(name: str, namespace: str = "a", **more: Any) -> Json:
    return {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": name, "namespace": namespace}} | more


async def test_entries_come_by_namespace_and_name(clock: Clock) -> None:
    store = Store(clock)
    for namespace, name in (("b", "x"), ("a", "z"), ("a", "y")):
        store.put("things", (namespace, name), obj(name, namespace))
    assert [e.obj["metadata"]["name"] for e in store.entries("things")] == ["y", "z", "x"]
    assert [e.obj["metadata"]["name"] for e in store.entries("things", "a")] == ["y", "z"]


async def test_order_is_that_of_etcds_keys(clock: Clock) -> None:
    """``/`` comes after ``-`` and before letters: so does the end of a namespace's name."""
    store = Store(clock)
    for namespace in ("a", "ab", "a-b"):
        store.put("things", (namespace, "x"), obj("x", namespace))
        assert [e.obj["metadata"]["namespace"] for e in store.entries("things", namespace)] == [namespace]
    assert [e.obj["metadata"]["namespace"] for e in store.entries("things")] == ["a-b", "a", "ab"]


async def test_events_are_delivered_later_and_in_order(clock: Clock) -> None:
    store = Store(clock)
    seen: list[tuple[str, int]] = []
    store.subscribe("things", lambda event: seen.append((event.type, event.entry.revision)))
    store.put("things", ("a", "x"), obj("x"))
    store.put("things", ("a", "x"), obj("x", value=1))
    store.remove("things", ("a", "x"))
    assert seen == []
    await clock.settle()
    assert [kind for kind, _ in seen] == ["ADDED", "MODIFIED", "DELETED"]
    assert [revision for _, revision in seen] == sorted(revision for _, revision in seen)


async def test_one_faulty_subscriber_does_not_stop_the_others(clock: Clock) -> None:
    import asyncio

    store = Store(clock)
    seen: list[Event] = []
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)

    def faulty(_: Event) -> None:
        raise RuntimeError

    store.subscribe("things", faulty)
    store.subscribe("things", seen.append)
    store.put("things", ("a", "x"), obj("x"))
    await clock.settle()
    assert len(seen) == 1


async def test_state_at_an_earlier_revision(clock: Clock) -> None:
    store = Store(clock)
    store.put("things", ("a", "x"), obj("x", value=1))
    then = store.revision
    store.put("things", ("a", "x"), obj("x", value=2))
    store.put("things", ("a", "y"), obj("y"))
    assert [entry.obj.get("value") for entry in store.entries_at("things", "a", then)] == [1]


async def test_revisions_older_than_the_window_are_gone(clock: Clock) -> None:
    store = Store(clock)
    for number in range(WINDOW + 10):
        store.put("things", ("a", "x"), obj("x", value=number))
    with pytest.raises(ApiError) as refused:
        store.since("things", 1)
    assert refused.value.code == 410
    assert len(store.since("things", store.revision - 5)) == 5


class StoreAndWatch(RuleBasedStateMachine):
    """A watcher that starts anywhere and replays events always ends with what the store has."""

    def __init__(self) -> None:
        super().__init__()
        import asyncio

        self.loop = asyncio.new_event_loop()
        self.clock = self.loop.run_until_complete(self._clock())
        self.store = Store(self.clock)
        self.seen: dict[tuple[str, str], Json] = {}
        self.last = 0
        self.store.subscribe("things", self._event)
        self.marks: list[tuple[int, dict[tuple[str, str], Json]]] = [(self.store.revision, {})]

    async def _clock(self) -> Clock:
        return Clock(rate=0, start=0)

    def _event(self, event: Event) -> None:
        assert event.entry.revision > self.last
        self.last = event.entry.revision
        meta = event.obj["metadata"]
        if event.type == "DELETED":
            self.seen.pop((meta["namespace"], meta["name"]))
        else:
            self.seen[meta["namespace"], meta["name"]] = event.obj

    @rule(name=st.sampled_from("xyz"), namespace=st.sampled_from("ab"), value=st.integers(0, 3))
    def put(self, name: str, namespace: str, value: int) -> None:
        self.store.put("things", (namespace, name), obj(name, namespace, value=value))

    @rule(name=st.sampled_from("xyz"), namespace=st.sampled_from("ab"))
    def remove(self, name: str, namespace: str) -> None:
        self.store.remove("things", (namespace, name))

    @rule()
    def mark(self) -> None:
        self.marks.append((self.store.revision, self._now()))

    @rule()
    def deliver(self) -> None:
        self.loop.run_until_complete(self.clock.settle())
        assert self.seen == self._now()

    def _now(self) -> dict[tuple[str, str], Json]:
        return {
            (entry.obj["metadata"]["namespace"], entry.obj["metadata"]["name"]): entry.obj
            for entry in self.store.entries("things")
        }

    @invariant()
    def every_mark_can_be_replayed_and_read(self) -> None:
        for revision, state in self.marks[-3:]:
            replayed = dict(state)
            for event in self.store.since("things", revision):
                meta = event.obj["metadata"]
                if event.type == "DELETED":
                    del replayed[meta["namespace"], meta["name"]]
                else:
                    replayed[meta["namespace"], meta["name"]] = event.obj
            assert replayed == self._now()
            assert [e.obj for e in self.store.entries_at("things", None, revision)] == [
                state[key] for key in sorted(state)
            ]

    def teardown(self) -> None:
        self.clock.close()
        self.loop.close()


StoreAndWatch.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
TestStoreAndWatch = StoreAndWatch.TestCase
