"""Validation of ``metadata``, the same for every kind (upstream: ``api/validation/objectmeta.go``)."""

from typing import Any

from k8s_tutor.sim.machinery.status import FieldError
from k8s_tutor.sim.registry.scheme import Resource

Json = dict[str, Any]


def validate_metadata(resource: Resource, obj: Json) -> list[FieldError]:
    """Return what is wrong with a new object's metadata."""
    meta = obj["metadata"]
    name = meta.get("name", "")
    if not name:
        return [FieldError("FieldValueRequired", "metadata.name", "Required value: name or generateName is required")]
    return [
        FieldError("FieldValueInvalid", "metadata.name", f'Invalid value: "{name}": {why}')
        for why in resource.strategy.validate_name(name, prefix=False)
    ]


def validate_metadata_update(resource: Resource, new: Json, old: Json) -> list[FieldError]:
    """Return what is wrong with a change of metadata."""
    name, was = new["metadata"].get("name"), old["metadata"]["name"]
    if name != was:
        why = f'Invalid value: "{name}": field is immutable'
        return [FieldError("FieldValueInvalid", "metadata.name", why)]
    return []
