"""Exponential back-off by key, as client-go's ``util/flowcontrol.Backoff``.

An entry that was not renewed for twice the maximum starts anew. The CrashLoopBackOff counts from the container's end.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class _Entry:
    delay: float
    updated: float


class Backoff:
    """Delays doubling from ``initial`` to ``maximum`` seconds, one for each key."""

    def __init__(self, initial: float, maximum: float) -> None:
        self.initial = initial
        self.maximum = maximum
        self._entries: dict[str, _Entry] = {}

    def get(self, key: str) -> float:
        """Return the present delay, 0 without an entry."""
        entry = self._entries.get(key)
        return entry.delay if entry else 0.0

    def next(self, key: str, event: float, now: float) -> None:
        """Lengthen the delay of a key after a failure at time ``event``."""
        entry = self._entries.get(key)
        if entry is None or self._expired(event, entry):
            self._entries[key] = _Entry(self.initial, now)
        else:
            entry.delay = min(entry.delay * 2, self.maximum)
            entry.updated = now

    def in_backoff_since(self, key: str, event: float, now: float) -> bool:
        """Tell whether less than the delay has passed since ``event``."""
        entry = self._entries.get(key)
        if entry is None or self._expired(event, entry):
            return False
        return now - event < entry.delay

    def in_backoff_since_update(self, key: str, now: float) -> bool:
        """Tell whether less than the delay has passed since the last failure was noted."""
        entry = self._entries.get(key)
        if entry is None or self._expired(now, entry):
            return False
        return now - entry.updated < entry.delay

    def forget(self, prefix: str) -> None:
        """Drop the entries of a pod that is gone."""
        for key in [key for key in self._entries if key.startswith(prefix)]:
            del self._entries[key]

    def _expired(self, event: float, entry: _Entry) -> bool:
        return event - entry.updated > self.maximum * 2
