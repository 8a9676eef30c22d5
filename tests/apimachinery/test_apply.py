"""Managed fields and server-side apply."""

from typing import Any

import pytest

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.apply import (
    ApplyConflictError,
    ApplyError,
    apply,
    fieldset_of,
    managed_before,
    track_update,
)
from k8s_tutor.apimachinery.apply.fieldsets import difference, intersection, make_set, paths, union
from k8s_tutor.apimachinery.schema.types import Type
from k8s_tutor.apimachinery.unstructured import Json


def type_for(kind: str, group: str = "") -> Type:
    found = schema.type_for(group, "v1", kind)
    assert found is not None
    return found


def config_map(data: Json, **metadata: Any) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", **metadata}, "data": data}


def put(live: Json | None, data: Json, manager: str, *, force: bool = False, time: str = "T") -> Json:
    return apply(live, config_map(data), manager, force, type_for("ConfigMap"), api_version="v1", time=time)


def owned(obj: Json) -> dict[str, Any]:
    return {entry["manager"]: entry["fieldsV1"] for entry in obj["metadata"]["managedFields"]}


def test_set_operations() -> None:
    one: Json = {"f:a": {}, "f:b": {".": {}, "f:c": {}}}
    other: Json = {"f:a": {"f:x": {}}, "f:b": {}}
    assert union(one, other) == {"f:a": {".": {}, "f:x": {}}, "f:b": {".": {}, "f:c": {}}}
    assert difference(one, other) == {"f:a": {}, "f:b": {"f:c": {}}}
    assert intersection(one, other) == {"f:b": {}}
    assert list(paths(one)) == [("f:a",), ("f:b",), ("f:b", "f:c")]
    assert make_set(("spec", "x"), ("spec",)) == {"f:spec": {".": {}, "f:x": {}}}


def test_what_a_pod_applies() -> None:
    spec = {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80}]}], "nodeSelector": {"a": "b"}}
    assert fieldset_of({"spec": spec}, type_for("Pod")) == {
        "f:spec": {
            "f:containers": {
                'k:{"name":"c"}': {
                    ".": {},
                    "f:name": {},
                    "f:image": {},
                    "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
                }
            },
            "f:nodeSelector": {},
        }
    }


def track(old: Json | None, new: Json, manager: str, time: str, before: list[Json] | None = None) -> list[Json]:
    entries = managed_before(old, new) if before is None else before
    return track_update(old, new, entries, manager, "Update", "v1", "", time, type_for("ConfigMap"))


def test_a_creation_owns_all_but_identity() -> None:
    entries = track(None, config_map({"a": "1"}, labels={"x": "y"}, uid="u", resourceVersion="1"), "kubectl", "T1")
    assert entries == [
        {
            "manager": "kubectl",
            "operation": "Update",
            "apiVersion": "v1",
            "time": "T1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:x": {}}}, "f:data": {".": {}, "f:a": {}}},
        }
    ]


def test_an_update_takes_what_it_changes_and_only_then_the_time_moves() -> None:
    first = config_map({"a": "1", "b": "1"})
    first["metadata"]["managedFields"] = track(None, first, "one", "T1")
    second = config_map({"a": "2", "c": "1"})
    entries = track(first, second, "two", "T2")
    assert {entry["manager"]: entry["fieldsV1"] for entry in entries} == {
        "one": {"f:data": {}},
        "two": {"f:data": {"f:a": {}, "f:c": {}}},
    }
    same = track(first, config_map({"a": "1", "b": "1"}), "two", "T2")
    assert same is first["metadata"]["managedFields"]
    removal = track(first, config_map({"a": "1"}), "two", "T2")
    assert [(entry["manager"], entry["time"]) for entry in removal] == [("one", "T1")]


def test_more_than_ten_updaters_become_ancient_changes() -> None:
    obj = config_map({})
    obj["metadata"]["managedFields"] = track(None, obj | {"data": {"k": "v"}}, "m00", "T00")
    for number in range(1, 13):
        new = config_map({**obj["data"], f"k{number}": "v"})
        new["metadata"]["managedFields"] = track(obj, new, f"m{number:02}", f"T{number:02}")
        obj = new
    managers = [entry["manager"] for entry in obj["metadata"]["managedFields"]]
    assert len(managers) == 10
    assert "ancient-changes" in managers
    assert "m12" in managers


def test_resetting_managed_fields() -> None:
    old = config_map({"a": "1"}, managedFields=[{"manager": "x", "operation": "Update", "fieldsV1": {"f:data": {}}}])
    assert managed_before(old, config_map({}, managedFields=[{}])) == []
    assert managed_before(old, config_map({})) == old["metadata"]["managedFields"]
    assert track(config_map({}), config_map({"a": "1"}), "x", "T", before=[]) == []


