"""JSON patch, merge patch, strategic merge patch and its three-way diff."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.patches import PatchError, apply_json_patch, merge_patch, strategic_diff, strategic_merge
from k8s_tutor.apimachinery.patches.merge_patch import merge_diff, three_way_merge_diff
from k8s_tutor.apimachinery.patches.strategic_diff import two_way_diff
from k8s_tutor.apimachinery.schema.types import Type
from k8s_tutor.apimachinery.unstructured import Json


def deployment() -> Type:
    found = schema.type_for("apps", "v1", "Deployment")
    assert found is not None
    return found


def containers(*items: Json) -> Json:
    return {"spec": {"template": {"spec": {"containers": list(items)}}}}


def test_json_patch_operations() -> None:
    document = {"a": [1, 2], "b": {"c/d": 1}}
    patch = [
        {"op": "test", "path": "/a/0", "value": 1},
        {"op": "add", "path": "/a/-", "value": 3},
        {"op": "add", "path": "/a/0", "value": 0},
        {"op": "move", "from": "/b/c~1d", "path": "/e"},
        {"op": "copy", "from": "/e", "path": "/f"},
        {"op": "remove", "path": "/b"},
        {"op": "replace", "path": "/f", "value": True},
    ]
    assert apply_json_patch(document, patch) == {"a": [0, 1, 2, 3], "e": 1, "f": True}
    assert document == {"a": [1, 2], "b": {"c/d": 1}}


@pytest.mark.parametrize(
    ("patch", "complaint", "malformed"),
    [
        ({"op": "x"}, "cannot unmarshal object into Go value of type []handlers.jsonPatchOp", True),
        ([{"op": "test", "path": "/a", "value": True}], "testing value /a failed: test failed", False),
        ([{"op": "remove", "path": "/x"}], "Unable to remove nonexistent key: x: missing value", False),
        ([{"op": "remove", "path": "/x/y"}], 'remove operation does not apply: doc is missing path: "/x/y"', False),
        ([{"op": "bad", "path": "/x"}], "Unexpected kind: bad", False),
    ],
)
def test_json_patch_refusals(patch: Any, complaint: str, malformed: bool) -> None:
    with pytest.raises(PatchError) as raised:
        apply_json_patch({"a": 1}, patch)
    assert complaint in str(raised.value)
    assert raised.value.malformed is malformed


_scalars = st.one_of(st.booleans(), st.integers(0, 3), st.sampled_from(["x", "y"]))
_documents = st.recursive(
    st.dictionaries(st.sampled_from("abcd"), _scalars, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), st.one_of(_scalars, inner), max_size=3),
    max_leaves=8,
)


@given(_documents, _documents)
def test_a_merge_diff_makes_what_it_was_made_from(one: Json, other: Json) -> None:
    assert merge_patch(one, merge_diff(one, other)) == other


@given(_documents)
def test_a_merge_patch_without_nulls_can_be_repeated(patch: Json) -> None:
    once = merge_patch({"a": 1}, patch)
    assert merge_patch(once, patch) == once


def test_three_way_merge_diff_deletes_only_what_was_applied() -> None:
    patch = three_way_merge_diff({"a": 1, "b": 2}, {"a": 5}, {"a": 1, "b": 2, "c": 3})
    assert patch == {"a": 5, "b": None}


def test_strategic_merge_merges_lists_by_key() -> None:
    current = containers({"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "1"})
    patch = containers({"name": "b", "image": "2"}, {"name": "c", "image": "3"})
    merged = strategic_merge(current, patch, deployment())
    assert merged["spec"]["template"]["spec"]["containers"] == [
        {"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]},
        {"name": "b", "image": "2"},
        {"name": "c", "image": "3"},
    ]


def test_strategic_directives() -> None:
    current = containers({"name": "a"}, {"name": "b"}) | {"metadata": {"finalizers": ["x", "y"], "labels": {"k": "v"}}}
    patch = containers({"name": "a", "$patch": "delete"}) | {
        "metadata": {"$deleteFromPrimitiveList/finalizers": ["x"], "labels": {"$patch": "replace", "n": "w"}}
    }
    merged = strategic_merge(current, patch, deployment())
    assert merged == containers({"name": "b"}) | {"metadata": {"finalizers": ["y"], "labels": {"n": "w"}}}
    replaced = strategic_merge(current, containers({"$patch": "replace"}, {"name": "z"}), deployment())
    assert replaced["spec"]["template"]["spec"]["containers"] == [{"name": "z"}]


def test_retain_keys_drops_what_it_does_not_name() -> None:
    current = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic_merge(current, patch, deployment()) == {"spec": {"strategy": {"type": "Recreate"}}}


@pytest.mark.parametrize(
    ("patch", "complaint"),
    [
        (containers({"image": "x"}), r"map: map\[image:x\] does not contain declared merge key: name"),
        ({"spec": {"$patch": "nope"}}, r"unknown patch type: nope in map: map\[\$patch:nope\]"),
        ({"spec": {"template": {"nope": {"a": 1}}}}, "unable to find api field in struct PodTemplateSpec"),
    ],
)
def test_strategic_refusals(patch: Json, complaint: str) -> None:
    current = containers({"name": "a"})
    current["spec"]["template"]["nope"] = {"a": 2}
    with pytest.raises(PatchError, match=complaint):
        strategic_merge(current, patch, deployment())


def test_the_patch_of_kubectl_apply() -> None:
    original = containers({"name": "a", "image": "1"}, {"name": "b", "image": "1"})
    modified = containers({"name": "a", "image": "2"})
    current = containers({"name": "a", "image": "1", "tty": True}, {"name": "b", "image": "1"}, {"name": "side"})
    patch = strategic_diff(original, modified, current, deployment())
    assert patch["spec"]["template"]["spec"] == {
        "$setElementOrder/containers": [{"name": "a"}],
        "containers": [{"name": "a", "image": "2"}, {"name": "b", "$patch": "delete"}],
    }
    merged = strategic_merge(current, patch, deployment())
    assert merged == containers({"name": "a", "image": "2", "tty": True}, {"name": "side"})


_items = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abcd"), "image": st.sampled_from(["1", "2"])}),
    max_size=4,
    unique_by=lambda item: item["name"],
)


@given(_items, _items)
def test_a_strategic_diff_makes_what_it_was_made_from(one: list[Json], other: list[Json]) -> None:
    before, after = containers(*one), containers(*other)
    merged = strategic_merge(before, two_way_diff(before, after, deployment()), deployment())
    assert merged == after


def test_a_merge_patch_drops_nulls_within_new_lists() -> None:
    assert merge_patch({"l": [{"a": 1}]}, {"l": [{"a": None, "b": 2}, None]}) == {"l": [{"b": 2}, None]}
