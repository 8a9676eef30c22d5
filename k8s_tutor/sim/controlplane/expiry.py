"""Events live for an hour after they were last written, as with kube-apiserver's ``--event-ttl`` (an etcd lease)."""

from collections import OrderedDict
from typing import TYPE_CHECKING

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.machinery.store import Event, Store

if TYPE_CHECKING:
    from k8s_tutor.sim.machinery.collection import Key

EVENTS = "events"
TTL = 3600.0
PERIOD = 60.0


class EventExpiry:
    """Removes events whose time is over."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._due: OrderedDict[Key, float] = OrderedDict()
        store.subscribe(EVENTS, self._changed)
        clock.every(PERIOD, self._expire, silent=True, limit=self._first)

    def reload(self) -> None:
        """Give every present event a fresh hour (after a load: leases are not kept)."""
        self._due.clear()
        for entry in self._store.entries(EVENTS):
            meta = entry.obj["metadata"]
            self._due[meta.get("namespace", ""), meta["name"]] = self._clock.now() + TTL

    def _changed(self, event: Event) -> None:
        meta = event.obj["metadata"]
        key = (meta.get("namespace", ""), meta["name"])
        self._due.pop(key, None)
        if event.type != "DELETED":
            self._due[key] = self._clock.now() + TTL

    def _first(self) -> float:
        """Return when the oldest event's time is over, or could be."""
        return next(iter(self._due.values()), self._clock.now() + TTL)

    def _expire(self) -> None:
        now = self._clock.now()
        while self._due and next(iter(self._due.values())) <= now:
            key, _ = self._due.popitem(last=False)
            self._store.remove(EVENTS, key)
