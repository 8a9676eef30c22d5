"""When Python looks for garbage: little at a time while requests come, everything when nobody asks.

Stored objects are trees without cycles: they go with their last reference, and looking through all of them finds
nothing while everything waits (90 ms at 1,000 pods, seconds at 5,000). So young objects are looked through in small
portions, old ones never of the collector's own accord, but here: once enough has come and gone, in a quiet moment, or
when none has come for long.
"""

import gc
import time

# A portion takes some 4 ms, five of them together some 15 ms; the third figure says: old objects never.
PORTIONS = (20_000, 5, 1_000_000)
WORTH_IT = 10  # rounds of five portions: a million new objects that outlived their first look, at most
QUIET_SECONDS = 2.0
LONGEST_SECONDS = 600.0


class Collecting:
    """Looks through old objects in quiet moments; ``begin`` once what the start made is there."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._rounds = 0

    @staticmethod
    def prepare() -> None:
        """Set the portions, before anything large is made."""
        gc.set_threshold(*PORTIONS)

    def begin(self) -> None:
        """Never again look at what there is now: code, schemas, bootstrap objects."""
        gc.freeze()
        self._rounds = _rounds()

    def look(self, last_request: float) -> bool:
        """Collect if now is the time, told when the last request came; returns whether it was."""
        now = time.monotonic()
        if _rounds() - self._rounds < WORTH_IT:
            return False
        if now - last_request < QUIET_SECONDS and now - self._last < LONGEST_SECONDS:
            return False
        gc.collect()
        self._last, self._rounds = now, _rounds()
        return True


def _rounds() -> int:
    return int(gc.get_stats()[1]["collections"])
