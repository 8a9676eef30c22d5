"""Watch streams: one JSON event a line, closable from another thread; `follow` survives expiry and lost connections."""

import threading
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import Any, NamedTuple

import orjson

from k8s_tutor.client.errors import ApiError


class WatchEvent(NamedTuple):
    """ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, and the object."""

    type: str
    object: dict[str, Any]


class Watch:
    """An open stream; iterate it, close it from anywhere.

    Args:
        answer: a streaming urllib3 response.
    """

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    def close(self) -> None:
        """End the iteration, also when it waits for data in another thread."""
        if not self._closed.is_set():
            self._closed.set()
            _abandon(self._answer)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes as they come."""
        try:
            while not self._closed.is_set():
                chunk = self._answer.read1(65536)
                if not chunk:
                    break
                yield chunk
        except _cut_errors():
            # Closed on purpose, the server gone, or its timeout reached: all end the stream.
            pass
        self._answer.close()
        self._answer.release_conn()

    def lines(self) -> Iterator[bytes]:
        """Yield the lines as they come, without their ends; an unfinished last line counts if nobody closed."""
        rest = b""
        for chunk in self.chunks():
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
        if rest and not self._closed.is_set():
            yield rest

    def __iter__(self) -> Iterator[WatchEvent]:
        for line in self.lines():
            if line.strip():
                event = orjson.loads(line)
                yield WatchEvent(event["type"], event["object"])


class Follower:
    """List, then watch, for ever: relists after 410 Gone, reconnects after the server closed the stream.

    Iterating yields ``ADDED`` for what is there first, then each change; after a relist objects come again as
    ``MODIFIED`` and vanished ones as ``DELETED`` (client-go, ``Reflector``).
    """

    def __init__(
        self,
        list_once: Callable[[], dict[str, Any]],
        open_watch: Callable[[str], Watch],
        *,
        pause: float = 1.0,
    ) -> None:
        self._list = list_once
        self._open = open_watch
        self._pause = pause
        self._stop = threading.Event()
        self._watch: Watch | None = None
        self._known: dict[str, dict[str, Any]] = {}

    def close(self) -> None:
        """Stop, from any thread."""
        self._stop.set()
        watch = self._watch
        if watch is not None:
            watch.close()

    def __iter__(self) -> Iterator[WatchEvent]:
        version = ""
        while not self._stop.is_set():
            if not version:
                listed = self._list()
                version = listed.get("metadata", {}).get("resourceVersion", "")
                yield from self._differences(listed)
            try:
                self._watch = self._open(version)
            except ApiError as error:
                if error.status != 410:
                    raise
                version = ""
                continue
            if self._stop.is_set():
                self._watch.close()
                return
            before = version
            for event in self._watch:
                version = event.object.get("metadata", {}).get("resourceVersion", version)
                if event.type == "ERROR":
                    if event.object.get("code") != 410:
                        raise ApiError(
                            event.object.get("code", 500),
                            event.object.get("reason", ""),
                            event.object.get("message", ""),
                            event.object,
                        )
                    version = ""
                    break
                if event.type != "BOOKMARK":
                    self._remember(event)
                    yield event
            if version == before:
                # The server closed an idle stream: a pause keeps a dying server from being hammered.
                self._stop.wait(self._pause)

    def _remember(self, event: WatchEvent) -> None:
        uid = event.object.get("metadata", {}).get("uid", "")
        if event.type == "DELETED":
            self._known.pop(uid, None)
        else:
            self._known[uid] = event.object

    def _differences(self, listed: dict[str, Any]) -> Iterator[WatchEvent]:
        items = {item.get("metadata", {}).get("uid", ""): item for item in listed.get("items", ())}
        gone = [item for uid, item in self._known.items() if uid not in items]
        before = set(self._known)
        self._known = items
        for item in gone:
            yield WatchEvent("DELETED", item)
        for uid, item in items.items():
            yield WatchEvent("MODIFIED" if uid in before else "ADDED", item)


def _cut_errors() -> tuple[type[Exception], ...]:
    import urllib3

    return (OSError, ValueError, AttributeError, HTTPException, urllib3.exceptions.HTTPError)


def _abandon(answer: Any) -> None:
    """Cut the socket under a reader that may be blocked in it."""
    try:
        answer.shutdown()
    except Exception:  # noqa: BLE001  the reader may have ended or closed it already: then nothing is left to cut
        answer.close()
