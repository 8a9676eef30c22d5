"""A watch that ends in time: for verbs that wait, follow and show changes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from k8s_tutor.client import ApiError, Watch
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.infos import Info


@contextmanager
def watched(
    call: Call, path: str, options: dict[str, Any], *, seconds: float | None = None, accept: str | None = None
) -> Iterator[Watch]:
    """Watch a collection; the watch ends by itself after ``seconds``, and when the call is cancelled.

    Args:
        call: the call.
        path: of the collection.
        options: selectors, resourceVersion and so on.
        seconds: until the end; none for ever.
        accept: media types (Tables).
    """
    watch = call.client.watch(path, options, accept=accept)
    call.closing(watch.close)
    timer = None
    if seconds is not None:
        timer = threading.Timer(min(max(seconds, 0.0), threading.TIMEOUT_MAX), watch.close)
        timer.daemon = True
        timer.start()
    try:
        yield watch
    finally:
        if timer is not None:
            timer.cancel()
        watch.close()


def asked_timeout(call: Call) -> float | None:
    """Return the seconds of --request-timeout, which end a watch as they end any request; none if not given."""
    return (call.client.timeout or None) if call.changed("request-timeout") else None


def of_one(info: Info, current: dict[str, Any]) -> dict[str, Any]:
    """Return the options that watch one object from what is known of it on."""
    return {
        "fieldSelector": f"metadata.name={info.name}",
        "resourceVersion": current.get("metadata", {}).get("resourceVersion", ""),
    }


class Deadline:
    """A moment that a wait must not pass; ``seconds`` of 0 or less never comes."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds if seconds > 0 else None

    @property
    def remaining(self) -> float | None:
        """Seconds left; none if there is no end."""
        return None if self._at is None else max(0.0, self._at - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether it has come."""
        return self._at is not None and time.monotonic() >= self._at


def wait_gone(call: Call, gone: list[tuple[Info, str]], timeout: float) -> None:
    """Wait until the objects with these UIDs are no more.

    Raises:
        CommandError: they still are when the time is over.
    """
    deadline = Deadline(timeout)
    for info, uid in gone:
        while not call.cancelled.is_set():
            try:
                current = call.client.get(info.path)
            except ApiError as error:
                if error.status == 404:
                    break
                raise
            if uid and current.get("metadata", {}).get("uid") != uid:
                break
            if deadline.over:
                raise CommandError(f"timed out waiting for the condition on {info.resource.plural}/{info.name}")
            _until_event(call, info, current, deadline)


def _until_event(call: Call, info: Info, current: dict[str, Any], deadline: Deadline) -> None:
    """Sleep in a watch until the object is deleted, or something else happens to end the wait."""
    left = deadline.remaining
    try:
        with watched(call, info.collection, of_one(info, current), seconds=30.0 if left is None else left) as watch:
            for event in watch:
                if event.type in {"DELETED", "ERROR"}:
                    break
    except ApiError:
        call.cancelled.wait(0.1)
