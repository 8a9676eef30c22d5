"""Events live for an hour after they were last written, as with kube-apiserver's ``--event-ttl`` (an etcd lease)."""

from collections import OrderedDict

from k8s_tutor.sim.clock import Clock, Timer
from k8s_tutor.sim.machinery.store import Event, Key, Store

EVENTS = "events"
TTL = 3600.0
BATCH = 60.0  # expired events go once a minute at most


class EventExpiry:
    """Removes events whose time is over."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._due: OrderedDict[Key, float] = OrderedDict()
        self._timer: Timer | None = None
        store.subscribe(EVENTS, self._changed)

    def reload(self) -> None:
        """Give every present event a fresh hour (after a load: leases are not kept)."""
        self._due.clear()
        for entry in self._store.entries(EVENTS):
            meta = entry.obj["metadata"]
            self._due[meta.get("namespace", ""), meta["name"]] = self._clock.now() + TTL
        self._arm()

    def _changed(self, event: Event) -> None:
        meta = event.obj["metadata"]
        key = (meta.get("namespace", ""), meta["name"])
        self._due.pop(key, None)
        if event.type != "DELETED":
            self._due[key] = self._clock.now() + TTL
            self._arm()

    def _arm(self) -> None:
        if self._due and (self._timer is None or self._timer.cancelled):
            self._timer = self._clock.call_at(next(iter(self._due.values())) + BATCH, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = self._clock.now()
        while self._due and next(iter(self._due.values())) <= now:
            key, _ = self._due.popitem(last=False)
            self._store.remove(EVENTS, key)
        self._arm()
