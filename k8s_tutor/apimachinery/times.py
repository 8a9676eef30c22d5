"""Times as objects carry them and kubectl shows them (``metav1.Time``, ``metav1.MicroTime``, ``duration.HumanDuration``).

Between them is what our code counts with: seconds since the epoch.
"""

import datetime
import functools
import math


def rfc3339(seconds: float) -> str:
    """Return ``metav1.Time`` text: whole seconds, UTC."""
    return _rfc3339(int(seconds))


@functools.lru_cache(maxsize=1024)
def _rfc3339(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_micro(seconds: float) -> str:
    """Return ``metav1.MicroTime`` text."""
    whole = math.floor(seconds)
    micros = round((seconds - whole) * 1_000_000)
    if micros == 1_000_000:
        whole, micros = whole + 1, 0
    return f"{_rfc3339(whole)[:-1]}.{micros:06}Z"


@functools.lru_cache(maxsize=4096)
def parse_time(text: str) -> float:
    """Return seconds since the epoch of an RFC 3339 text; ValueError if it is none."""
    return datetime.datetime.fromisoformat(text).timestamp()


def age(timestamp: str | None, now: float) -> str:
    """Return how long ago a time was, as kubectl prints it; ``<unknown>`` for no time."""
    return human_duration(now - parse_time(timestamp)) if timestamp else "<unknown>"


def human_duration(seconds: float) -> str:
    """Return a duration in its one or two most telling units."""
    if seconds <= -2:
        return "<invalid>"
    total = max(0, int(seconds))
    minutes, hours, days = total // 60, total // 3600, total // 86400
    if total < 120:
        return f"{total}s"
    if minutes < 10:
        return _pair(minutes, "m", total % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _pair(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return _pair(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    if days < 365 * 8:
        return _pair(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
