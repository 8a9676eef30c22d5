"""ConfigMaps (upstream: ``registry/core/configmap``)."""

import base64
import binascii
from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.base import KindStrategy
from k8s_tutor.sim.resources.shared.check import At, same

MAX_SIZE = 1024 * 1024
FROZEN = "field is immutable when `immutable` is set"


def decoded_size(text: str | None) -> int:
    """Return the number of bytes of base64 text (null counts as empty)."""
    if not text:
        return 0
    try:
        return len(base64.b64decode(text))
    except (binascii.Error, ValueError):
        return len(text)


def check_frozen(v: At, old: Json, *fields: str) -> None:
    """Refuse changes of an object that was declared immutable."""
    if not old.get("immutable"):
        return
    if not v.get("immutable"):
        v.forbidden("immutable", FROZEN)
    for field in fields:
        if not same(v.get(field), old.get(field)):
            v.forbidden(field, FROZEN)


class ConfigMapStrategy(KindStrategy):
    """The kind ConfigMap."""

    resource = "configmaps"
    columns = table.table(table.NAME, table.doc("core.v1", "ConfigMap", "data", "Data"), table.AGE)

    def check(self, v: At, old: Json | None) -> None:
        data, binary = v.get("data") or {}, v.get("binaryData") or {}
        size = 0
        for key, value in data.items():
            at = v.at("data").key(key)
            at.judge("", names.is_config_map_key, key)
            if key in binary:
                at.invalid("", "duplicate of key present in binaryData", key)
            size += len(value.encode())
        for key, value in binary.items():
            v.at("binaryData").key(key).judge("", names.is_config_map_key, key)
            size += decoded_size(value)
        if size > MAX_SIZE:
            v.add("FieldValueTooLong", "", f"Too long: may not be more than {MAX_SIZE} bytes")

    def check_update(self, v: At, old: Json) -> None:
        check_frozen(v, old, "data", "binaryData")
        self.check(v, old)

    def row(self, obj: Json, now: float) -> list[Any]:
        count = len(obj.get("data") or ()) + len(obj.get("binaryData") or ())
        return [obj["metadata"]["name"], count, table.created(obj, now)]
