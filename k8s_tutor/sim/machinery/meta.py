"""Object metadata: times, uids, generated names, ages, owner references, copies."""

import datetime
import functools
import secrets
import uuid
from typing import Any

Json = dict[str, Any]

# As upstream's util/rand: no vowels and no 0/1/3, so that no words come about.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
MAX_GENERATED_PREFIX = 58


def clone(value: Any) -> Any:
    """Return a deep copy of a JSON value; much faster than ``copy.deepcopy``."""
    if isinstance(value, dict):
        return {key: clone(item) if isinstance(item, dict | list) else item for key, item in value.items()}
    if isinstance(value, list):
        return [clone(item) if isinstance(item, dict | list) else item for item in value]
    return value


def rfc3339(seconds: float) -> str:
    """Return ``metav1.Time`` text: whole seconds, UTC."""
    return _rfc3339(int(seconds))


@functools.lru_cache(maxsize=1024)
def _rfc3339(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_micro(seconds: float) -> str:
    """Return ``metav1.MicroTime`` text."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> float:
    """Return seconds since the epoch of an RFC 3339 text."""
    return datetime.datetime.fromisoformat(text).timestamp()


def new_uid() -> str:
    """Return a fresh object uid."""
    return str(uuid.uuid4())


def suffix(length: int = 5) -> str:
    """Return a random suffix of generated names."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def generated_name(prefix: str) -> str:
    """Return ``prefix`` with a random suffix, as the API server's SimpleNameGenerator."""
    return prefix[:MAX_GENERATED_PREFIX] + suffix()


def key_of(obj: Json) -> tuple[str, str]:
    """Return namespace ("" if cluster-wide) and name."""
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]


def controller_of(obj: Json) -> Json | None:
    """Return the owner reference that is the controller, or None."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            return reference  # type: ignore[no-any-return]
    return None


def controller_reference(owner: Json) -> Json:
    """Return the owner reference with which a controller marks what it makes."""
    meta = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def human_duration(seconds: float) -> str:
    """Return an age as kubectl prints it (``duration.HumanDuration``)."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    if whole < 60 * 2:
        return f"{whole}s"
    minutes = whole // 60
    if minutes < 10:
        rest = whole % 60
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    if minutes < 60 * 3:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 8:
        rest = minutes % 60
        return f"{hours}h{rest}m" if rest else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if days < 8:
        rest = hours % 24
        return f"{days}d{rest}h" if rest else f"{days}d"
    if days < 365 * 2:
        return f"{days}d"
    years = days // 365
    if years < 8:
        rest = days % 365
        return f"{years}y{rest}d" if rest else f"{years}y"
    return f"{years}y"


def age(timestamp: str | None, now: float) -> str:
    """Return how long ago a time was, as kubectl prints it."""
    return human_duration(now - parse_time(timestamp)) if timestamp else "<unknown>"
