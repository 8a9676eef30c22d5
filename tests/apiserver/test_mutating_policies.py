"""MutatingAdmissionPolicies: what they change, in which order, and what becomes of those that fail."""

from typing import Any

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from tests.apiserver.api import call
from tests.conftest import Server, ServerFactory

GROUP = "/apis/admissionregistration.k8s.io/v1"
MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"


def apply(expression: str) -> Json:
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def patch(expression: str) -> Json:
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


def policy(name: str, *mutations: Json, **spec: Any) -> Json:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps", "pods"]}
    about = {"resourceRules": [rule]}
    spec = {"matchConstraints": about, "reinvocationPolicy": "Never", "mutations": list(mutations)} | spec
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy"}
    return kind | {"metadata": {"name": name}, "spec": spec}


async def add(served: Server, made: Json, **binding: Any) -> None:
    name = made["metadata"]["name"]
    answer = await call(served, "POST", f"{GROUP}/mutatingadmissionpolicies", made)
    assert answer.status == 201, answer.body
    bound = {"metadata": {"name": name}, "spec": {"policyName": name} | binding}
    answer = await call(served, "POST", f"{GROUP}/mutatingadmissionpolicybindings", bound)
    assert answer.status == 201, answer.body


async def make(served: Server, **fields: Any) -> Json:
    body = {"metadata": {"name": "m", "labels": {"a": "b"}}, "data": {"k": "v"}} | fields
    answer = await call(served, "POST", f"{MAPS}?dryRun=All", body)
    found: Json = answer.body
    return found


@pytest.mark.parametrize(
    ("mutation", "data"),
    [
        (apply("Object{data: {'new': object.data.k}}"), {"k": "v", "new": "v"}),
        (apply("Object{?data: has(object.data.zz) ? optional.of({'n': '1'}) : optional.none()}"), {"k": "v"}),
        (patch("[JSONPatch{op: 'add', path: '/data/new', value: 'x'}]"), {"k": "v", "new": "x"}),
        (patch("[JSONPatch{op: 'add', path: '/data/n', value: jsonpatch.escapeKey('a/b~')}]"), {"k": "v", "n": "a~1b~0"}),
        (patch("[JSONPatch{op: 'test', path: '/data/k', value: 'no'}, JSONPatch{op: 'remove', path: '/data/k'}]"), {"k": "v"}),
        (patch("object.data.map(k, JSONPatch{op: 'replace', path: '/data/' + k, value: k})"), {"k": "k"}),
    ],
)  # fmt: skip
async def test_mutations(server: ServerFactory, mutation: Json, data: Json) -> None:
    served = await server()
    await add(served, policy("p", mutation))
    made = await make(served)
    assert made["data"] == data
    assert made["metadata"]["uid"]


async def test_each_mutation_sees_the_one_before(server: ServerFactory) -> None:
    served = await server()
    count = "Object{data: {'%s': string(size(object.data))}}"
    await add(served, policy("p", apply(count % "x"), apply(count % "y")))
    assert (await make(served))["data"] == {"k": "v", "x": "1", "y": "2"}


async def test_a_policy_runs_again_after_later_changes(server: ServerFactory) -> None:
    served = await server()
    count = "Object{data: {'%s': string(size(object.data))}}"
    await add(served, policy("a", apply(count % "a"), reinvocationPolicy="IfNeeded"))
    await add(served, policy("b", apply(count % "b")))
    assert (await make(served))["data"] == {"k": "v", "a": "3", "b": "2"}


async def test_variables_conditions_and_parameters(server: ServerFactory) -> None:
    served = await server()
    await call(served, "POST", MAPS, {"metadata": {"name": "par"}, "data": {"v": "7"}})
    one = policy(
        "p",
        apply("Object{data: {'p': params.data.v + variables.n}}"),
        paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
        variables=[{"name": "n", "expression": "object.metadata.name"}],
        matchConditions=[{"name": "c", "expression": "'a' in object.metadata.labels"}],
    )
    reference = {"name": "par", "namespace": "default", "parameterNotFoundAction": "Deny"}
    await add(served, one, paramRef=reference)
    assert (await make(served))["data"]["p"] == "7m"
    assert (await make(served, metadata={"name": "m", "labels": {}}))["data"] == {"k": "v"}
    await call(served, "DELETE", f"{MAPS}/par")
    refused = await make(served)
    assert refused["message"].endswith(
        "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
    )


@pytest.mark.parametrize(
    ("mutation", "why"),
    [
        (apply("Object{data: {'n': object.data.zz}}"), "resulted in error: no such key: zz"),
        (apply("Object{spec: Object.spec{}}"), "failed to convert patch object to typed object: .spec: field not declared"),
        (apply("Object{metadata: Object.meta{}}"), 'type mismatch: unexpected type name "Object.meta", expected'),
        (
            apply("Object{metadata: Object.metadata{managedFields: []}}"),
            "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .metadata.managedFields",
        ),
        (patch("[JSONPatch{op: 'add', path: '/x/y', value: 1}]"), 'doc is missing path: "/x/y": missing value'),
    ],
)  # fmt: skip
async def test_failures_refuse_or_are_ignored(server: ServerFactory, mutation: Json, why: str) -> None:
    served = await server()
    await add(served, policy("p", mutation))
    refused = await make(served)
    assert refused["code"] == 403
    assert refused["message"].startswith("policy 'p' with binding 'p' denied request: ")
    assert why in refused["message"]
    change = {"spec": {"failurePolicy": "Ignore"}}
    media = "application/merge-patch+json"
    await call(served, "PATCH", f"{GROUP}/mutatingadmissionpolicies/p", change, content_type=media)
    assert (await make(served))["data"] == {"k": "v"}


async def test_an_added_container_gets_what_all_containers_get(server: ServerFactory) -> None:
    served = await server()
    side = "Object.spec.containers{name: 'side', image: 'busybox'}"
    await add(served, policy("p", apply(f"Object{{spec: Object.spec{{containers: [{side}]}}}}")))
    body = {"metadata": {"name": "x"}, "spec": {"containers": [{"name": "main", "image": "nginx"}]}}
    made = (await call(served, "POST", f"{PODS}?dryRun=All", body)).body
    mounts = {container["name"]: container["volumeMounts"] for container in made["spec"]["containers"]}
    assert mounts["side"] == mounts["main"]


@pytest.mark.parametrize(
    ("mutation", "complaint"),
    [
        (apply("'x'"), "must evaluate to Object but got string"),
        (apply("{'data': {'x': 'y'}}"), "must evaluate to Object but got map(string, map(string, string))"),
        (patch("['x']"), "must evaluate to list(JSONPatch) but got list(string)"),
        (patch("JSONPatch{op: 'add'}"), "must evaluate to list(JSONPatch) but got JSONPatch"),
        (patch("[JSONPatch{oops: 'a'}]"), "ERROR: <input>:1:16: expected type of field 'oops' is ''"),
        (apply("Object{data: {'a': 1 + 'b'}}"), "ERROR: <input>:1:22: found no matching overload for '_+_'"),
        (apply("Object{"), "expecting {'}', ',', '?', IDENTIFIER"),
        (apply("Object{data: variables.zz}"), "undefined field 'zz'"),
    ],
)
async def test_expressions_must_make_objects_or_patches(server: ServerFactory, mutation: Json, complaint: str) -> None:
    served = await server()
    answer = await call(served, "POST", f"{GROUP}/mutatingadmissionpolicies", policy("p", mutation))
    assert answer.status == 422
    assert complaint in answer.body["message"]
