"""The order of keys in quoted objects."""

from typing import TYPE_CHECKING

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.encoding import LIVE, encoded
from k8s_tutor.apimachinery.ordering import go_json, go_ordered, json_patched_text, merge_patched_text
from k8s_tutor.apimachinery.schema import type_for

if TYPE_CHECKING:
    from k8s_tutor.apimachinery.unstructured import Json

POD = {
    "status": {},
    "spec": {"restartPolicy": "Always", "containers": [{"image": "a<b", "name": "c"}]},
    "metadata": {"labels": {"b": "1", "a": "2"}, "name": "p"},
    "kind": "Pod",
    "apiVersion": "v1",
}


def test_structs_keep_their_declared_order_and_maps_are_sorted() -> None:
    text = go_json(go_ordered(POD, schema.type_for("", "v1", "Pod")))
    assert text == (
        '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","labels":{"a":"2","b":"1"}},'
        '"spec":{"containers":[{"name":"c","image":"a\\u003cb"}],"restartPolicy":"Always"},"status":{}}'
    )


def test_a_merge_patch_sorts_what_it_touches() -> None:
    text = merge_patched_text(POD, {"spec": {"foo": 1}, "status": None}, schema.type_for("", "v1", "Pod"))
    assert text == (
        '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"a":"2","b":"1"}},'
        '"spec":{"containers":[{"name":"c","image":"a\\u003cb"}],"foo":1,"restartPolicy":"Always"}}'
    )


def test_a_json_patch_sorts_the_objects_on_its_way() -> None:
    operations = [{"op": "add", "path": "/spec/containers/0/foo", "value": {"z": 1, "a": 2}}]
    text = json_patched_text(POD, operations, schema.type_for("", "v1", "Pod"))
    assert '"containers":[{"foo":{"z":1,"a":2},"image":"a\\u003cb","name":"c"}]' in text
    assert text.startswith('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels"')


def test_empty_lists_live_until_they_are_stored() -> None:
    role = schema.type_for("rbac.authorization.k8s.io", "v1", "Role")
    assert role is not None
    assert encoded({"rules": []}, role, form=LIVE)["rules"] == []
    assert encoded({"rules": []}, role)["rules"] is None


def test_encoding_shares_what_is_right_already() -> None:
    pod = schema.type_for("", "v1", "Pod")
    assert pod is not None
    once = encoded(POD, pod)
    again = encoded(once, pod)
    assert again is once


def test_managers_see_empty_lists_within_lists_that_are_one_value() -> None:
    policy = type_for("networking.k8s.io", "v1", "NetworkPolicy")
    pod = type_for("", "v1", "Pod")
    assert policy is not None
    assert pod is not None
    rules: Json = {"spec": {"podSelector": {}, "egress": [{"to": [], "ports": None}]}}
    assert encoded(rules, policy, form=LIVE)["spec"]["egress"] == [{"to": []}]
    containers = {"spec": {"containers": [{"name": "c", "args": [], "env": []}]}}
    assert "args" not in encoded(containers, pod, form=LIVE)["spec"]["containers"][0]


def test_what_a_test_compares_is_sorted() -> None:
    current: Json = {"webhooks": [{"rules": [{"b": 1, "a": {"d": 2, "c": 3}}]}], "other": {"z": 1, "y": 2}}
    operations = [{"op": "test", "path": "/webhooks/0/rules/0", "value": {"a": {"c": 3, "d": 2}, "b": 1}}]
    text = json_patched_text(current, operations, None)
    assert '"rules":[{"a":{"c":3,"d":2},"b":1}]' in text
