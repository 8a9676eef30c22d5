"""The versioned store, which stands where etcd and the watch cache stand in a real control plane.

One counter of revisions for all objects. Objects are plain dicts, **immutable once stored**: whoever changes one makes
a copy first; so the store, the watchers and the controllers share them without locks. Every change is kept in a window
of recent events (from which a watch may start), and delivered to subscribers in order, after the present callback: never
re-entrantly. Changes reach the journal in groups: before anything that shows them leaves the process (``commit``), and
otherwise a moment later; of an object that changed several times meanwhile, only the last state is written.
"""

import asyncio
import contextlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import orjson

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.machinery.collection import Collection, Key
from k8s_tutor.sim.machinery.status import gone

WINDOW = 5_000
COMMIT_SECONDS = 0.05  # of real time, for changes that nobody is waiting for
TYPE_META = frozenset(("kind", "apiVersion"))


@lru_cache(maxsize=1024)
def type_prefix(kind: str, api_version: str) -> bytes:
    """Return the beginning of an object's JSON."""
    return b'{"kind":%b,"apiVersion":%b,' % (orjson.dumps(kind), orjson.dumps(api_version))


@dataclass(slots=True)
class Entry:
    """A stored object with its version and, once somebody asked, its JSON."""

    obj: Json
    revision: int
    _item: bytes | None = field(default=None, repr=False)

    @property
    def item(self) -> bytes:
        """The object's JSON without ``kind`` and ``apiVersion``, as lists of built-in kinds show it."""
        if self._item is None:
            obj = self.obj
            self._item = orjson.dumps({key: obj[key] for key in obj if key not in TYPE_META})
        return self._item

    @property
    def encoded(self) -> bytes:
        """The object's JSON."""
        obj = self.obj
        return type_prefix(obj.get("kind", ""), obj.get("apiVersion", "")) + self.item[1:]


@dataclass(slots=True)
class Event:
    """A change: ``ADDED``, ``MODIFIED`` or ``DELETED``; ``entry`` is the object after (DELETED: as it was last).

    ``lines`` keeps what watchers have encoded of it, so that each form is made once however many watch.
    """

    type: str
    resource: str
    entry: Entry
    old: Entry | None
    lines: dict[Any, bytes] = field(default_factory=dict, repr=False)

    @property
    def obj(self) -> Json:
        """The object after the change (DELETED: as it was last, with the deletion's resource version)."""
        return self.entry.obj


class Journal(Protocol):
    """Where changes are made durable."""

    def save(self, changes: "Mapping[tuple[str, Key], Entry | None]", revision: int) -> None:
        """Make these objects' present states (None: removed) survive the process, all or none."""


class Quorum(Protocol):
    """Whether the (simulated) etcd accepts writes."""

    def check_write(self) -> None:
        """Raise the API's error when there is no quorum."""


