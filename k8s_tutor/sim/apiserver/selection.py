"""Which objects a list or watch shows: label and field selectors (``storage.SelectionPredicate``)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from k8s_tutor.apimachinery import fields, labels
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.http.message import Request
from k8s_tutor.sim.machinery.status import bad_request
from k8s_tutor.sim.registry.scheme import Resource

METADATA = frozenset(("metadata.name", "metadata.namespace"))
SAMPLE: Json = {"metadata": {"name": "", "namespace": ""}, "spec": {}, "status": {}}


@dataclass(frozen=True, slots=True)
class Selection:
    """A predicate over objects; ``everything`` if there is none; ``name`` where a field selector fixes it."""

    everything: bool
    fits: Callable[[Json], bool]
    name: str | None = None


def _all(_: Json) -> bool:
    return True


EVERYTHING = Selection(True, _all)


def selection(request: Request, resource: Resource, name: str = "") -> Selection:
    """Return the predicate of a request; ``name`` restricts it to one object (old watch paths).

    Raises:
        ApiError: 400 for a selector that cannot be read, or a field that cannot be selected by.
    """
    label_text, field_text = request.param("labelSelector"), request.param("fieldSelector")
    if name:
        field_text = f"metadata.name={name}"
    if not label_text and not field_text:
        return EVERYTHING
    try:
        by_label = labels.parse(label_text) if label_text else None
        by_field = fields.parse(field_text) if field_text else None
    except ValueError as error:
        raise bad_request(str(error)) from None
    if by_field is not None:
        _check_fields(by_field, resource)
    selectable, names = resource.strategy.selectable, resource.strategy.field_labels(resource.group)

    def fits(obj: Json) -> bool:
        meta = obj["metadata"]
        if by_label is not None and not by_label.matches(meta.get("labels") or {}):
            return False
        if by_field is None:
            return True
        values = _named(selectable(obj) or {}, names)
        values["metadata.name"] = meta.get("name", "")
        values["metadata.namespace"] = meta.get("namespace", "")
        return by_field.matches(values)

    only = by_field.required_value("metadata.name") if by_field is not None else None
    return Selection(False, fits, only)


def _named(values: Mapping[str, str], names: Mapping[str, str] | None) -> dict[str, str]:
    """Return selectable values by the names that an API group has for them."""
    return dict(values) if names is None else {label: values[field] for label, field in names.items()}


def _check_fields(selector: fields.FieldSelector, resource: Resource) -> None:
    strategy = resource.strategy
    own = _named(strategy.selectable(SAMPLE) or {}, strategy.field_labels(resource.group))
    for term in selector.terms:
        if term.field not in METADATA and term.field not in own:
            raise bad_request(_unknown_field(term.field, resource, own))


def _unknown_field(field: str, resource: Resource, own: Json) -> str:
    """Upstream's words: kinds that registered no field labels of their own share a default, and Jobs differ."""
    if resource.name == "jobs.batch":
        return f'field label "{field}" not supported for Job'
    if resource.custom is None and not own:
        return f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'
    return f"field label not supported: {field}"
