"""WATCH: changes as lines of JSON, from a resource version or after what is there now.

Mirrors ``apiserver/pkg/endpoints/handlers/watch.go`` and the watch cache (``storage/cacher``): a change by which an object
begins or ceases to fit the selectors is shown as ADDED or DELETED; a resource version older than the window gives an
ERROR event with 410. Each event is encoded once for all watchers of the same form; what happens in one turn of the loop
goes out in one chunk.
"""

import asyncio
import random
from typing import TYPE_CHECKING

import orjson

from k8s_tutor.sim.apiserver import tables
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Response, Streaming, StreamWriter
from k8s_tutor.sim.apiserver.negotiation import PROTOBUF, WATCH_TYPES, YAML
from k8s_tutor.sim.apiserver.options import ListOptions, list_options, revision
from k8s_tutor.sim.apiserver.paging import Page
from k8s_tutor.sim.apiserver.reading import version_encoded
from k8s_tutor.sim.apiserver.selection import Selection, selection
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Entry, Event

if TYPE_CHECKING:
    from k8s_tutor.apimachinery.unstructured import Json

MIN_TIMEOUT = 1800.0
BOOKMARK_SECONDS = 60.0
BOOKMARK_BEFORE_END = 2.0
SLOW = 64 << 20  # bytes that a watcher may lag behind before it is cut off


def watch(call: Call) -> Streaming | Response:
    """WATCH a collection."""
    if call.form.media == YAML:
        raise ApiError(406, "NotAcceptable", f"only the following media types are accepted: {', '.join(WATCH_TYPES)}")
    options = list_options(call.request, watch=True)
    name = call.info.name if call.info.old_watch else ""
    chosen = selection(call.request, call.resource, name)
    start = revision(options.version, watch=True)
    watcher = Watcher(call, options, chosen, start)
    media = call.form.media
    return Streaming(watcher.run, f"{media};stream=watch" if media == PROTOBUF else media)


