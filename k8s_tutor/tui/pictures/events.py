"""Events, newest last, one a line: age, type, about what, reason and message."""

import datetime as dt
from collections.abc import Callable, Iterable

from rich.text import Text

from k8s_tutor.apimachinery.unstructured import Json


def events(
    found: Iterable[Json], now: float, say: Callable[[str], str], namespace: str = "", most: int = 200
) -> list[Text]:
    """Draw the events of a namespace (of all but the system's, if none is given)."""
    mine = [e for e in found if _wanted(e, namespace)]
    mine.sort(key=_when)
    return [_line(event, now) for event in mine[-most:]] or [Text(say("no-events"), "dim")]


def _wanted(event: Json, namespace: str) -> bool:
    where = event["metadata"].get("namespace")
    return bool(where == namespace if namespace else where != "kube-system")


def _when(event: Json) -> str:
    series = event.get("series") or {}
    return str(
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
        or ""
    )


def _line(event: Json, now: float) -> Text:
    about = event.get("involvedObject") or event.get("regarding") or {}
    warning = event.get("type") == "Warning"
    count = event.get("count") or (event.get("series") or {}).get("count") or 1
    return Text.assemble(
        (f"{_age(_when(event), now):>4} ", "dim"),
        ("! " if warning else "  ", "bold red"),
        (f"{about.get('kind', '?').lower()}/{about.get('name', '?')} ", "cyan"),
        (f"{event.get('reason', '')} ", "yellow" if warning else "bold"),
        str(event.get("message") or event.get("note") or "").replace("\n", " "),
        (f" ×{count}" if count > 1 else "", "dim"),
    )


def _age(text: str, now: float) -> str:
    try:
        seconds = int(now - dt.datetime.fromisoformat(text).timestamp())
    except ValueError:
        return "?"
    if seconds < 120:
        return f"{max(0, seconds)}s"
    return f"{seconds // 60}m" if seconds < 7200 else f"{seconds // 3600}h"
