"""Custom resources: served at once, defaulted, pruned, validated, scaled, explained, and gone with their definition."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from tests.apiserver.api import call
from tests.conftest import Kubectl, Server, ServerFactory

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
THINGS = "/apis/example.com/v1/namespaces/default/things"


def definition() -> Json:
    spec = {
        "type": "object",
        "properties": {
            "size": {"type": "integer", "default": 1, "minimum": 0, "maximum": 9},
            "color": {"type": "string", "description": "The colour it has."},
        },
    }
    status = {"type": "object", "properties": {"size": {"type": "integer"}}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": status}}},
        "subresources": {
            "status": {},
            "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"},
        },
        "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
    }
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "shortNames": ["th"]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }


def thing(name: str, **spec: Any) -> Json:
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": name}, "spec": spec}


async def defined(server: ServerFactory) -> Server:
    served = await server()
    assert (await call(served, "POST", DEFINITIONS, definition())).status == 201
    return served


async def test_defaults_pruning_validation(server: ServerFactory) -> None:
    served = await defined(server)
    made = await call(served, "POST", THINGS, thing("a", nope=1))
    assert made.body["spec"] == {"size": 1}
    assert made.headers["warning"] == ['299 - "unknown field \\"spec.nope\\""']
    refused = await call(served, "POST", THINGS, thing("b", size=10))
    assert refused.body["details"]["causes"][0]["field"] == "spec.size"


async def test_status_and_scale_are_apart(server: ServerFactory) -> None:
    served = await defined(server)
    await call(served, "POST", THINGS, thing("a", size=2))
    media = "application/merge-patch+json"
    both = {"spec": {"size": 5}, "status": {"size": 2}}
    done = await call(served, "PATCH", f"{THINGS}/a/status", both, content_type=media)
    assert (done.body["spec"]["size"], done.body["status"]["size"]) == (2, 2)
    scaled = await call(served, "PATCH", f"{THINGS}/a/scale", {"spec": {"replicas": 3}}, content_type=media)
    assert scaled.body["spec"] == {"replicas": 3}
    assert (await call(served, "GET", f"{THINGS}/a")).body["metadata"]["generation"] == 2


async def test_kubectl_lists_and_explains_them(server: ServerFactory, kubectl: Kubectl) -> None:
    served = await defined(server)
    await call(served, "POST", THINGS, thing("a", size=2))
    listed = await kubectl(served, "get", "th")
    assert listed.out.split() == ["NAME", "SIZE", "a", "2"]
    explained = await kubectl(served, "explain", "thing.spec.color")
    assert "The colour it has." in explained.out


async def test_they_go_with_their_definition(server: ServerFactory) -> None:
    served = await defined(server)
    await call(served, "POST", THINGS, thing("a"))
    await call(served, "DELETE", f"{DEFINITIONS}/things.example.com")
    await served.cluster.clock.settle()
    assert (await call(served, "GET", THINGS)).status == 404
    assert (await call(served, "GET", f"{DEFINITIONS}/things.example.com")).status == 404
    assert served.cluster.store.count("things.example.com") == 0


async def test_deprecated_versions_warn(server: ServerFactory) -> None:
    served = await server()
    made = definition()
    old = made["spec"]["versions"][0] | {"name": "v1beta1", "storage": False, "deprecated": True}
    made["spec"]["versions"].append(old)
    made["spec"]["versions"].append(old | {"name": "v1alpha1", "deprecationWarning": "go away"})
    assert (await call(served, "POST", DEFINITIONS, made)).status == 201
    for version, text in (
        ("v1beta1", "example.com/v1beta1 Thing is deprecated; use example.com/v1 Thing"),
        ("v1alpha1", "go away"),
    ):
        answer = await call(served, "GET", f"/apis/example.com/{version}/things")
        assert answer.headers["warning"] == [f'299 - "{text}"']


async def test_replicas_that_are_no_counts(server: ServerFactory) -> None:
    served = await defined(server)
    for spec, why in (
        ({"size": "x"}, ".spec.size accessor error: x is of the type string, expected int64"),
        ([1], ".spec.size accessor error: [1] is of the type []interface {}, expected map[string]interface{}"),
    ):
        refused = await call(served, "POST", THINGS, thing("a") | {"spec": spec})
        assert {"reason": "FieldValueInvalid", "message": f"Invalid value: 0: {why}", "field": ".spec.size"} in (
            refused.body["details"]["causes"]
        )
    unnamed = await call(served, "POST", THINGS, {"spec": {}, "metadata": []})
    assert "json: cannot unmarshal array into Go value of type v1.ObjectMeta" in unnamed.body["message"]


async def test_objects_read_as_their_schema_is_now(server: ServerFactory) -> None:
    served = await defined(server)
    await call(served, "POST", THINGS, thing("a", size=2))
    before = (await call(served, "GET", f"{THINGS}/a")).body
    changed = definition()
    properties = changed["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    properties["color"]["default"] = "red"
    merge = {"content_type": "application/merge-patch+json"}
    await call(served, "PATCH", f"{DEFINITIONS}/things.example.com", {"spec": changed["spec"]}, **merge)
    read = (await call(served, "GET", f"{THINGS}/a")).body
    assert read["spec"] == {"size": 2, "color": "red"}
    assert read["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    # A default that goes takes along what nobody wrote.
    del properties["color"]["default"]
    await call(served, "PATCH", f"{DEFINITIONS}/things.example.com", {"spec": changed["spec"]}, **merge)
    assert (await call(served, "GET", f"{THINGS}/a")).body["spec"] == {"size": 2}