class Watcher:
    """One watch."""

    def __init__(self, call: Call, options: ListOptions, chosen: Selection, start: int) -> None:
        self._call = call
        self._options = options
        self._chosen = chosen
        self._start = start
        self._store = call.server.rest.store
        self._loop = asyncio.get_running_loop()
        self._namespace = call.info.namespace if call.resource.namespaced else ""
        self._buffer: list[bytes] = []
        self._seen = 0
        self._columns_sent = False
        self._form = (
            call.form.transform,
            call.form.media,
            call.form.version,
            call.resource.api_version,
            call.request.param("includeObject"),
        )
        self._writer: StreamWriter

    async def run(self, writer: StreamWriter) -> None:
        """Write events until the client goes, the time is over, or the server stops."""
        self._writer = writer
        try:
            if (self._options.timeout or 0) < 0:
                raise ApiError(500, "InternalError", "context deadline exceeded")
            self._begin()
        except ApiError as error:
            writer.write(self._framed("ERROR", orjson.dumps(error.status())))
            return
        end = self._store.subscribe(self._call.resource.name, self._deliver, client=True)
        try:
            await self._wait(writer)
        finally:
            end()
            self._flush()

    async def _wait(self, writer: StreamWriter) -> None:
        timeout = self._options.timeout
        left = float(timeout) if timeout else MIN_TIMEOUT * (1 + random.random())
        gone = asyncio.ensure_future(self._call.server.until_stopped(writer))
        try:
            while left > 0:
                step = self._until_bookmark(left) if self._options.bookmarks else left
                done, _ = await asyncio.wait((gone,), timeout=step)
                if done:
                    return
                left -= step
                if self._options.bookmarks and left > 0:
                    self._bookmark()
        finally:
            gone.cancel()

    @staticmethod
    def _until_bookmark(left: float) -> float:
        """Return the seconds to the next bookmark: each minute, and shortly before the end."""
        before_end = left - BOOKMARK_BEFORE_END
        return min(left, BOOKMARK_SECONDS, before_end if before_end > 0 else left)

    def _begin(self) -> None:
        options = self._options
        shows_present = self._start == 0 or options.initial_events
        if options.initial_events is False:
            shows_present = False
        self._seen = self._store.revision
        if shows_present:
            namespace = self._namespace or None
            for entry in self._store.entries(self._call.resource.name, namespace):
                if self._chosen.fits(entry.obj):
                    self._line("ADDED", entry, None)
            if options.initial_events and options.bookmarks:
                self._bookmark(initial=True)
        elif self._start:
            for event in self._store.since(self._call.resource.name, self._start):
                self._show(event)
        self._seen = max(self._seen, self._start)
        self._flush()

    def _deliver(self, event: Event) -> None:
        if event.entry.revision > self._seen:
            self._show(event)

    def _show(self, event: Event) -> None:
        if self._namespace and event.obj["metadata"].get("namespace") != self._namespace:
            return
        if self._chosen.everything:
            self._line(event.type, event.entry, event)
            return
        fits = event.type != "DELETED" and self._chosen.fits(event.obj)
        old = event.old
        fitted = old is not None and self._chosen.fits(old.obj)
        if fits:
            self._line("MODIFIED" if fitted else "ADDED", event.entry, event)
        elif fitted and old is not None:
            if event.type == "DELETED":
                self._line("DELETED", event.entry, event)
            else:
                version = {"resourceVersion": str(event.entry.revision)}
                shown = old.obj | {"metadata": old.obj["metadata"] | version}
                self._line("DELETED", Entry(shown, event.entry.revision), None)

    def _line(self, type_: str, entry: Entry, event: Event | None) -> None:
        if self._form[0] == "Table":
            line = self._table_line(tables.table(self._call, Page([entry], str(entry.revision))), type_)
        elif event is None:
            line = self._encode(type_, entry)
        else:
            key = (type_, self._form)
            cached = event.lines.get(key)
            if cached is None:
                cached = event.lines[key] = self._encode(type_, entry)
            line = cached
        self._add(line)

    def _encode(self, type_: str, entry: Entry) -> bytes:
        body = (
            orjson.dumps(tables.partial(self._call, entry.obj)) if self._form[0] else version_encoded(self._call, entry)
        )
        return self._framed(type_, body)

    def _framed(self, type_: str, body: bytes) -> bytes:
        """Return an event as a line of JSON or as a frame of protobuf."""
        if self._form[1] != PROTOBUF:
            return b'{"type":"%b","object":%b}\n' % (type_.encode(), body)
        from k8s_tutor.apimachinery import protobuf

        return protobuf.encode_watch_frame(type_, protobuf.encode(orjson.loads(body)))

    def _table_line(self, table: "Json", type_: str) -> bytes:
        """Return a Table as a line; only the first carries the columns."""
        if self._columns_sent:
            table["columnDefinitions"] = None
        self._columns_sent = True
        return b'{"type":"%b","object":%b}\n' % (type_.encode(), orjson.dumps(table))

    def _bookmark(self, *, initial: bool = False) -> None:
        resource = self._call.resource
        meta: Json = {"resourceVersion": str(self._store.revision)}
        if initial:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        obj = resource.encode({"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta})
        entry = Entry(obj, self._store.revision)
        if self._form[0] == "Table":
            self._add(self._table_line(tables.bookmark_table(self._call, entry.obj), "BOOKMARK"))
        else:
            self._line("BOOKMARK", entry, None)

    def _add(self, line: bytes) -> None:
        if not self._buffer:
            self._loop.call_soon(self._flush)
        self._buffer.append(line)

    def _flush(self) -> None:
        if not self._buffer:
            return
        # Nobody may see what a crash could still undo.
        self._store.commit()
        resource = self._call.resource
        self._call.server.requests.sent(resource.group, resource.version, resource.plural, len(self._buffer))
        data = b"".join(self._buffer)
        self._buffer.clear()
        if not self._writer.closed:
            self._writer.write(data)
            if self._writer.backlog > SLOW:
                self._writer.abort()