class Store:
    """Objects of all resources; a resource is named by ``plural`` or ``plural.group``.

    Args:
        clock: the cluster's clock; events are delivered by it.
        journal: where changes are made durable; None keeps them in memory only.

    Attributes:
        beating: nodes whose leases are being renewed; while time is lived through at once, only when it matters.
    """

    def __init__(self, clock: Clock, journal: Journal | None = None) -> None:
        self.clock = clock
        self.journal = journal
        self.quorum: Quorum | None = None
        self.revision = 1
        self._collections: defaultdict[str, Collection[Entry]] = defaultdict(Collection)
        self._log: deque[Event] = deque()
        self._oldest: int = 1
        self._pending: deque[Event] = deque()
        self._unsaved: dict[tuple[str, Key], Entry | None] = {}
        self._saving: asyncio.TimerHandle | None = None
        self._subscribers: dict[str, list[Callable[[Event], None]]] = {}
        self._all: list[Callable[[Event], None]] = []
        self.beating: set[str] = set()
        self._watched: Counter[str] = Counter()
        self._indexers: dict[str, list[Callable[[Event], None]]] = {}

    # -- reading

    def get(self, resource: str, namespace: str, name: str) -> Entry | None:
        """Return the entry, or None."""
        collection = self._collections.get(resource)
        return collection.get((namespace, name)) if collection is not None else None

    def entries(self, resource: str, namespace: str | None = None, start: str = "") -> Iterator[Entry]:
        """Yield the resource's entries in order (``None``: of all namespaces), from ``namespace/name`` on."""
        collection = self._collections.get(resource)
        return iter(()) if collection is None else collection.listed(namespace, start)

    def entries_at(self, resource: str, namespace: str | None, revision: int, start: str = "") -> Iterator[Entry]:
        """Return the entries as they were at a revision.

        Raises:
            ApiError: 410 when the revision is older than the window.
        """
        later = self.since(resource, revision)
        if not later:
            return self.entries(resource, namespace, start)
        then = self._collections[resource].copy()
        for event in reversed(later):
            meta = event.obj["metadata"]
            key = (meta.get("namespace", ""), meta["name"])
            if event.old is None:
                then.pop(key)
            else:
                then.put(key, event.old)
        return then.listed(namespace, start)

    def count(self, resource: str) -> int:
        """Return how many objects of the resource there are."""
        return len(self._collections.get(resource, ()))

    def resources(self) -> list[str]:
        """Return the names of resources that have had objects."""
        return list(self._collections)

    # -- writing

    def put(self, resource: str, key: Key, obj: Json) -> Entry:
        """Store a new or changed object; sets ``metadata.resourceVersion`` on it. The caller gives the dict away."""
        if self.quorum is not None:
            self.quorum.check_write()
        self.revision += 1
        obj["metadata"]["resourceVersion"] = str(self.revision)
        entry = Entry(obj, self.revision)
        old = self._collections[resource].put(key, entry)
        self._note(resource, key, entry)
        self._emit(Event("ADDED" if old is None else "MODIFIED", resource, entry, old))
        return entry

    def remove(self, resource: str, key: Key, last: Json | None = None) -> Entry | None:
        """Remove an object; the watch shows it as ``last`` (or as stored) with the revision of the deletion."""
        collection = self._collections[resource]
        old = collection.get(key)
        if old is None:
            return None
        if self.quorum is not None:
            self.quorum.check_write()
        collection.pop(key)
        self.revision += 1
        shown = last if last is not None else old.obj
        shown = shown | {"metadata": shown["metadata"] | {"resourceVersion": str(self.revision)}}
        entry = Entry(shown, self.revision)
        self._note(resource, key, None)
        self._emit(Event("DELETED", resource, entry, old))
        return entry

    def load(self, resource: str, key: Key, obj: Json, revision: int) -> None:
        """Take an object as a journal or snapshot has it, without an event."""
        self._collections[resource].put(key, Entry(obj, revision))

    # -- watching

    def subscribe(
        self, resource: str | None, callback: Callable[[Event], None], *, client: bool = False
    ) -> Callable[[], None]:
        """Call back for every later change of the resource (None: of all); returns what ends it.

        ``client``: it is somebody outside of the cluster who watches.
        """
        callbacks = self._all if resource is None else self._subscribers.setdefault(resource, [])
        callbacks.append(callback)
        if client and resource is not None:
            self._watched[resource] += 1

        def end() -> None:
            with contextlib.suppress(ValueError):
                callbacks.remove(callback)
                if client and resource is not None:
                    self._watched[resource] -= 1

        return end

    def is_watched(self, resource: str) -> bool:
        """Whether anybody outside of the cluster watches the resource."""
        return self._watched[resource] > 0

    def index(self, resource: str, indexer: Callable[[Event], None]) -> None:
        """Call ``indexer`` within every later change of the resource: for indexes that must never lag behind.

        It may read and remember, not write; subscribers are for everything else.
        """
        self._indexers.setdefault(resource, []).append(indexer)

    def since(self, resource: str, revision: int) -> list[Event]:
        """Return the resource's events after a revision, delivered or not.

        Raises:
            ApiError: 410 when the revision is older than the window.
        """
        if revision < self._oldest - 1:
            raise gone(f"too old resource version: {revision} ({self._oldest})")
        found = []
        for event in reversed(self._log):
            if event.entry.revision <= revision:
                break
            if event.resource == resource:
                found.append(event)
        found.reverse()
        return found

    @property
    def oldest(self) -> int:
        """The oldest revision from which a watch may start."""
        return self._oldest - 1

    def pending(self) -> bool:
        """Whether events are waiting to be delivered."""
        return bool(self._pending)

    def forget_history(self) -> None:
        """Drop the window: watches from before now get 410 (after a restore or a restart)."""
        self._log.clear()
        self._oldest = self.revision + 1

    def commit(self) -> None:
        """Make all changes durable: to be called before a change is acknowledged."""
        if self._saving is not None:
            self._saving.cancel()
            self._saving = None
        if self._unsaved and self.journal is not None:
            unsaved, self._unsaved = self._unsaved, {}
            self.journal.save(unsaved, self.revision)

    def _note(self, resource: str, key: Key, entry: Entry | None) -> None:
        """Let a change be saved with the next commit, and see to it that there is one."""
        if self.journal is None:
            return
        self._unsaved[resource, key] = entry
        if self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(COMMIT_SECONDS, self.commit)

    def _emit(self, event: Event) -> None:
        for indexer in self._indexers.get(event.resource, ()):
            indexer(event)
        self._log.append(event)
        if len(self._log) > WINDOW:
            self._oldest = self._log.popleft().entry.revision + 1
        if not self._pending:
            self.clock.call_soon(self._deliver)
        self._pending.append(event)

    def _deliver(self) -> None:
        """Deliver all pending events in order; what subscribers write meanwhile comes in a later round."""
        batch, self._pending = self._pending, deque()
        for event in batch:
            for callback in (*self._subscribers.get(event.resource, ()), *self._all):
                self.clock.guarded(callback, (event,))
