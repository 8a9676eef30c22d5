"""Counts of answered requests, for ``/metrics``."""

from collections import Counter


class Requests:
    """Counts requests by verb, resource and code."""

    def __init__(self) -> None:
        self.total: Counter[tuple[str, str, str, str, int]] = Counter()
        self.seconds: Counter[tuple[str, str, str, str]] = Counter()

    def count(self, verb: str, group: str, version: str, resource: str, code: int) -> None:
        """Count one answered request."""
        self.total[verb.upper(), group, version, resource, code] += 1