def test_apply_conflicts_force_and_give_up() -> None:
    live = put(None, {"a": "1", "b": "2"}, "one")
    with pytest.raises(ApplyConflictError, match=r'Apply failed with 1 conflict: conflict with "one": \.data\.a'):
        put(live, {"a": "9"}, "two")
    live = put(live, {"a": "9"}, "two", force=True)
    assert owned(live) == {"one": {"f:data": {"f:b": {}}}, "two": {"f:data": {"f:a": {}}}}
    live = put(live, {"b": "2", "c": "3"}, "one")
    assert live["data"] == {"a": "9", "b": "2", "c": "3"}
    live = put(live, {"c": "3"}, "one")
    assert live["data"] == {"a": "9", "c": "3"}
    assert owned(live)["one"] == {"f:data": {"f:c": {}}}


def test_equal_values_are_shared() -> None:
    live = put(put(None, {"a": "1"}, "one"), {"a": "1"}, "two")
    assert owned(live) == {"one": {"f:data": {"f:a": {}}}, "two": {"f:data": {"f:a": {}}}}
    assert put(live, {}, "one")["data"] == {"a": "1"}


def test_applying_the_same_again_keeps_the_time() -> None:
    live = put(None, {"a": "1"}, "one", time="T1")
    again = put(live, {"a": "1"}, "one", time="T2")
    assert again == live


def test_conflict_with_an_update_names_its_version() -> None:
    live = config_map({"a": "1"})
    live["metadata"]["managedFields"] = track(None, live, "editor", "T1")
    with pytest.raises(ApplyConflictError, match=r'conflict with "editor" using v1: \.data\.a') as raised:
        put(live, {"a": "2"}, "one")
    assert raised.value.conflicts[0].path == ".data.a"


def test_kubectl_takes_over_from_client_side_apply() -> None:
    annotation = "kubectl.kubernetes.io/last-applied-configuration"
    text = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}'
    live = config_map({"a": "1"}, annotations={annotation: text})
    live["metadata"]["managedFields"] = track(None, live, "kubectl-client-side-apply", "T1")
    taken = put(live, {"a": "2"}, "kubectl")
    assert taken["data"] == {"a": "2"}
    assert '"a":"2"' in taken["metadata"]["annotations"][annotation]
    live["data"] = {"a": "edited"}
    with pytest.raises(ApplyConflictError):
        put(live, {"a": "2"}, "kubectl")


def test_lists_merge_by_key_in_the_appliers_order() -> None:
    pod = type_for("Pod")
    base = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    live = apply(
        None,
        base | {"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]}},
        "one",
        False,
        pod,
        api_version="v1",
        time="T",
    )
    merged = apply(
        live,
        base | {"spec": {"containers": [{"name": "c", "image": "1"}, {"name": "a"}]}},
        "two",
        False,
        pod,
        api_version="v1",
        time="T",
    )
    assert [item["name"] for item in merged["spec"]["containers"]] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("patch", "code", "complaint"),
    [
        (
            config_map({"a": [1, "x"]}),
            500,
            r'\.data\.a: expected string, got &value.valueUnstructured{Value:\[\]interface {}{1, "x"}}$',
        ),
        (
            config_map({}) | {"data": [{"b": None, "a": 1}]},
            500,
            r"\.data: expected map, got &{\[map\[a:1 b:<nil>\]\]}$",
        ),
        (config_map({}) | {"immutable": "x"}, 500, r"\.immutable: expected boolean, got &{x}$"),
        (config_map({}, name=["c"]), 500, r"\(/; /v1, Kind=ConfigMap\): \.metadata\.name: expected string"),
        (config_map({}, creationTimestamp=[1]), 500, r"creationTimestamp: expected any scalar, got &{\[1\]}$"),
        (
            config_map({}) | {"foo": 1},
            500,
            r"failed to create typed patch object \(/c; /v1, Kind=ConfigMap\): \.foo: field not",
        ),
        (config_map({}, managedFields=[]), 400, "metadata.managedFields must be nil"),
        (config_map({}) | {"apiVersion": "v2"}, 400, "Specified patch version: v2, expected: v1"),
    ],
)
def test_what_cannot_be_applied(patch: Json, code: int, complaint: str) -> None:
    with pytest.raises(ApplyError, match=complaint) as raised:
        apply(None, patch, "one", False, type_for("ConfigMap"), api_version="v1", time="T")
    assert raised.value.code == code


def test_fields_that_a_request_cannot_set_keep_their_owners() -> None:
    pod = type_for("Pod")
    status = {"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "subresource": "status", "time": "T1"}
    entry = {**status, "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {"f:phase": {}}}}
    old = {
        "metadata": {"name": "p", "managedFields": [entry]},
        "spec": {"nodeName": "a"},
        "status": {"phase": "Running"},
    }
    new = {"metadata": {"name": "p"}, "spec": {"nodeName": "b"}, "status": {}}
    entries = track_update(old, new, [entry], "me", "Update", "v1", "", "T2", pod, make_set(("status",)))
    assert entries[0] is entry
    assert entries[1]["fieldsV1"] == {"f:spec": {"f:nodeName": {}}}


def test_a_first_claim_of_what_is_there_has_no_time() -> None:
    first = put(None, {"a": "1"}, "one")
    second = put(first, {"a": "1"}, "two", time="later")
    entries = {entry["manager"]: entry for entry in second["metadata"]["managedFields"]}
    assert "time" not in entries["two"]
    assert entries["one"]["time"] == "T"
