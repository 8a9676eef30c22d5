"""What the server serves: aggregated discovery (v2), read once and kept, with kubectl's ways to name a resource.

``po``, ``pods``, ``pod``, ``Pod``, ``deploy.apps``, ``deployments.v1.apps`` all resolve; an unknown name reads discovery
anew once, since a CustomResourceDefinition may have been added (client-go, ``restmapper`` with the shortcut expander).
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_ACCEPT = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
)


class NoMatchError(Exception):
    """No resource or kind of this name is served."""


@dataclass(frozen=True, slots=True)
class APIResource:
    """One served resource of one version."""

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()

    @property
    def group_version(self) -> str:
        """``v1`` or ``apps/v1``, as an object's apiVersion."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """``pods`` or ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def base(self) -> str:
        """The path of the group version."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    def path(self, namespace: str | None = None, name: str = "", subresource: str = "") -> str:
        """Return the URL path of the collection or the object; all namespaces if none is given."""
        parts = [self.base]
        if self.namespaced and namespace:
            parts.append(f"namespaces/{namespace}")
        parts.append(self.plural)
        parts.extend(part for part in (name, subresource) if part)
        return "/".join(parts)


class Discovery:
    """The cache. Safe to share between threads.

    Args:
        fetch: ``fetch(path, accept)`` returns a decoded JSON answer.
    """

    def __init__(self, fetch: Callable[[str, str], Any]) -> None:
        self._fetch = fetch
        self._lock = threading.RLock()
        self._resources: list[APIResource] | None = None

    def resources(self) -> list[APIResource]:
        """Every resource of every version; the core group first, then as the server orders them, preferred versions first."""
        with self._lock:
            if self._resources is None:
                self._resources = [found for path in ("/api", "/apis") for found in self._read(path)]
            return self._resources

    def invalidate(self) -> None:
        """Forget; the next question asks the server."""
        with self._lock:
            self._resources = None

    def preferred(self) -> list[APIResource]:
        """One entry a resource: that of the group's preferred version."""
        seen: dict[tuple[str, str], APIResource] = {}
        for resource in self.resources():
            seen.setdefault((resource.group, resource.plural), resource)
        return list(seen.values())

    def resolve(self, word: str) -> APIResource:
        """Find a resource by plural, singular, short name or kind, with optional ``.group`` or ``.version.group``.

        A trailing ``/name`` or subresource is ignored.

        Raises:
            NoMatchError: nothing of that name.
        """
        return self._twice(lambda: self._by_word(word.split("/", 1)[0]), word)

    def for_kind(self, api_version: str, kind: str) -> APIResource:
        """Find the resource that serves a kind in this apiVersion.

        Raises:
            NoMatchError: not served.
        """
        group, _, version = api_version.rpartition("/")
        return self._twice(lambda: self._by_kind(group, version, kind), f"{kind} in {api_version}")

    def category(self, word: str) -> list[APIResource]:
        """Resources of a category such as ``all``."""
        return [found for found in self.preferred() if word in found.categories]

    def _twice(self, find: Callable[[], APIResource | None], what: str) -> APIResource:
        fresh = self._resources is None
        found = find()
        if found is None and not fresh:
            self.invalidate()
            found = find()
        if found is None:
            raise NoMatchError(what)
        return found

    def _by_kind(self, group: str, version: str, kind: str) -> APIResource | None:
        for resource in self.resources():
            if resource.kind == kind and resource.group == group and resource.version == version:
                return resource
        return None

    def _by_word(self, word: str) -> APIResource | None:
        first, _, rest = word.lower().partition(".")
        version, _, group = rest.partition(".")
        candidates = self.resources()
        for names in (_plain_names, _short_names):
            for resource in candidates:
                if first not in names(resource):
                    continue
                if not rest or resource.group == rest or (resource.version == version and resource.group == group):
                    return resource
            for resource in candidates:
                # A group may be given by its beginning, as "deploy.app": the REST mapper's partial match.
                if rest and first in names(resource) and resource.group.startswith(rest):
                    return resource
        return None

    def _read(self, path: str) -> Iterator[APIResource]:
        document = self._fetch(path, _ACCEPT)
        if document.get("kind") == "APIGroupDiscoveryList":
            for group in document.get("items", ()):
                yield from _aggregated(group)
            return
        # A server without aggregation: one request a group version.
        if path == "/api":
            versions = list(document.get("versions", ()))
        else:
            versions = [v["groupVersion"] for group in document.get("groups", ()) for v in _preferred_first(group)]
        for version in versions:
            yield from _plain(version, self._fetch(f"{path}/{version}", "application/json"))


def _plain_names(resource: APIResource) -> tuple[str, ...]:
    return (resource.plural, resource.singular or resource.kind.lower(), resource.kind.lower())


def _short_names(resource: APIResource) -> tuple[str, ...]:
    return resource.short_names


def _aggregated(group: dict[str, Any]) -> Iterator[APIResource]:
    name = group.get("metadata", {}).get("name", "")
    for version in group.get("versions", ()):
        for entry in version.get("resources", ()):
            kind = entry.get("responseKind") or {}
            yield APIResource(
                group=name,
                version=version["version"],
                plural=entry["resource"],
                singular=entry.get("singularResource", ""),
                kind=kind.get("kind", ""),
                namespaced=entry.get("scope") == "Namespaced",
                short_names=tuple(entry.get("shortNames") or ()),
                verbs=tuple(entry.get("verbs") or ()),
                categories=tuple(entry.get("categories") or ()),
                subresources=tuple(sub["subresource"] for sub in entry.get("subresources") or ()),
            )


def _preferred_first(group: dict[str, Any]) -> list[dict[str, Any]]:
    preferred = group.get("preferredVersion", {}).get("groupVersion")
    return sorted(group.get("versions", ()), key=lambda version: version["groupVersion"] != preferred)


def _plain(group_version: str, document: dict[str, Any]) -> Iterator[APIResource]:
    group, _, version = group_version.rpartition("/")
    entries = document.get("resources", ())
    for entry in entries:
        if "/" in entry["name"]:
            continue
        yield APIResource(
            group=group,
            version=version,
            plural=entry["name"],
            singular=entry.get("singularName", ""),
            kind=entry["kind"],
            namespaced=entry["namespaced"],
            short_names=tuple(entry.get("shortNames") or ()),
            verbs=tuple(entry.get("verbs") or ()),
            categories=tuple(entry.get("categories") or ()),
            subresources=tuple(
                e["name"].split("/", 1)[1] for e in entries if e["name"].startswith(entry["name"] + "/")
            ),
        )
