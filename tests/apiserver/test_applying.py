"""Server-side apply over HTTP: how the patch is read, and who owns what of custom resources."""

import pytest

from tests.apiserver.api import CONFIGMAPS, call, configmap
from tests.apiserver.test_customs import DEFINITIONS, definition
from tests.conftest import ServerFactory

APPLY = "application/apply-patch+yaml"
TWICE = b'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: "1"\n  a: "2"\n'


async def test_json_with_a_comma_too_many_is_yaml(server: ServerFactory) -> None:
    served = await server()
    body = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1",}}'
    made = await call(served, "PATCH", f"{CONFIGMAPS}/c?fieldManager=m", body, content_type=APPLY)
    assert (made.status, made.body["data"]) == (201, {"a": "1"})
    broken = await call(served, "PATCH", f"{CONFIGMAPS}/c?fieldManager=m", b'{"a": 1,,', content_type=APPLY)
    assert broken.body["message"].startswith("error decoding patch: error converting YAML to JSON: yaml: did not find")


@pytest.mark.parametrize("validation", ["Strict", "Warn"])
async def test_keys_that_are_there_twice(server: ServerFactory, validation: str) -> None:
    served = await server()
    path = f"{CONFIGMAPS}/c?fieldManager=m&fieldValidation={validation}"
    done = await call(served, "PATCH", path, TWICE, content_type=APPLY)
    if validation == "Warn":
        assert done.headers["warning"] == ['299 - "line 6: key \\"a\\" already set in map"']
    else:
        assert done.body["message"].startswith("error strict decoding patch: error converting YAML to JSON: yaml: unm")


async def test_fields_are_owned_in_versions_that_are_not_stored(server: ServerFactory) -> None:
    served = await server()
    crd = definition()
    crd["spec"]["versions"].append(crd["spec"]["versions"][0] | {"name": "v2", "storage": False})
    await call(served, "POST", DEFINITIONS, crd)
    things = "/apis/example.com/v2/namespaces/default/things"
    config = {"apiVersion": "example.com/v2", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"size": 1}}
    await call(served, "PATCH", f"{things}/a?fieldManager=one", config, content_type=APPLY)
    merge = "application/merge-patch+json"
    await call(served, "PATCH", f"{things}/a?fieldManager=two", {"spec": {"size": 2}}, content_type=merge)
    refused = await call(served, "PATCH", f"{things}/a?fieldManager=one", config, content_type=APPLY)
    assert (
        refused.body["message"] == 'Apply failed with 1 conflict: conflict with "two" using example.com/v2: .spec.size'
    )


async def test_sets_of_fields_are_written_in_order(server: ServerFactory) -> None:
    served = await server()
    made = await call(served, "POST", f"{CONFIGMAPS}?fieldManager=m", configmap("c", b="1", a="2"))
    fields = made.body["metadata"]["managedFields"][0]["fieldsV1"]
    assert list(fields["f:data"]) == [".", "f:a", "f:b"]


async def test_unknown_and_duplicate_fields_in_the_order_of_the_text(server: ServerFactory) -> None:
    served = await server()
    body = b'{"kind":"ConfigMap","apiVersion":"v1","x":1,"metadata":{"name":"c"},"data":{"a":"1","a":"2"},"y":1}'
    refused = await call(served, "POST", f"{CONFIGMAPS}?fieldValidation=Strict", body)
    assert 'unknown field "x", duplicate field "data.a", unknown field "y"' in refused.body["message"]


async def test_a_list_may_go_on_after_its_version_has_gone(server: ServerFactory) -> None:
    served = await server()
    for name in "abc":
        await call(served, "POST", CONFIGMAPS, configmap(name))
    token = (await call(served, "GET", f"{CONFIGMAPS}?limit=1")).body["metadata"]["continue"]
    await call(served, "POST", CONFIGMAPS, configmap("d"))
    served.cluster.store.forget_history()
    refused = await call(served, "GET", f"{CONFIGMAPS}?limit=2&continue={token}")
    assert (refused.status, refused.body["reason"]) == (410, "Expired")
    rest = await call(served, "GET", f"{CONFIGMAPS}?limit=9&continue={refused.body['metadata']['continue']}")
    names = [item["metadata"]["name"] for item in rest.body["items"]]
    assert [name for name in names if len(name) == 1] == ["b", "c", "d"]


async def test_a_token_request_bears_the_accounts_name(server: ServerFactory) -> None:
    served = await server()
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    await call(served, "POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    refused = await call(served, "POST", path, {"metadata": {"name": "other"}})
    assert (refused.status, refused.body["details"]["causes"][0]["field"]) == (422, "metadata.name")
    made = await call(served, "POST", path, {"spec": {"expirationSeconds": 600}})
    assert made.body["metadata"]["managedFields"][0]["subresource"] == "token"


async def test_delete_options_are_of_their_types(server: ServerFactory) -> None:
    served = await server()
    refused = await call(served, "DELETE", f"{CONFIGMAPS}/c", {"gracePeriodSeconds": "x"})
    assert refused.status == 400
    assert "DeleteOptions.gracePeriodSeconds of type int64" in refused.body["message"]
