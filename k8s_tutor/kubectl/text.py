"""Small formats that kubectl takes from Go: quoted strings, durations, ages, times, lists."""

import json
from datetime import UTC, datetime
from typing import Any

from k8s_tutor.apimachinery import leaves
from k8s_tutor.apimachinery.times import human_duration


def quoted(text: str) -> str:
    """Return the text in double quotes as Go's %q."""
    return json.dumps(text, ensure_ascii=False)


def go_list(values: Any) -> str:
    """Return a list as Go's %v prints it: ``[a b]``."""
    return "[" + " ".join(go_value(value) for value in values or ()) + "]"


def go_value(value: Any) -> str:
    """Return any JSON value as Go's %v prints the decoded value."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return go_list(value)
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_value(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def boolean(value: object) -> str:
    """Return True or False as kubectl's describe prints booleans."""
    return "True" if value else "False"


def parse_time(value: str | None) -> datetime | None:
    """Read an RFC 3339 time; None if there is none."""
    if not value:
        return None
    return datetime.fromisoformat(value)


def long_time(value: str | None) -> str:
    """Return a time as describe prints it (RFC 1123 with the zone's offset)."""
    moment = parse_time(value) or datetime(1, 1, 1, tzinfo=UTC)
    local = moment if moment.year == 1 else moment.astimezone()
    days, months = (
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    )
    return f"{days[local.weekday()]}, {local:%d} {months[local.month - 1]} {local.year:04} {local:%H:%M:%S %z}"


def age(value: str | None, now: datetime) -> str:
    """Return how long ago, in kubectl's short form; ``<unknown>`` for no time."""
    moment = parse_time(value)
    return "<unknown>" if moment is None else human_duration((now - moment).total_seconds())


def parse_duration(text: str) -> float:
    """Read a Go duration such as ``1m30s`` into seconds.

    Raises:
        ValueError: with Go's own words.
    """
    return leaves.parse_duration(text) / 1e9


def go_duration(seconds: float) -> str:
    """Return seconds as Go prints a duration: ``1m30s``."""
    total = round(seconds)
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def set_based(selector: dict[str, Any] | None) -> str:
    """Return a label selector in its text form, sorted by key (apimachinery, ``LabelSelectorAsSelector``)."""
    if not selector:
        return ""
    parts = [(key, f"{key}={value}") for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or ():
        key, operator = expression["key"], expression["operator"]
        values = ",".join(sorted(expression.get("values") or ()))
        text = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }[operator]
        parts.append((key, text))
    return ",".join(text for _, text in sorted(parts))


def label_selector(selector: dict[str, Any] | None) -> str:
    """Return a label selector for people: ``<none>`` if it is empty."""
    return set_based(selector) or "<none>"


def labels_line(labels: dict[str, str] | None) -> str:
    """Return labels on one line, ``<none>`` if there are none."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or "<none>"
