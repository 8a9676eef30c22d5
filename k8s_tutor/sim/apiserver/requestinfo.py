"""What a path means: verb, group, version, resource, namespace, name, subresource.

Mirrors ``apiserver/pkg/endpoints/request/requestinfo.go``.
"""

from dataclasses import dataclass
from functools import lru_cache

VERBS = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
NAMESPACE_SUBRESOURCES = frozenset(("status", "finalize"))


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """A parsed path; ``resource`` is "" for paths that are not of a resource."""

    path: str
    verb: str
    group: str = ""
    version: str = ""
    namespace: str = ""
    resource: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""
    old_watch: bool = False

    @property
    def is_resource(self) -> bool:
        """Whether the path is of an API resource."""
        return bool(self.resource)


@lru_cache(maxsize=4096)
def parse(method: str, path: str, *, watch: bool) -> RequestInfo:
    """Return what the path means; ``watch`` is the query's ``watch``."""
    verb = VERBS.get(method, method.lower())
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        group, version, tail = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, tail = parts[1], parts[2], parts[3:]
    else:
        return RequestInfo(path, verb)
    old_watch = tail[0] == "watch" and len(tail) > 1
    if old_watch:
        tail = tail[1:]
    namespace = ""
    if tail[0] == "namespaces" and len(tail) > 1:
        namespace = tail[1]
        if len(tail) > 2 and tail[2] not in NAMESPACE_SUBRESOURCES:
            tail = tail[2:]
    name = tail[1] if len(tail) > 1 else ""
    subresource = tail[2] if len(tail) > 2 else ""
    return RequestInfo(
        path,
        _verb(verb, name, watch=watch or old_watch),
        group,
        version,
        namespace,
        tail[0],
        name,
        subresource,
        "/".join(tail[3:]),
        old_watch,
    )


def _verb(verb: str, name: str, *, watch: bool) -> str:
    if verb == "get" and watch:
        return "watch"
    if not name:
        return {"get": "list", "delete": "deletecollection"}.get(verb, verb)
    return verb
