"""The parameters of admission policies: the objects a binding points to (upstream: ``policy/generic``, ``CollectParams``)."""

from collections.abc import Iterator

from k8s_tutor.apimachinery import labels
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.attributes import Attributes
from k8s_tutor.sim.registry.rest import Rest


class MissingParamsError(Exception):
    """There are no parameters, and the binding says to deny then."""


def params_of(rest: Rest, attributes: Attributes, policy: Json, binding: Json) -> Iterator[Json | None]:
    """Yield the parameter objects with which a policy is evaluated; None where it takes none.

    Raises:
        MissingParamsError: with upstream's words.
    """
    kind, reference = policy["spec"].get("paramKind"), binding["spec"].get("paramRef")
    if not kind or not reference:
        yield None
        return
    resource = rest.scheme.for_kind(kind["apiVersion"], kind["kind"])
    home = (reference.get("namespace") or attributes.namespace) if resource and resource.namespaced else ""
    found = []
    if resource is not None and reference.get("name"):
        entry = rest.store.get(resource.name, home, reference["name"])
        found = [entry.obj] if entry else []
    elif resource is not None:
        selector = labels.from_label_selector(reference.get("selector") or {})
        candidates = (entry.obj for entry in rest.store.entries(resource.name, home or None))
        found = [obj for obj in candidates if selector.matches(obj["metadata"].get("labels") or {})]
    if not found and reference.get("parameterNotFoundAction") == "Deny":
        raise MissingParamsError("no params found for policy binding with `Deny` parameterNotFoundAction")
    yield from found
