"""Objects as the API server holds them: Kubernetes' internal types, printed in causes and differences.

Where an error shows a whole struct it is the internal type's JSON: fields by their Go names, in the order of the source,
nothing omitted. The table of fields is generated (``tools/generate_internal_types.py``).
"""

import functools
import json
from importlib import resources
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.gotext import Struct
from k8s_tutor.sim.resources.shared.label_checks import shown

_ZEROS = {"string": "", "bool": False, "int32": 0, "int64": 0, "intstr.IntOrString": 0, "resource.Quantity": "0"}
_META = ("name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "labels",
         "annotations", "ownerReferences", "finalizers", "managedFields")  # fmt: skip


@functools.cache
def _table() -> dict[str, list[tuple[str, str, str]]]:
    text = resources.files(__package__).joinpath("internal_types.json").read_text()
    found: dict[str, list[tuple[str, str, str]]] = json.loads(text)
    return found


def internal(kind: str, value: Json | None) -> Struct | None:
    """Return a versioned object as its internal type, such as ``core.PodSpec``."""
    if value is None:
        return None
    out = Struct()
    for name, json_name, type_name in _table()[kind]:
        if name:
            out[name] = _convert(type_name, value.get(json_name))
        elif type_name == "metav1.ObjectMeta":
            metadata = value.get("metadata") or {}
            out.update(Struct({key: metadata[key] for key in _META if metadata.get(key)}))
        elif type_name != "metav1.TypeMeta":
            embedded = type_name.lstrip("*")
            inner = internal(embedded, value.get(json_name) if json_name and json_name in value else value)
            out.update(inner or {})
    return out


def _convert(type_name: str, value: Any) -> Any:
    if type_name.startswith("*"):
        return None if value is None else _convert(type_name[1:], value)
    if type_name.startswith("[]"):
        return None if value is None else [_convert(type_name[2:], item) for item in value]
    if type_name.startswith("map"):
        return value
    if type_name == "metav1.LabelSelector":
        return shown(value or {})
    if type_name in _table():
        return internal(type_name, value or {})
    return _ZEROS.get(type_name) if value is None else value
