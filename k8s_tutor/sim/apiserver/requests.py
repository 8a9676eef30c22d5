"""Counts of requests, as ``apiserver/pkg/endpoints/metrics`` keeps them: how many, how long, how much."""

from collections import Counter
from collections.abc import Iterator

from k8s_tutor.sim.apiserver.requestinfo import RequestInfo
from k8s_tutor.sim.machinery.prometheus import Histogram, Sample

SECONDS = (0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60)
BYTES = tuple(1000 * 10**power for power in range(7))
CONNECTING = frozenset(("log", "exec", "portforward", "attach", "proxy"))
VERBS = {"update": "PUT", "create": "POST", "watch": "WATCH"}
LABELS = ("verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component")
LONG_LABELS = ("verb", "group", "version", "resource", "subresource", "scope", "component")
WATCH_LABELS = ("group", "version", "resource")
APISERVER = "apiserver"
OWN_PATHS = frozenset(("/healthz", "/livez", "/metrics", "/readyz", "/version"))
Key = tuple[str, str, str, str, str, str, str, str]


class Requests:
    """Counts answered requests, those that are going on, and events of watches."""

    def __init__(self) -> None:
        self._total: Counter[tuple[Key, int]] = Counter()
        self._seconds: dict[Key, Histogram] = {}
        self._sizes: dict[Key, Histogram] = {}
        self._long: Counter[Key] = Counter()
        self._watched: Counter[tuple[str, str, str]] = Counter()

    def count(self, key: Key, code: int, seconds: float, size: int) -> None:
        """Count one answered request; ``size`` is its answer's."""
        self._total[key, code] += 1
        timed = self._seconds.get(key)
        if timed is None:
            timed = self._seconds[key] = Histogram(SECONDS)
        timed.observe(seconds)
        if key[0] in {"GET", "LIST"}:
            sized = self._sizes.get(key)
            if sized is None:
                sized = self._sizes[key] = Histogram(BYTES)
            sized.observe(size)

    def begun(self, key: Key) -> None:
        """Count a request that goes on for long."""
        self._long[key] += 1

    def ended(self, key: Key, code: int, seconds: float) -> None:
        """One of those has ended."""
        self._long[key] -= 1
        self.count(key, code, seconds, 0)

    def sent(self, group: str, version: str, resource: str, number: int) -> None:
        """Count events that were sent to watchers."""
        self._watched[group, version, resource] += number

    def samples(self) -> Iterator[Sample]:
        """Yield all counts."""
        for (key, code), number in self._total.items():
            labels = dict(zip(LABELS, key, strict=True))
            yield "apiserver_request_total", {"code": str(code), **labels}, number
        for key, timed in self._seconds.items():
            yield from timed.samples("apiserver_request_duration_seconds", dict(zip(LABELS, key, strict=True)))
        for key, sized in self._sizes.items():
            yield from sized.samples("apiserver_response_sizes", _undried(key))
        for key, number in self._long.items():
            yield "apiserver_longrunning_requests", _undried(key), number
        for watched, number in self._watched.items():
            yield "apiserver_watch_events_total", dict(zip(WATCH_LABELS, watched, strict=True)), number


def _undried(key: Key) -> dict[str, str]:
    return dict(zip(LONG_LABELS, (key[0], *key[2:]), strict=True))


def key_of(info: RequestInfo, method: str, dry_run: str, *, applies: bool) -> Key:
    """Return what a request is counted as."""
    if not info.is_resource:
        return info.verb.upper(), "", "", "", "", info.path if info.path in OWN_PATHS else "", "", ""
    scope = _scope(info)
    if info.subresource in CONNECTING:
        verb = "CONNECT"
    elif applies:
        verb = "APPLY"
    elif method in {"GET", "HEAD"} and info.verb != "watch":
        verb = "LIST" if scope not in {"resource", ""} else "GET"
    else:
        verb = VERBS.get(info.verb, info.verb.upper())
    return verb, dry_run, info.group, info.version, info.resource, info.subresource, scope, APISERVER


def _scope(info: RequestInfo) -> str:
    if info.name or info.verb == "create":
        return "resource"
    if info.namespace:
        return "namespace"
    return "cluster"
