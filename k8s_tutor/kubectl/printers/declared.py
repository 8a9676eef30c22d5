"""JSON of typed objects: keys in the order of the Go type's fields, not of the alphabet (Go, ``encoding/json``).

kubectl decodes objects into their Go types where it makes or changes them itself (create, run, set, expose, autoscale,
rollout); what it only passes on (get, apply, patch, label) is a map, whose keys are sorted.
"""

import json
from typing import Any

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.goyaml import escaped_html


def in_declared_order(body: dict[str, Any]) -> dict[str, Any]:
    """Return the object with its keys in the order of its type; maps and unknown types have theirs sorted."""
    group, _, version = body.get("apiVersion", "").rpartition("/")
    ordered: dict[str, Any] = _ordered(body, schema.type_for(group, version, body.get("kind", "")))
    return ordered


def in_order(body: dict[str, Any]) -> dict[str, Any]:
    """Return the object with all its keys sorted, as a map prints."""
    ordered: dict[str, Any] = _ordered(body, None)
    return ordered


def json_as_declared(body: dict[str, Any]) -> str:
    """Return indented JSON that keeps the order of keys."""
    return escaped_html(json.dumps(body, indent=4, ensure_ascii=False))


def _ordered(value: Any, kind: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(item, kind.elem if kind else None) for item in value]
    if not isinstance(value, dict):
        return value
    fields = (kind.fields if kind else None) or {}
    elem = kind.elem if kind else None
    order = {name: at for at, name in enumerate(fields)}
    keys = sorted(value, key=lambda key: (order.get(key, len(order)), key))
    return {key: _ordered(value[key], fields[key].type if key in fields else elem) for key in keys}
