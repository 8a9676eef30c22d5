"""A CRD's schema as OpenAPI version 2 can tell it."""

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.customs.version2 import root_of_version_2

PRESERVE = {"x-kubernetes-preserve-unknown-fields": True}
TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "object", "oneOf": [{"required": ["a"]}], "not": {}}, {"type": "object"}),
        ({"type": "object", "properties": {"a": TEXT}, "nullable": True}, {}),
        ({"type": "array", "items": TEXT, **PRESERVE}, PRESERVE),
        ({"type": "array", "items": TEXT}, {"type": "array", "items": TEXT}),
        ({"type": "object", "properties": {"a": TEXT}, **PRESERVE}, PRESERVE),
    ],
)
def test_what_version_2_cannot_tell_is_left_out(schema: Json, told: Json) -> None:
    root = {"type": "object", "properties": {"spec": schema}}
    assert root_of_version_2(root) == {"type": "object", "properties": {"spec": told}}


def test_a_nullable_field_is_not_required() -> None:
    schema = {"type": "object", "required": ["a", "b"], "properties": {"a": TEXT | {"nullable": True}, "b": TEXT}}
    assert root_of_version_2(schema) == {"type": "object", "required": ["b"], "properties": {"a": {}, "b": TEXT}}


def test_a_root_that_keeps_all_fields_tells_none() -> None:
    assert root_of_version_2({"type": "object", **PRESERVE}) is None
