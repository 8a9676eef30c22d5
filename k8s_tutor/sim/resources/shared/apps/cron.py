"""Cron schedules: reading them with the complaints of Go's ``robfig/cron``, which the server shows in causes.

``parse`` gives the allowed values of minute, hour, day, month and weekday; the CronJob controller counts times with
them (``controllers/cron.py``).
"""

import re
from dataclasses import dataclass

from k8s_tutor.sim.resources.shared.gotext import quote

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_DAYS = {name: number for number, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 6, _DAYS),
)
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_DURATION = re.compile(r"[+-]?((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+")


class CronError(ValueError):
    """The schedule is not valid; the message is the parser's."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule: allowed values of each field; ``every`` seconds for ``@every``.

    ``any_day`` and ``any_weekday`` tell that the field was a star: then only the other one counts.
    """

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    any_day: bool = False
    any_weekday: bool = False
    every: float = 0


def _number(text: str, names: dict[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not re.fullmatch(r"[+-]?\d+", text):
        raise CronError(f"failed to parse int from {text}: strconv.Atoi: parsing {quote(text)}: invalid syntax")
    value = int(text)
    if value < 0:
        raise CronError(f"negative number ({value}) not allowed: {text}")
    return value


def _range(expression: str, low: int, high: int, names: dict[str, int]) -> frozenset[int]:
    parts = expression.split("/")
    bounds = parts[0].split("-")
    single = len(bounds) == 1
    if bounds[0] in ("*", "?"):
        start, end = low, high
    else:
        start = _number(bounds[0], names)
        if single:
            end = start
        elif len(bounds) == 2:
            end = _number(bounds[1], names)
        else:
            raise CronError(f"too many hyphens: {expression}")
    step = 1
    if len(parts) == 2:
        step = _number(parts[1], {})
        if single and bounds[0] not in ("*", "?"):
            end = high
    elif len(parts) > 2:
        raise CronError(f"too many slashes: {expression}")
    if start < low:
        raise CronError(f"beginning of range ({start}) below minimum ({low}): {expression}")
    if end > high:
        raise CronError(f"end of range ({end}) above maximum ({high}): {expression}")
    if start > end:
        raise CronError(f"beginning of range ({start}) beyond end of range ({end}): {expression}")
    if step == 0:
        raise CronError(f"step of range should be a positive number: {expression}")
    return frozenset(range(start, end + 1, step))


def _field(text: str, low: int, high: int, names: dict[str, int]) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    for part in filter(None, text.split(",")):
        found |= _range(part, low, high, names)
    return found


def _every(text: str) -> Schedule:
    span = text.removeprefix("@every ")
    if not _DURATION.fullmatch(span):
        problem = f"time: invalid duration {quote(span)}"
        raise CronError(f"failed to parse duration {text}: {problem}")
    units = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
    seconds = sum(float(n) * units[u] for n, u in re.findall(r"([\d.]+)(ns|us|µs|μs|ms|s|m|h)", span))
    return Schedule(every=max(seconds, 1))


def parse(text: str) -> Schedule:
    """Return the schedule of a text such as ``*/5 * * * mon-fri`` or ``@hourly``; raises CronError."""
    if not text:
        raise CronError("empty spec string")
    if text.startswith(("TZ=", "CRON_TZ=")):
        head, space, rest = text.partition(" ")
        if not space:
            raise CronError(f"provided bad location {head.partition('=')[2]}: missing schedule")
        text = rest.strip()
    if text.startswith("@"):
        if text.startswith("@every "):
            return _every(text)
        if text not in _DESCRIPTORS:
            raise CronError(f"unrecognized descriptor: {text}")
        text = _DESCRIPTORS[text]
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise CronError(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    values = [_field(field, low, high, names) for field, (_, low, high, names) in zip(fields, _FIELDS, strict=True)]
    stars = [any(part[:1] in ("*", "?") for part in field.split(",")) for field in fields]
    minutes, hours, days, months, weekdays = values
    return Schedule(minutes, hours, days, months, weekdays, any_day=stars[2], any_weekday=stars[4])
