"""What a path means: verb, group, version, resource, namespace, name, subresource.

Mirrors ``apiserver/pkg/endpoints/request/requestinfo.go``.
"""

from dataclasses import dataclass
from functools import lru_cache

from k8s_tutor.apimachinery import fields
from k8s_tutor.sim.apiserver.http.message import Request
from k8s_tutor.sim.auth.access import Access
from k8s_tutor.sim.registry.strategy import UserInfo

VERBS = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
SELECTING = frozenset(("list", "watch", "deletecollection"))
_NONE: tuple[fields.Term, ...] = ()
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


def wanted_access(user: UserInfo, request: Request, info: RequestInfo) -> Access:
    """Return what a request is to be authorized for; a list's name is the one its field selector asks for."""
    if not info.is_resource:
        return Access(user, info.verb, path=info.path)
    name, terms = info.name, _NONE
    if info.verb in SELECTING and not info.old_watch:
        terms = _terms(request.param("fieldSelector"))
        if not name and info.verb != "deletecollection":
            chosen = [term.value for term in terms if term.equal and term.field == "metadata.name"]
            name = next(iter(chosen), "")
            if name in {".", ".."} or "/" in name or "%" in name:
                name = ""
    return Access(user, info.verb, info.namespace, info.group, info.resource, info.subresource, name, fields=terms)


def _terms(text: str) -> tuple[fields.Term, ...]:
    try:
        return fields.parse(text).terms if text else _NONE
    except ValueError:
        return _NONE
