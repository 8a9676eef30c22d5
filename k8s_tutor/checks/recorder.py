"""The recorded watch: every state that the watched objects went through, with the cluster's own times.

One thread a collection lists, then watches. A broken stream is taken up where it ended, which loses nothing; after
``410 Gone`` the collection is listed anew and a gap is marked: what happened meanwhile nobody saw, and checks over the
history must not pass on it. An entry's time is the cluster's: the latest that the object itself tells (managedFields,
status), which is right also when hours pass in a second; where that tells nothing new, the server's at the reception.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from k8s_tutor.checks.objects import Object, ObjectQuery
from k8s_tutor.client import ApiError, Client, Watch
from k8s_tutor.errors import ClusterUnavailableError

MAX_ENTRIES: Final = 20_000
RETRY: Final = 0.5
QUIET: Final = 0.03


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: ``ADDED`` (or there from the beginning), ``MODIFIED`` or ``DELETED``."""

    time: float
    type: str
    object: Object


@dataclass
class History:
    """What happened in one collection.

    Attributes:
        entries: in order.
        complete: nothing was missed since ``Recorder.start``.
        why_incomplete: what was missed, for people.
    """

    entries: list[Entry] = field(default_factory=list)
    complete: bool = True
    why_incomplete: str = ""

    def moments(self) -> Iterator[tuple[float, list[Object]]]:
        """Yield the objects that were there, at the time of every change."""
        there: dict[str, Object] = {}
        for entry in self.entries:
            uid = entry.object["metadata"].get("uid", "")
            if entry.type == "DELETED":
                there.pop(uid, None)
            else:
                there[uid] = entry.object
            yield entry.time, list(there.values())


