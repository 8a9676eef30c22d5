"""Cron schedules, as the library that upstream uses reads them (``robfig/cron/v3``, standard parser).

Five fields (minute, hour, day of month, month, day of week) with ``*``, ``?``, lists, ranges, steps and names; ``@hourly``
and the like; ``@every 1h30m``. Day of month and day of week are joined by *or* when both are restricted.
"""

import datetime
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_MONTHS = {
    name: index
    for index, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_DAYS = {name: index for index, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
YEARS_AHEAD = 5


class CronError(ValueError):
    """The schedule cannot be read; the message is the library's."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is due: each field's allowed values, or an interval in seconds."""

    zone: datetime.tzinfo
    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    any_day: bool = False
    any_weekday: bool = False
    every: float = 0.0

    def next(self, after: float) -> float | None:
        """Return the first time later than ``after`` (seconds since the epoch), or None within five years."""
        if self.every:
            return float(int(after) + self.every)
        moment = datetime.datetime.fromtimestamp(int(after) + 60 - int(after) % 60, self.zone)
        last = moment.year + YEARS_AHEAD
        while moment.year <= last:
            if moment.month not in self.months:
                moment = _start(moment, days=32).replace(day=1)
            elif not self._day_matches(moment):
                moment = _start(moment, days=1)
            elif moment.hour not in self.hours:
                moment = _later(moment.replace(minute=0), 3600)
            elif moment.minute not in self.minutes:
                moment = _later(moment, 60)
            else:
                return moment.timestamp()
        return None

    def _day_matches(self, moment: datetime.datetime) -> bool:
        day = moment.day in self.days
        weekday = (moment.weekday() + 1) % 7 in self.weekdays
        return (day and weekday) if self.any_day or self.any_weekday else (day or weekday)


def _later(moment: datetime.datetime, seconds: int) -> datetime.datetime:
    """Step in absolute time, so that a change of the clocks neither repeats nor skips."""
    return datetime.datetime.fromtimestamp(moment.timestamp() + seconds, moment.tzinfo)


def _start(moment: datetime.datetime, *, days: int) -> datetime.datetime:
    first = moment.replace(day=1) if days > 1 else moment
    naive = (first.replace(tzinfo=None) + datetime.timedelta(days=days)).replace(hour=0, minute=0)
    return naive.replace(tzinfo=moment.tzinfo)


def parse(text: str, zone: str | None = None) -> Schedule:
    """Return the schedule of a text; ``TZ=`` or ``CRON_TZ=`` in front names a time zone.

    Raises:
        CronError: what is wrong with it.
    """
    if not text:
        raise CronError("empty spec string")
    place: datetime.tzinfo = ZoneInfo(zone) if zone else datetime.UTC
    prefixed = re.match(r"(?:CRON_)?TZ=(\S+)\s+", text)
    if prefixed:
        try:
            place = ZoneInfo(prefixed.group(1))
        except (KeyError, ValueError) as error:
            raise CronError(f"provided bad location {prefixed.group(1)}: {error}") from None
        text = text[prefixed.end() :]
    if text.startswith("@every "):
        return Schedule(place, every=_interval(text[7:]))
    if text.startswith("@") and text not in _NAMED:
        raise CronError(f"unrecognized descriptor: {text}")
    parts = _NAMED.get(text, text).split()
    if len(parts) != len(_FIELDS):
        raise CronError(f"expected exactly 5 fields, found {len(parts)}: [{' '.join(parts)}]")
    values = [_field(part, low, high, names) for part, (low, high, names) in zip(parts, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = values
    return Schedule(place, minutes, hours, days, months, weekdays, _is_any(parts[2]), _is_any(parts[4]))


def _is_any(part: str) -> bool:
    return any(item.split("/")[0] in {"*", "?"} for item in part.split(","))


def _interval(text: str) -> float:
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise CronError(f'failed to parse duration @every {text}: time: invalid duration "{text}"')
    return max(1.0, float(int(sum(float(number) * _UNITS[unit] for number, unit in parts))))


def _field(text: str, low: int, high: int, names: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        found |= _range(part, low, high, names)
    return frozenset(found)


def _range(text: str, low: int, high: int, names: dict[str, int]) -> set[int]:
    span, slash, step_text = text.partition("/")
    first_text, dash, last_text = span.partition("-")
    if first_text in {"*", "?"}:
        first, last = low, high
    else:
        first = _number(first_text, names)
        last = _number(last_text, names) if dash else first
    step = 1
    if slash:
        step = _number(step_text, {})
        if not dash and first_text not in {"*", "?"}:
            last = high
    if first < low:
        raise CronError(f"beginning of range ({first}) below minimum ({low}): {text}")
    if last > high:
        raise CronError(f"end of range ({last}) above maximum ({high}): {text}")
    if first > last:
        raise CronError(f"beginning of range ({first}) beyond end of range ({last}): {text}")
    if step == 0:
        raise CronError(f"step of range should be a positive number: {text}")
    return set(range(first, last + 1, step))


def _number(text: str, names: dict[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not text.isdigit():
        raise CronError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    return int(text)
