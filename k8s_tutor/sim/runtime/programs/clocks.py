"""The cluster's time in a container: date, uptime, cal."""

import calendar
import datetime
import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from k8s_tutor.sim.runtime.programs.options import gnu, parse
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


def zone(process: "Process") -> datetime.tzinfo:
    """Return the time zone of ``$TZ`` (UTC otherwise, as in images without tzdata)."""
    name = process.env.get("TZ", "")
    if not name or process.userland == "busybox":
        return datetime.UTC
    try:
        return ZoneInfo(name.lstrip(":"))
    except (ZoneInfoNotFoundError, ValueError):
        return datetime.UTC


def parse_date(text: str, now: float) -> float | None:
    """Return the time that ``date -d`` means; None if it means nothing."""
    text = text.strip()
    if text.startswith("@"):
        return float(text[1:])
    units = {"sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
    if text in {"now", "today"}:
        return now
    if text in {"yesterday", "tomorrow"}:
        return now + (86400 if text == "tomorrow" else -86400)
    match = re.fullmatch(r"([-+]?)\s*(\d+)\s*(sec|second|min|minute|hour|day|week)s?(\s+ago)?", text)
    if match:
        sign = -1 if match[1] == "-" or match[4] else 1
        return now + sign * int(match[2]) * units[match[3]]
    for pattern in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%H:%M:%S", "%H:%M"):
        try:
            found = datetime.datetime.strptime(text, pattern).replace(tzinfo=datetime.UTC)
        except ValueError:
            continue
        if "%Y" not in pattern:
            today = datetime.datetime.fromtimestamp(now, datetime.UTC)
            found = found.replace(year=today.year, month=today.month, day=today.day)
        return found.timestamp()
    return None


def render(moment: datetime.datetime, pattern: str) -> str:
    """Return a time by a strftime pattern with GNU's %N, %s, %-d and the like."""
    pattern = pattern.replace("%%", "\0").replace("%s", str(int(moment.timestamp())))
    pattern = re.sub(r"%(\d?)N", lambda match: f"{moment.microsecond:06}000"[: int(match[1] or 9)], pattern)
    pattern = (
        pattern.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%R", "%H:%M").replace("%D", "%m/%d/%y")
    )
    pattern = pattern.replace("%e", f"{moment.day:2}").replace("%k", f"{moment.hour:2}").replace("%h", "%b")
    pattern = pattern.replace("%:z", "+00:00").replace("%n", "\n").replace("%t", "\t")
    return moment.strftime(pattern).replace("\0", "%")


@program("date")
async def date(process: "Process") -> int:
    """Show the time."""
    options, operands = await parse(
        process,
        "uRI",
        "dDrs",
        {"utc": "u", "date": "d", "universal": "u", "iso-8601": "I", "rfc-3339": "R", "reference": "r"},
    )
    now = process.container.clock.now()
    when: float | None = now
    if "d" in options:
        when = parse_date(options["d"], now)
        if when is None:
            await process.err(f"date: invalid date '{options['d']}'\n")
            return 1
    elif "r" in options:
        when = process.files.get(options["r"], process.cwd).mtime
    if "s" in options or (operands and not operands[0].startswith("+")):
        await process.err("date: can't set date: Operation not permitted\n")
        return 1
    moment = datetime.datetime.fromtimestamp(when or 0, datetime.UTC if "u" in options else zone(process))
    default = "%a %b %e %H:%M:%S %Z %Y"
    if "I" in options:
        default = "%Y-%m-%d"
    if "R" in options:
        default = "%a, %d %b %Y %H:%M:%S %z"
    pattern = operands[0][1:] if operands else default
    if not operands and gnu(process) and "I" not in options and "R" not in options:
        pattern = "%a %b %e %H:%M:%S %Z %Y"
    await process.out(render(moment, pattern) + "\n")
    return 0


@program("uptime")
async def uptime(process: "Process") -> int:
    """Show how long the node runs."""
    clock = process.container.clock
    seconds = int(clock.now() - process.container.runtime.booted)
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    moment = datetime.datetime.fromtimestamp(clock.now(), datetime.UTC)
    day_text = f"{days} days, " if days != 1 else "1 day, "
    await process.out(
        f" {moment:%H:%M:%S} up {day_text if days else ''}{hours:2}:{minutes:02},  0 users,  load average: 0.10, 0.08, 0.05\n"
    )
    return 0


@program("cal")
async def cal(process: "Process") -> int:
    """Show this month."""
    moment = datetime.datetime.fromtimestamp(process.container.clock.now(), datetime.UTC)
    await process.out(calendar.TextCalendar(6).formatmonth(moment.year, moment.month))
    return 0
