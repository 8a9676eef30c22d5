"""A limit for regular expressions that users write: no pattern may hold up everybody else.

Go's and the C library's matchers take linear time; Python's goes back and tries again, for ``(a+)+b`` longer than anybody
waits. It looks for signals while it does, so a timer of processor time ends it. Where timers cannot be had (another
thread than the main one), there is no limit.
"""

import contextlib
import re
import signal
import threading
from collections.abc import Iterator
from functools import lru_cache
from types import FrameType

SECONDS = 0.02
LONG = 1000


class BacktrackingError(Exception):
    """The pattern was given up."""


@contextlib.contextmanager
def limited(pattern: str, text: str) -> Iterator[None]:
    """Within, matching the pattern with the text may take only so much processor time, or BacktrackingError is raised."""
    if _repeats(pattern) < (2 if len(text) < LONG else 1) or threading.current_thread() is not threading.main_thread():
        yield
        return
    if signal.getsignal(signal.SIGVTALRM) is not _give_up:
        signal.signal(signal.SIGVTALRM, _give_up)
    _limit.active = True
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        _limit.active = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


@lru_cache(maxsize=512)
def _repeats(pattern: str) -> int:
    """Return how many things may be repeated: with fewer than two, there is little to try again in a short text."""
    return len(re.findall(r"[*+{?]", pattern))


class _Limit:
    """Whether anybody is within: a signal that comes late is nobody's."""

    active = False


_limit = _Limit()


def _give_up(_: int, __: FrameType | None) -> None:
    if _limit.active:
        _limit.active = False
        raise BacktrackingError
