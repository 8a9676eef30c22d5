"""From verb and subresource to what answers."""

from collections.abc import Awaitable, Callable

from k8s_tutor.sim.apiserver import patching, reading, reviews, watching, writing
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Answer
from k8s_tutor.sim.apiserver.nonresource import not_found
from k8s_tutor.sim.apiserver.requestinfo import RequestInfo
from k8s_tutor.sim.apiserver.subresources import find
from k8s_tutor.sim.machinery.status import ApiError, not_allowed
from k8s_tutor.sim.registry.scheme import Resource

Handle = Callable[[Call], Answer | Awaitable[Answer]]
BY_VERB: dict[str, Handle] = {
    "get": reading.get,
    "list": reading.list_,
    "watch": watching.watch,
    "create": writing.create,
    "update": writing.replace,
    "patch": patching.patch,
    "delete": writing.delete,
    "deletecollection": writing.delete_collection,
}
# Warnings that every answer about a deprecated resource carries.
DEPRECATED = {
    "endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
}
ACROSS = frozenset(("list", "watch"))  # all namespaces
CREATED_UNDER = frozenset(("binding", "eviction", "token"))
# The object's own methods, by HTTP method: with a name, and without.
NAMED = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
UNNAMED = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}


def has_tables(resource: Resource, info: RequestInfo) -> bool:
    """Whether answers may be Tables: not those of reviews and of what is created under an object."""
    return info.subresource not in CREATED_UNDER and not reviews.is_review(resource)


def route(call: Call) -> Answer | Awaitable[Answer]:
    """Answer a request for a resource."""
    info, resource = call.info, call.resource
    if not _has_route(info, resource):
        if resource.custom is not None:
            return not_found()
        raise ApiError(404, "NotFound", "the server could not find the requested resource", {})
    if resource.name in DEPRECATED:
        call.warnings.append(DEPRECATED[resource.name])
    elif resource.custom is not None and resource.strategy.deprecation:
        call.warnings.append(resource.strategy.deprecation)
    virtual = reviews.find(call) if not info.subresource else None
    if virtual is not None:
        return virtual(call)
    if info.subresource:
        return _subresource(call)
    if info.verb == "watch" and (not info.name or info.old_watch):
        verb = "watch"
    else:
        verb = (NAMED if info.name else UNNAMED).get(call.request.method, "")
    if verb not in resource.verbs or (verb not in ACROSS and resource.namespaced and not info.namespace):
        raise not_allowed()
    return BY_VERB[verb](call)


def _has_route(info: RequestInfo, resource: Resource) -> bool:
    """Whether the path is one of the resource's: with a namespace or without, as it has its objects."""
    if not resource.namespaced:
        return not info.namespace or resource.name == "namespaces"
    return bool(info.namespace) or not info.name or (info.old_watch and info.verb in ACROSS)


def _subresource(call: Call) -> Answer | Awaitable[Answer]:
    entry = call.resource.subresources.get(call.info.subresource)
    if entry is None:
        raise ApiError(404, "NotFound", "the server could not find the requested resource", {})
    handle = find(call)
    if handle is not None:
        return handle(call)
    verb = NAMED.get(call.request.method, "")
    if verb not in entry["verbs"]:
        raise not_allowed()
    return BY_VERB[verb](call)
