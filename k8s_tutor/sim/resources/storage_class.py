"""StorageClasses (upstream: ``registry/storage/storageclass``)."""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At

_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_MAX_PARAMETERS, _MAX_SIZE = 512, 256 * 1024


def check_parameters(v: At, *, empty: bool) -> None:
    """Check the parameters of a class; ``empty``: there may be none."""
    parameters = v.get("parameters") or {}
    if len(parameters) > _MAX_PARAMETERS:
        v.too_long("parameters", _MAX_PARAMETERS)
        return
    for key in parameters:
        if not key:
            v.invalid("parameters", "field can not be empty.", key)
    if sum(len(key.encode()) + len(value.encode()) for key, value in parameters.items()) > _MAX_SIZE:
        v.too_long("parameters", _MAX_SIZE)
    if not empty and not parameters:
        v.required("parameters", "must contain at least one key/value pair")


def is_default(obj: Json) -> bool:
    """Tell whether an annotation makes this the default class."""
    annotations = obj["metadata"].get("annotations") or {}
    return any(annotations.get(name) == "true" for name in _DEFAULT)


class StorageClassStrategy(KindStrategy):
    """The kind StorageClass."""

    resource = "storageclasses.storage.k8s.io"
    columns = table.table(
        table.NAME,
        table.doc("storage.v1", "StorageClass", "provisioner", "Provisioner"),
        table.doc("storage.v1", "StorageClass", "reclaimPolicy", "ReclaimPolicy"),
        table.doc("storage.v1", "StorageClass", "volumeBindingMode", "VolumeBindingMode"),
        table.doc("storage.v1", "StorageClass", "allowVolumeExpansion", "AllowVolumeExpansion"),
        table.AGE,
    )

    def default(self, obj: Json) -> None:
        for name, value in (("reclaimPolicy", "Delete"), ("volumeBindingMode", "Immediate")):
            if obj.get(name) is None:
                obj[name] = value

    def check(self, v: At, old: Json | None) -> None:
        if v.text("provisioner"):
            for complaint in names.is_qualified_name(v.text("provisioner").lower()):
                v.invalid("provisioner", complaint, v.text("provisioner").lower())
        check_parameters(v, empty=True)
        if v.text("reclaimPolicy"):
            v.one_of("reclaimPolicy", ("Delete", "Retain"))
        if v.get("volumeBindingMode") is None:
            v.required("volumeBindingMode")
        else:
            v.one_of("volumeBindingMode", ("Immediate", "WaitForFirstConsumer"))
        self._check_topologies(v)

    def _check_topologies(self, v: At) -> None:
        seen: list[dict[str, set[str]]] = []
        for term in v.each("allowedTopologies"):
            terms: dict[str, set[str]] = {}
            for expression in term.each("matchLabelExpressions"):
                values: set[str] = set()
                expression.need("values")
                for value in expression.each("values"):
                    if value.value in values:
                        value.duplicate()
                    values.add(value.value)
                expression.judge("key", names.is_qualified_name)
                if expression.text("key") in terms:
                    expression.duplicate("key")
                terms[expression.text("key")] = values
            if terms in seen or (not terms and v.get("allowedTopologies")):
                term.duplicate("matchLabelExpressions", "")
            seen.append(terms)

    def check_update(self, v: At, old: Json) -> None:
        self.check(v, old)

    def declared(self, v: At, old: Json | None) -> None:
        if not v.need("provisioner"):
            return
        if old is not None:
            for field in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"):
                v.immutable_declared(field, old)

    def row(self, obj: Json, now: float) -> list[Any]:
        name = obj["metadata"]["name"]
        return [
            f"{name} (default)" if is_default(obj) else name,
            obj.get("provisioner") or "",
            obj.get("reclaimPolicy") or "Delete",
            obj.get("volumeBindingMode") or table.UNSET,
            bool(obj.get("allowVolumeExpansion")),
            table.created(obj, now),
        ]
