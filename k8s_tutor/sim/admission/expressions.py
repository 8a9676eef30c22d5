"""CEL in admission: what expressions see of a request, and how one is evaluated."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.attributes import Attributes
from k8s_tutor.sim.registry.strategy import UserInfo

VARIABLES = ("object", "oldObject", "request", "params", "namespaceObject", "variables")


def request_values(attributes: Attributes) -> Json:
    """Return ``request``: the part of an AdmissionRequest that is about the request, not the object."""
    resource, ctx = attributes.resource, attributes.ctx
    group, version, kind = attributes.kind or (resource.group, resource.version, resource.kind)
    return {
        "kind": {"group": group, "version": version, "kind": kind},
        "resource": {"group": resource.group, "version": resource.version, "resource": resource.plural},
        "subResource": attributes.subresource,
        "name": attributes.name,
        "namespace": attributes.namespace,
        "operation": attributes.operation,
        "userInfo": _user(ctx.user),
        "dryRun": ctx.dry_run,
    }


def _user(user: UserInfo) -> Json:
    """Return who asks; what is empty is not there."""
    extra = {name: list(texts) for name, texts in user.extra.items()}
    told = {"username": user.name, "uid": user.uid, "groups": list(user.groups), "extra": extra}
    return {field: value for field, value in told.items() if value}


def values(attributes: Attributes, namespace: Json | None, params: Json | None) -> Json:
    """Return the variables of an expression."""
    return {
        "object": attributes.obj,
        "oldObject": attributes.old,
        "request": request_values(attributes),
        "params": params,
        "namespaceObject": namespace,
        "variables": {},
    }


class Failed(Exception):  # noqa: N818 - carried as a value
    """An expression that cannot be compiled or evaluated."""


def evaluate(expression: str, given: Json, *, patches: bool = False) -> Any:
    """Return the expression's value, or a ``Failed``; ``patches``: it is one of a mutation."""
    from k8s_tutor.apimachinery import cel  # costs 50 ms, and few clusters have policies

    try:
        done = cel.compile(expression, VARIABLES, patches=patches).evaluate(given)
    except cel.CompileError as error:
        return Failed(str(error))
    return Failed(done.message) if isinstance(done, cel.CelError) else done
