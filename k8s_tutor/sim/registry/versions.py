"""The order of API versions: stable before beta before alpha, newer first (``version.CompareKubeAwareVersionStrings``)."""

import re
from collections.abc import Iterable

KUBE = re.compile(r"v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?")
STAGES = {None: 0, "beta": 1, "alpha": 2}


def rank(version: str) -> tuple[int, int, int, int, str]:
    """Return what to sort versions by; the preferred has the lowest."""
    found = KUBE.fullmatch(version)
    if found is None:
        return (1, 0, 0, 0, version)
    major, stage, minor = found.groups()
    return (0, STAGES[stage], -int(major), -int(minor or 0), version)


def by_priority(versions: Iterable[str]) -> list[str]:
    """Return the versions, the preferred first."""
    return sorted(versions, key=rank)
