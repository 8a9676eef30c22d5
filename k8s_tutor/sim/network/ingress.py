"""Ingress rules: which Service answers for a host and a path.

Order of the rules as the API documents it: exact host before wildcard before none; exact path before the longest
prefix. What no rule matches goes to a default backend; without one it is the controller's 404.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from k8s_tutor.apimachinery.unstructured import Json


@dataclass(frozen=True, slots=True)
class Backend:
    """A Service's port, by number or name."""

    namespace: str
    service: str
    port: int | str
    ingress: str = ""


class IngressTable:
    """The Ingresses that one controller serves."""

    def __init__(self) -> None:
        self._ingresses: dict[tuple[str, str], Json] = {}

    def set_ingresses(self, objects: Iterable[Json]) -> None:
        """Replace all Ingresses."""
        self._ingresses = {}
        for obj in objects:
            self.put_ingress(obj)

    def put_ingress(self, obj: Json) -> None:
        """An Ingress is there or has changed."""
        self._ingresses[obj["metadata"].get("namespace", ""), obj["metadata"]["name"]] = obj

    def drop_ingress(self, obj: Json) -> None:
        """An Ingress was deleted."""
        self._ingresses.pop((obj["metadata"].get("namespace", ""), obj["metadata"]["name"]), None)

    def route(self, host: str, path: str) -> Backend | None:
        """Return the backend for a request; None is the controller's own 404."""
        host = host.split(":", maxsplit=1)[0].lower()
        best: tuple[tuple[int, int, int], Backend] | None = None
        for obj in self._by_age():
            for rule in obj["spec"].get("rules") or ():
                weight = _host_weight(rule.get("host", ""), host)
                if weight < 0:
                    continue
                for entry in (rule.get("http") or {}).get("paths") or ():
                    length = _path_weight(entry, path)
                    if length is None:
                        continue
                    rank = (weight, *length)
                    if best is None or rank > best[0]:
                        best = (rank, _backend(obj, entry["backend"]))
        if best is not None:
            return best[1]
        for obj in self._by_age():
            if obj["spec"].get("defaultBackend"):
                return _backend(obj, obj["spec"]["defaultBackend"])
        return None

    def _by_age(self) -> list[Json]:
        return sorted(self._ingresses.values(), key=lambda obj: obj["metadata"].get("creationTimestamp") or "")


def _host_weight(pattern: str, host: str) -> int:
    if not pattern:
        return 0
    if pattern.startswith("*."):
        first, _, rest = host.partition(".")
        return 1 if first and rest == pattern[2:] else -1
    return 2 if pattern.lower() == host else -1


def _path_weight(entry: Json, path: str) -> tuple[int, int] | None:
    """Return (exact, length) if the path matches, else None."""
    pattern, kind = entry.get("path") or "/", entry.get("pathType", "ImplementationSpecific")
    if kind == "Exact":
        return (1, len(pattern)) if path == pattern else None
    base = pattern.rstrip("/")
    if not base or path == base or path.startswith(base + "/"):
        return 0, len(pattern)
    return None


def _backend(obj: Json, backend: Json) -> Backend:
    service = backend.get("service") or {}
    port = service.get("port") or {}
    return Backend(
        obj["metadata"].get("namespace", ""),
        service.get("name", ""),
        port.get("number") or port.get("name") or "",
        obj["metadata"]["name"],
    )