class Recorder:
    """Records collections from ``start`` to ``stop``.

    Args:
        client: the cluster.
        namespace: the exercise's.
        on_change: called (from a recording thread) after each change, and with the error when the cluster is lost.
    """

    def __init__(
        self,
        client: Client,
        namespace: str,
        on_change: Callable[[ClusterUnavailableError | None], None] | None = None,
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._on_change = on_change or (lambda _: None)
        self._tapes: dict[ObjectQuery, _Tape] = {}

    def start(self, queries: Iterable[ObjectQuery], *, missed: str = "") -> None:
        """Begin to record; returns when each collection was listed once, so that nothing later is missed.

        Args:
            queries: what to record.
            missed: what happened before that nobody recorded; empty at the true beginning.

        Raises:
            ClusterUnavailableError: no cluster answers.
        """
        for query in dict.fromkeys(queries):
            if query not in self._tapes:
                self._tapes[query] = tape = _Tape(self._client, query, self._namespace, self._on_change)
                if missed:
                    tape.note(missed)
        for tape in self._tapes.values():
            tape.start()

    def stop(self) -> None:
        """End all recordings."""
        for tape in self._tapes.values():
            tape.stop()

    def history(self, query: ObjectQuery) -> History | None:
        """Return what was recorded; None where this was not recorded."""
        tape = self._tapes.get(query)
        return tape.copy() if tape is not None else None

    def sync(self, timeout: float = 5.0) -> bool:
        """Wait until what was recorded has caught up with the cluster; False if it does not in time."""
        end = time.monotonic() + timeout
        return all(tape.sync(end) for tape in self._tapes.values())


class _Tape:
    """One collection's recording."""

    def __init__(
        self,
        client: Client,
        query: ObjectQuery,
        namespace: str,
        on_change: Callable[[ClusterUnavailableError | None], None],
    ) -> None:
        self._client = client
        self._query = query
        self._namespace = namespace
        self._on_change = on_change
        self._history = History()
        self._known: dict[str, Object] = {}
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._watch: Watch | None = None
        self._thread: threading.Thread | None = None
        self._version = ""
        self._last = 0.0

    def start(self) -> None:
        if self._thread is not None:
            return
        # What is there already counts from now on.
        self._last = self._server_time()
        resource = self._query.resource(self._client)
        if resource is not None:
            self._list(resource.path(self._place))
        self._thread = threading.Thread(target=self._run, name=f"record {self._query}", daemon=True)
        self._thread.start()

    @property
    def _place(self) -> str | None:
        return None if self._query.all_namespaces else self._query.namespace or self._namespace

    def stop(self) -> None:
        self._stop.set()
        with self._changed:
            watch = self._watch
        if watch is not None:
            watch.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=2)

    def copy(self) -> History:
        with self._changed:
            kept = self._history
            return History(list(kept.entries), kept.complete, kept.why_incomplete)

    def sync(self, end: float) -> bool:
        """Compare with fresh lists until one agrees with what is known."""
        resource = self._query.resource(self._client)
        if resource is None:
            return True
        while True:
            items = self._client.list(resource.path(self._place), **self._query.params)
            wanted = {item["metadata"]["uid"]: item["metadata"]["resourceVersion"] for item in items}
            with self._changed:
                # What came and went again shows in no list: a moment of quiet tells that nothing more is on its way.
                agreed = self._versions() == wanted
                if not self._changed.wait(QUIET) and agreed:
                    return True
            if time.monotonic() >= end:
                return False

    def _versions(self) -> dict[str, str]:
        return {uid: obj["metadata"]["resourceVersion"] for uid, obj in self._known.items()}

    # -- the recording thread

    def _run(self) -> None:
        lost = False
        while not self._stop.is_set():
            try:
                self._record()
                if lost:
                    lost = False
                    self._on_change(None)
            except ClusterUnavailableError as error:
                lost = True
                self._on_change(error)
                self._stop.wait(RETRY)
            except ApiError as error:
                if error.status == 410:
                    self._miss("the watch was too slow and lost changes")
                elif error.status in {401, 403}:
                    self._miss(error.message)
                    return
                self._stop.wait(RETRY)

    def _record(self) -> None:
        resource = self._query.resource(self._client)
        if resource is None:
            self._stop.wait(RETRY)
            return
        path = resource.path(self._place)
        if not self._version:
            self._list(path)
        watch = self._client.watch(path, {**self._query.params, "resourceVersion": self._version})
        with self._changed:
            self._watch = watch
        if self._stop.is_set():
            # Iterating a closed watch gives nothing, and lets go of its connection.
            watch.close()
        begun = time.monotonic()
        for event in watch:
            if event.type == "ERROR":
                status = event.object
                raise ApiError(status.get("code", 500), status.get("reason", ""), status.get("message", ""), status)
            self._take(event.type, event.object)
        if not self._stop.is_set() and time.monotonic() - begun < RETRY:
            self._stop.wait(RETRY)

    def _list(self, path: str) -> None:
        listed = self._client.get(path, **self._query.params)
        kind = {"apiVersion": listed.get("apiVersion", ""), "kind": listed.get("kind", "").removesuffix("List")}
        items = {item["metadata"]["uid"]: {**kind, **item} for item in listed.get("items") or ()}
        for uid, obj in list(self._known.items()):
            if uid not in items:
                self._take("DELETED", obj)
        for uid, obj in items.items():
            before = self._known.get(uid)
            if before is None or before["metadata"]["resourceVersion"] != obj["metadata"]["resourceVersion"]:
                self._take("ADDED" if before is None else "MODIFIED", obj)
        self._version = listed.get("metadata", {}).get("resourceVersion", "")

    def _take(self, type_: str, obj: Object) -> None:
        self._version = obj.get("metadata", {}).get("resourceVersion", self._version)
        if type_ == "BOOKMARK":
            return
        told = latest_time(obj)
        when = told if told > self._last else self._server_time()
        with self._changed:
            self._last = max(self._last, when)
            self._history.entries.append(Entry(self._last, type_, obj))
            if len(self._history.entries) > MAX_ENTRIES:
                del self._history.entries[: MAX_ENTRIES // 10]
                self.note("too much happened to keep all of it")
            uid = obj["metadata"].get("uid", "")
            if type_ == "DELETED":
                self._known.pop(uid, None)
            else:
                self._known[uid] = obj
            self._changed.notify_all()
        self._on_change(None)

    def _server_time(self) -> float:
        self._client.request("GET", "/version")
        return self._client.now().timestamp()

    def _miss(self, why: str) -> None:
        with self._changed:
            self._version = ""
            self.note(why)
            self._changed.notify_all()
        self._on_change(None)

    def note(self, why: str) -> None:
        """Mark a gap."""
        self._history.complete = False
        self._history.why_incomplete = why


def latest_time(obj: Mapping[str, Any]) -> float:
    """Return the latest time that an object tells about itself, epoch seconds; 0 if none."""
    metadata = obj.get("metadata") or {}
    texts = [metadata.get("creationTimestamp"), *(entry.get("time") for entry in metadata.get("managedFields") or ())]
    return max((_epoch(text) for text in (*texts, *_times(obj.get("status")))), default=0.0)


def _times(value: Any) -> Iterator[Any]:
    """Every text under a field that is called a time."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key.endswith(("Time", "At")):
                yield inner
            else:
                yield from _times(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _times(inner)


def _epoch(text: Any) -> float:
    if isinstance(text, str):
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(text).timestamp()
    return 0.0
