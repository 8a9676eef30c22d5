"""Events as components record them, combined as client-go's ``tools/record`` combines them.

The same event again (same object, type, reason, message, component, field) raises ``count`` and ``lastTimestamp`` of
the first. From the tenth different message on (object, type and reason equal) within ten minutes, they become one with the
message ``(combined from similar events): …``. More than 25 of a type for one object at once are dropped, refilled by one
in five minutes.
"""

import itertools
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Protocol

from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.machinery.status import ApiError

AGGREGATE_SECONDS = 600.0
AGGREGATE_LIMIT = 10
SPAM_BURST = 25.0
SPAM_REFILL_SECONDS = 300.0
CACHE = 4096
# Components record at the same moment of a clock that stands still: their names must differ all the same.
_serial = itertools.count()


class EventSink(Protocol):
    """Where events go."""

    def create(self, resource: str, obj: Json) -> Json:
        """Store a new object."""

    def update(self, resource: str, obj: Json) -> Json:
        """Store a changed object."""

    def get(self, resource: str, name: str, namespace: str = "") -> Json | None:
        """Return an object or None."""


@dataclass(slots=True)
class _Similar:
    messages: set[str]
    last: float


def reference(obj: Json, field_path: str | None = None) -> Json:
    """Return the ObjectReference that an event is about."""
    meta = obj["metadata"]
    out: Json = {"kind": obj["kind"]}
    if meta.get("namespace"):
        out["namespace"] = meta["namespace"]
    out |= {"name": meta["name"], "apiVersion": obj["apiVersion"]}
    if meta.get("uid"):
        out["uid"] = meta["uid"]
    if meta.get("resourceVersion"):
        out["resourceVersion"] = meta["resourceVersion"]
    if field_path:
        out["fieldPath"] = field_path
    return out


class Recorder:
    """Records events for one component.

    Args:
        clock: cluster time.
        sink: an in-process client.
        component: ``deployment-controller``, ``kubelet``, ``default-scheduler`` …
        host: the node, for kubelets.
    """

    def __init__(self, clock: Clock, sink: EventSink, component: str, host: str = "") -> None:
        self._clock = clock
        self._sink = sink
        self._component = component
        self._host = host
        self._known: OrderedDict[tuple[str, ...], tuple[str, str]] = OrderedDict()
        self._similar: OrderedDict[tuple[str, ...], _Similar] = OrderedDict()
        self._spam: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()

    def event(self, obj: Json, type_: str, reason: str, message: str, field_path: str | None = None) -> None:
        """Record an event about an object; ``field_path`` such as ``spec.containers{main}``."""
        about = reference(obj, field_path)
        subject = (about["kind"], about.get("namespace", ""), about["name"], about.get("uid", ""), about["apiVersion"])
        if self._is_spam((self._host, *subject, type_)):
            return
        now = self._clock.now()
        similar_key = (*subject, type_, reason)
        shown, combined = self._aggregate(similar_key, message, now)
        key = similar_key if combined else (*similar_key, about.get("fieldPath", ""), message)
        try:
            if not self._count(key, shown, now):
                self._create(key, about, (type_, reason, shown), now, reporter="" if combined else self._component)
        except ApiError:
            return  # as client-go: an event that is refused (a namespace that ends) is lost
        finally:
            _trim(self._known)

    def _aggregate(self, key: tuple[str, ...], message: str, now: float) -> tuple[str, bool]:
        similar = self._similar.get(key)
        if similar is None or now - similar.last > AGGREGATE_SECONDS:
            similar = self._similar[key] = _Similar(set(), now)
        self._similar.move_to_end(key)
        similar.messages.add(message)
        similar.last = now
        _trim(self._similar)
        if len(similar.messages) < AGGREGATE_LIMIT:
            return message, False
        similar.messages.pop()
        return "(combined from similar events): " + message, True

    def _is_spam(self, key: tuple[str, ...]) -> bool:
        now = self._clock.now()
        tokens, last = self._spam.get(key, (SPAM_BURST, now))
        tokens = min(SPAM_BURST, tokens + (now - last) / SPAM_REFILL_SECONDS)
        spam = tokens < 1
        self._spam[key] = (tokens if spam else tokens - 1, now)
        self._spam.move_to_end(key)
        _trim(self._spam)
        return spam

    def _count(self, key: tuple[str, ...], message: str, now: float) -> bool:
        place = self._known.get(key)
        old = self._sink.get("events", place[1], place[0]) if place else None
        if old is None:
            return False
        new = clone(old)
        new["count"] = old.get("count", 1) + 1
        new["lastTimestamp"] = rfc3339(now)
        new["message"] = message
        self._sink.update("events", new)
        self._known.move_to_end(key)
        return True

    def _create(self, key: tuple[str, ...], about: Json, what: tuple[str, str, str], now: float, reporter: str) -> None:
        """Store a new event; ``what`` is its type, reason and message. A combined one names no reporter."""
        type_, reason, message = what
        namespace = about.get("namespace") or "default"
        source = {"component": self._component} | ({"host": self._host} if self._host else {})
        # Upstream names an event by its object and the time in nanoseconds, in hexadecimal.
        name = f"{about['name']}.{int(now * 1e9) + next(_serial):016x}"
        self._known[key] = (namespace, name)
        self._sink.create(
            "events",
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": namespace},
                "involvedObject": about,
                "reason": reason,
                "message": message,
                "source": source,
                "firstTimestamp": rfc3339(now),
                "lastTimestamp": rfc3339(now),
                "count": 1,
                "type": type_,
                "eventTime": None,
                "reportingComponent": reporter,
                "reportingInstance": self._host if reporter else "",
            },
        )


def _trim(cache: OrderedDict[tuple[str, ...], Any]) -> None:
    while len(cache) > CACHE:
        cache.popitem(last=False)
