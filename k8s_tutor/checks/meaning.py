"""Values compared by what they mean: quantities, durations, times, int-or-string.

The schema tells what a field holds; where there is none (custom resources, free text) only numbers are read loosely.
"""

import contextlib
import json
from datetime import datetime
from typing import Any, Final

from k8s_tutor.apimachinery.quantity import Quantity, QuantityError
from k8s_tutor.apimachinery.schema import Type
from k8s_tutor.course.durations import seconds

MISSING: Final = type("Missing", (), {"__repr__": lambda _: "nothing", "__bool__": lambda _: False})()
_INTEGERS: Final = frozenset({"int32", "int64"})


def shown(value: Any) -> str:
    """Return a value as a reader sees it, short."""
    if value is MISSING:
        return "nothing"
    if isinstance(value, str):
        text = value if value and not value.isspace() else f'"{value}"'
    else:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if len(text) <= 120 else f"{text[:117]}…"


def same(wanted: Any, value: Any, type_: Type | None) -> bool:
    """Tell whether a value is what a pattern's scalar means."""
    if value is MISSING or value is None:
        # What Go leaves out when it is empty reads as its zero value.
        return wanted in ("", 0, False) or wanted is None
    if isinstance(wanted, bool) or isinstance(value, bool):
        # `status: True` without quotes means the text that conditions hold.
        return wanted is value or (isinstance(value, str) and str(wanted) == value)
    kind = type_.kind if type_ is not None else ""
    if kind in {"Quantity", "Duration", "Time", "MicroTime"}:
        left, right = number(wanted, kind), number(value, kind)
        return left is not None and left == right
    if kind == "IntOrString" or (kind == "string" and isinstance(wanted, int)):
        return str(wanted) == str(value)
    return bool(wanted == value)


def number(value: Any, kind: str = "") -> float | None:
    """Return what orders a value: a number, a quantity, seconds of a duration or of the epoch; None if nothing does."""
    if value is MISSING or value is None:
        return 0.0 if kind in _INTEGERS or not kind else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str):
        return None
    if kind != "Duration":
        with contextlib.suppress(QuantityError):
            return Quantity.parse(value).nanos / 1e9
    if (found := seconds(value)) is not None:
        return found
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(value).timestamp()
    with contextlib.suppress(ValueError):
        return float(value.removesuffix("%"))
    return None
