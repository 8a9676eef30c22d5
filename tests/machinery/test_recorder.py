"""Events are counted, combined and dropped as client-go's ``tools/record`` does it."""

from typing import Any

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.machinery.recorder import Recorder

Json = dict[str, Any]
POD: Json = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "t", "uid": "u"}}


class Sink:
    """A place for events."""

    def __init__(self) -> None:
        self.events: dict[str, Json] = {}

    def create(self, resource: str, obj: Json) -> Json:
        assert resource == "events"
        self.events[obj["metadata"]["name"]] = obj
        return obj

    def update(self, resource: str, obj: Json) -> Json:
        return self.create(resource, obj)

    def get(self, resource: str, name: str, namespace: str = "") -> Json | None:
        assert (resource, namespace) == ("events", "t")
        return self.events.get(name)

    def shown(self) -> list[tuple[str, int]]:
        return [(event["message"], event["count"]) for event in self.events.values()]


async def test_warnings_do_not_use_up_what_is_left_for_normal_events(clock: Clock) -> None:
    sink = Sink()
    recorder = Recorder(clock, sink, "kubelet", "node1")
    for _ in range(30):
        recorder.event(POD, "Warning", "Unhealthy", "no")
        recorder.event(POD, "Normal", "Started", "yes")
    assert sink.shown() == [("no", 25), ("yes", 25)]
    await clock.advance(301)
    recorder.event(POD, "Normal", "Started", "yes")
    assert sink.shown() == [("no", 25), ("yes", 26)]


async def test_the_tenth_different_message_is_combined_whatever_field_it_is_about(clock: Clock) -> None:
    sink = Sink()
    recorder = Recorder(clock, sink, "kubelet", "node1")
    for number in range(12):
        recorder.event(POD, "Warning", "Failed", f"{number}", f"spec.containers{{c{number % 2}}}")
    assert [message for message, _ in sink.shown()][:9] == [str(number) for number in range(9)]
    assert sink.shown()[9:] == [("(combined from similar events): 11", 3)]


async def test_the_same_message_about_another_field_is_an_event_of_its_own(clock: Clock) -> None:
    sink = Sink()
    recorder = Recorder(clock, sink, "kubelet", "node1")
    for field in ("spec.containers{a}", "spec.containers{b}", "spec.containers{a}"):
        recorder.event(POD, "Normal", "Started", "Container started", field)
    assert sink.shown() == [("Container started", 2), ("Container started", 1)]
