"""Objects as a strategy makes and judges them, without a server around it."""

import copy
from typing import Any

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.conforming import conform
from k8s_tutor.apimachinery.encoding import JUDGED, STORED, encoded
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.metadata import validate_metadata
from k8s_tutor.sim.registry.scheme import strategy_makers
from k8s_tutor.sim.registry.strategy import RequestContext, Strategy, UserInfo

_MAKERS = strategy_makers()
_MADE: dict[str, Strategy] = {}

__all__ = [
    "Json",
    "changed",
    "complaints",
    "context",
    "made",
    "pod",
    "stored",
    "strategy",
    "template",
    "validate_metadata",
]


def strategy(resource: str) -> Strategy:
    """Return the strategy of a resource such as ``deployments.apps``."""
    if resource not in _MADE:
        _MADE[resource] = _MAKERS[resource]()
    return _MADE[resource]


def context(subresource: str = "") -> RequestContext:
    """Return the context of somebody's request."""
    return RequestContext(UserInfo("jane"), subresource=subresource)


def decoded(obj: Json) -> Json:
    """Return an object as the server decodes it."""
    group, _, version = obj["apiVersion"].rpartition("/")
    kind = schema.type_for(group, version, obj["kind"])
    assert kind is not None
    done = conform(copy.deepcopy(obj), kind, ())
    assert done.type_error is None, done.type_error
    found: Json = done.obj
    return found


def stored(obj: Json, form: str = STORED) -> Json:
    """Return an object as the server stores it, or in another form."""
    group, _, version = obj["apiVersion"].rpartition("/")
    kind = schema.type_for(group, version, obj["kind"])
    assert kind is not None
    return encoded(copy.deepcopy(obj), kind, form=form)


def made(resource: str, obj: Json) -> Json:
    """Return an object decoded, defaulted and prepared for creation."""
    new = decoded(obj)
    new.setdefault("metadata", {}).setdefault("uid", "u-1")
    strategy(resource).default(new)
    strategy(resource).prepare_create(context(), new)
    return new


def complaints(resource: str, obj: Json) -> list[str]:
    """Return what is wrong with a new object, as ``field: message``."""
    return [f"{error.field}: {error.message}" for error in strategy(resource).validate_create(made(resource, obj))]


def changed(resource: str, old: Json, new: Json) -> list[str]:
    """Return what is wrong with an update of a made object."""
    of = strategy(resource)
    after, old = copy.deepcopy(new), stored(old)
    of.default(after)
    after = stored(after, JUDGED)
    of.prepare_update(context(), after, old)
    return [f"{error.field}: {error.message}" for error in of.validate_update(after, old)]


def pod(**spec: Any) -> Json:
    """Return a small pod with more in its spec."""
    body = {"containers": [{"name": "web", "image": "nginx:1.27"}]} | spec
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "default"}, "spec": body}


def template(**spec: Any) -> Json:
    """Return a pod template labelled app=web."""
    return {"metadata": {"labels": {"app": "web"}}, "spec": pod(**spec)["spec"]}
