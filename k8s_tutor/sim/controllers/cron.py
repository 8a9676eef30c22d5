"""When a CronJob is due: the next time of a schedule, as upstream's ``robfig/cron/v3`` finds it (``SpecSchedule.Next``).

The text is read where it is validated (``resources/shared/apps/cron.py``). Day of month and day of week are joined by *or* when
both are restricted.
"""

import datetime
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from k8s_tutor.sim.resources.shared.apps import cron
from k8s_tutor.sim.resources.shared.apps.cron import CronError

__all__ = ["CronError", "Schedule", "parse"]

YEARS_AHEAD = 5


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule in its time zone."""

    zone: datetime.tzinfo
    due: cron.Schedule

    def next(self, after: float) -> float | None:
        """Return the first time later than ``after`` (seconds since the epoch), or None within five years."""
        if self.due.every:
            return float(int(after) + int(self.due.every))
        return self._from(int(after) // 60 * 60 + 60)

    @lru_cache(maxsize=4096)  # noqa: B019 - schedules are kept by parse() anyway, and each time is asked for often
    def _from(self, start: int) -> float | None:
        moment = datetime.datetime.fromtimestamp(start, self.zone)
        last = moment.year + YEARS_AHEAD
        while moment.year <= last:
            if moment.month not in self.due.months:
                moment = _start(moment, days=32).replace(day=1)
            elif not self._day_matches(moment):
                moment = _start(moment, days=1)
            elif moment.hour not in self.due.hours:
                moment = _later(moment.replace(minute=0), 3600)
            elif moment.minute not in self.due.minutes:
                further = (minute - moment.minute for minute in self.due.minutes if minute > moment.minute)
                moment = _later(moment, 60 * min(further, default=60 - moment.minute))
            else:
                return moment.timestamp()
        return None

    def _day_matches(self, moment: datetime.datetime) -> bool:
        day = moment.day in self.due.days
        weekday = (moment.weekday() + 1) % 7 in self.due.weekdays
        return (day and weekday) if self.due.any_day or self.due.any_weekday else (day or weekday)


def _later(moment: datetime.datetime, seconds: int) -> datetime.datetime:
    """Step in absolute time, so that a change of the clocks neither repeats nor skips."""
    return datetime.datetime.fromtimestamp(moment.timestamp() + seconds, moment.tzinfo)


def _start(moment: datetime.datetime, *, days: int) -> datetime.datetime:
    first = moment.replace(day=1) if days > 1 else moment
    naive = (first.replace(tzinfo=None) + datetime.timedelta(days=days)).replace(hour=0, minute=0)
    return naive.replace(tzinfo=moment.tzinfo)


@lru_cache(maxsize=256)
def parse(text: str, zone: str | None = None) -> Schedule:
    """Return the schedule of a text; ``TZ=`` or ``CRON_TZ=`` in front names a time zone.

    Raises:
        CronError: what is wrong with it.
    """
    due = cron.parse(text)
    place: datetime.tzinfo = ZoneInfo(zone) if zone else datetime.UTC
    if prefixed := re.match(r"(?:CRON_)?TZ=(\S+)\s", text):
        try:
            place = ZoneInfo(prefixed[1])
        except (KeyError, ValueError) as error:
            raise CronError(f"provided bad location {prefixed[1]}: {error}") from None
    return Schedule(place, due)
