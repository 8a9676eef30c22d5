"""What holds for every kind: there is a strategy, columns are described, and nothing raises on odd objects."""

import random
from typing import Any

import pytest

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.scheme import strategy_makers
from tests.resources.judging import decoded, strategy

#: Answered without being stored.
VIRTUAL = {
    "bindings",
    "selfsubjectreviews.authentication.k8s.io",
    "tokenreviews.authentication.k8s.io",
    "localsubjectaccessreviews.authorization.k8s.io",
    "selfsubjectaccessreviews.authorization.k8s.io",
    "selfsubjectrulesreviews.authorization.k8s.io",
    "subjectaccessreviews.authorization.k8s.io",
}
STORED = sorted(strategy_makers())
DEEP = 7
TEXTS = ("", "../x", "a/b", "-5%", "99Gi", "10.0.0.1", "x" * 300, "Always", "*", "app")
NUMBERS = (-1, 0, 1, 80, 2**31 - 1)
ODD: dict[str, tuple[Any, ...]] = {
    "string": TEXTS,
    "bool": (True, False),
    "int32": NUMBERS,
    "int64": NUMBERS,
    "float": NUMBERS,
    "bytes": ("", "aGVsbG8="),
    "Quantity": ("0", "-1", "1500m", "99Gi"),
    "IntOrString": (*NUMBERS, "25%", "web", "-x"),
    "map": ({}, {"a b": "x", "k": "v"}),
}


def _served() -> dict[tuple[str, str], list[Json]]:
    """Return the entries of all resources (not subresources) by group and version."""
    found = {}
    for listed in schema.discovery()["resources"].values():
        group, _, version = listed["groupVersion"].rpartition("/")
        found[group, version] = [entry for entry in listed["resources"] if "/" not in entry["name"]]
    return found


def test_every_stored_resource_has_a_strategy() -> None:
    served = {
        ".".join(filter(None, (entry["name"], group))) for (group, _), entries in _served().items() for entry in entries
    }
    assert served - set(STORED) - VIRTUAL == {"events.events.k8s.io"}  # another name of events


@pytest.mark.parametrize("resource", STORED)
def test_the_first_column_is_the_name_and_columns_have_words(resource: str) -> None:
    columns = strategy(resource).columns
    named = [column for column in columns if column.name == "Name"]
    assert named
    # Upstream's columns of this one kind forget the format.
    assert named[0].format == ("" if resource.startswith("storageversionmigrations.") else "name")
    assert all(column.description for column in columns if column.name != "Handler")


def _invented(kind: schema.Type, chance: random.Random, depth: int = 0) -> Any:
    """Return a value of a type, now and then an odd one; deep ones are short."""
    if kind.kind == schema.STRUCT and depth < DEEP:
        fields = {name: field for name, field in kind.fields.items() if chance.random() < 0.7 / (1 + depth / 3)}
        return {name: _invented(field.type, chance, depth + 1) for name, field in fields.items()}
    if kind.kind == schema.LIST and depth < DEEP and kind.elem is not None:
        return [_invented(kind.elem, chance, depth + 1) for _ in range(chance.randint(0, 2))]
    if kind.kind == schema.MAP and kind.elem is not None and kind.elem.kind != "string":
        return {"k": _invented(kind.elem, chance, depth + 1)}
    return chance.choice(ODD.get(kind.kind, (None,)))


def _kind_of(resource: str) -> tuple[str, str]:
    """Return the apiVersion and kind of a resource."""
    name, _, group = resource.partition(".")
    for (found, version), entries in _served().items():
        for entry in entries:
            if found == group and entry["name"] == name and (group, version) != ("autoscaling", "v1"):
                return "/".join(filter(None, (group, version))), entry["kind"]
    raise AssertionError(resource)


@pytest.mark.parametrize("resource", STORED)
def test_odd_objects_are_judged_and_not_stumbled_over(resource: str) -> None:
    of = strategy(resource)
    api_version, kind = _kind_of(resource)
    group, _, version = api_version.rpartition("/")
    of_kind = schema.type_for(group, version, kind)
    assert of_kind is not None
    chance = random.Random(resource)
    for _ in range(40):
        obj: Json = _invented(of_kind, chance)
        obj |= {"apiVersion": api_version, "kind": kind}
        obj["metadata"] = {"name": "x", "namespace": "default", "uid": "u"}
        new = decoded(obj)
        of.default(new)
        assert isinstance(of.validate_create(new), list)
        assert isinstance(of.validate_update(new, new), list)
        of.warnings(new, None)


def test_definitions_show_their_versions() -> None:
    of = strategy("customresourcedefinitions.apiextensions.k8s.io")
    versions = [{"name": "v2", "served": True, "storage": True}, {"name": "v1", "served": True}, {"name": "v0"}]
    spec = {
        "group": "example.com",
        "scope": "Cluster",
        "versions": versions,
        "names": {"kind": "W", "shortNames": ["w"]},
    }
    status = {"conditions": [{"type": "Established", "status": "True"}]}
    obj = {"metadata": {"name": "ws.example.com", "creationTimestamp": "t"}, "spec": spec, "status": status}
    assert of.row(obj, 0.0) == ["ws.example.com", "Cluster", "v1,v2(storage)", "t", "example.com", "W", "w", True]


@pytest.mark.parametrize("resource", ["limitranges", "roles.rbac.authorization.k8s.io", "pods"])
def test_empty_tables_of_the_default_convertor_have_no_rows(resource: str) -> None:
    assert strategy(resource).no_rows == ([] if resource == "pods" else None)
