"""What is blanked before answers are compared: everything that differs between two runs of the same server."""

import json
import re
from typing import Any

BLANK = {
    "uid": "UID",
    "resourceVersion": "RV",
    "continue": "CONTINUE",
    **dict.fromkeys(
        (
            "creationTimestamp",
            "time",
            "deletionTimestamp",
            "lastTransitionTime",
            "lastUpdateTime",
            "lastProbeTime",
            "lastHeartbeatTime",
            "lastPhaseTransitionTime",
        ),
        "TIME",
    ),
}
PORTS = ("nodePort", "healthCheckNodePort")
IN_ANY_ORDER = ("nonResourceRules", "resourceRules", "managedFields")
UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AGE = re.compile(r"(\d+[smhdy])+|<invalid>")
TEXT = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "MICROTIME"),
    (re.compile(r'(resourceVersion\\*"?: ?\\*")\d+'), r"\1RV"),
    (re.compile(r"(:)3[0-2]\d{3}(/(TCP|UDP|SCTP))"), r"\1PORT\2"),
    (re.compile(r"\.[0-9a-f]{16}\b"), ".HASH"),
    (re.compile(r"-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----\n?", re.DOTALL), "CERTIFICATE"),
    (re.compile(r"kube-api-access-[a-z0-9]{5}"), "kube-api-access-XXXXX"),
    (UID, "UID"),
    (re.compile(r"\b10\.\d+\.\d+\.\d+"), "10.X.X.X"),
)


def _sorted(items: list[Any]) -> list[Any]:
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


def blanked(value: Any, asked: frozenset[int] = frozenset()) -> Any:
    """Return the value with what differs from run to run blanked; ``asked``: ports that the request named."""
    if isinstance(value, dict):
        return {UID.sub("UID", key): _field(key, item, asked) for key, item in value.items()}
    if isinstance(value, list):
        return [blanked(item, asked) for item in value]
    if isinstance(value, str):
        for pattern, text in TEXT:
            value = pattern.sub(text, value)
    return value


def _field(key: str, item: Any, asked: frozenset[int]) -> Any:
    if key in BLANK and isinstance(item, str | int) and item != "":
        return BLANK[key]
    if key in PORTS and isinstance(item, int) and item not in asked:
        return "PORT"
    if key in IN_ANY_ORDER and isinstance(item, list):
        return _sorted(blanked(item, asked))
    if key == "cells":
        return ["AGE" if isinstance(cell, str) and AGE.fullmatch(cell) else blanked(cell, asked) for cell in item]
    return blanked(item, asked)


def numbers(value: Any) -> frozenset[int]:
    """Return all whole numbers of a value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return frozenset().union(*map(numbers, value)) if value else frozenset()
    return frozenset({value}) if isinstance(value, int) and not isinstance(value, bool) else frozenset()


def difference(want: Any, got: Any, path: str = "") -> str:
    """Return the first difference as a line, or an empty text."""
    if type(want) is not type(got):
        return f"{path}: want {_short(want)} got {_short(got)}"
    if isinstance(want, dict):
        for key in sorted(set(want) | set(got)):
            if key not in want or key not in got:
                return f"{path}.{key}: {'unexpected' if key not in want else 'missing'} {_short(got.get(key, want.get(key)))}"
            if found := difference(want[key], got[key], f"{path}.{key}"):
                return found
    elif isinstance(want, list):
        if len(want) != len(got):
            return f"{path}: want {len(want)} items got {len(got)}"
        for index, (one, other) in enumerate(zip(want, got, strict=True)):
            if found := difference(one, other, f"{path}[{index}]"):
                return found
    elif want != got:
        return f"{path}: want {_short(want)} got {_short(got)}"
    return ""


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:160]
