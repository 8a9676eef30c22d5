"""Which forms answers take, which paths are routes, and the words for what is not served."""

import pytest

from k8s_tutor.apimachinery import protobuf
from k8s_tutor.apimachinery.unstructured import Json
from tests.apiserver.api import CONFIGMAPS, call, configmap
from tests.conftest import ServerFactory

REVIEW: Json = {"spec": {"nonResourceAttributes": {"path": "/", "verb": "get"}}}
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def as_(form: str, version: str = "v1", media: str = "application/json") -> str:
    return f"{media};as={form};v={version};g=meta.k8s.io"


async def test_tables_and_metadata_come_in_the_version_asked_for(server: ServerFactory) -> None:
    served = await server()
    await call(served, "POST", CONFIGMAPS, configmap("c"))
    table = (await call(served, "GET", f"{CONFIGMAPS}/c", accept=as_("Table", "v1beta1"))).body
    assert (table["apiVersion"], table["rows"][0]["object"]["apiVersion"]) == ("meta.k8s.io/v1beta1",) * 2
    unknown = await call(served, "GET", f"{CONFIGMAPS}/c", accept=as_("Table", "v2"))
    assert unknown.status == 406
    assert unknown.body["message"].startswith("only the following media types are accepted: application/json")


async def test_metadata_alone_comes_in_protobuf_where_that_is_asked_for_first(server: ServerFactory) -> None:
    served = await server()
    await call(served, "POST", CONFIGMAPS, configmap("c"))
    media = "application/vnd.kubernetes.protobuf"
    accept = f"{as_('PartialObjectMetadataList', media=media)},{as_('PartialObjectMetadataList')}"
    answer = await call(served, "GET", f"{CONFIGMAPS}?fieldSelector=metadata.name%3Dc", accept=accept)
    assert answer.headers["content-type"] == [media]
    sample = {
        "kind": "PartialObjectMetadataList",
        "apiVersion": "meta.k8s.io/v1",
        "items": [{"metadata": {"name": "c"}}],
    }
    assert protobuf.decode(protobuf.encode(sample))["items"] == [
        {"metadata": {"name": "c"}}
    ]  # items do not say their kind


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        (f"{CONFIGMAPS}/c", "PartialObjectMetadataList", "PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)"),
        (CONFIGMAPS, "PartialObjectMetadata", "PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)"),
    ],
)  # fmt: skip
async def test_one_is_no_list_and_a_list_is_not_one(server: ServerFactory, path: str, form: str, words: str) -> None:
    served = await server()
    await call(served, "POST", CONFIGMAPS, configmap("c"))
    refused = await call(served, "GET", path, accept=as_(form))
    assert (refused.status, refused.body["message"]) == (406, f"you requested {words}")


async def test_reviews_have_no_tables(server: ServerFactory) -> None:
    served = await server()
    assert (await call(served, "POST", REVIEWS, REVIEW, accept=as_("Table"))).status == 406
    shown = await call(served, "POST", REVIEWS, REVIEW, accept=as_("PartialObjectMetadata"))
    assert (shown.status, shown.body["kind"]) == (201, "PartialObjectMetadata")


async def test_only_collections_name_the_streams_among_what_they_have(server: ServerFactory) -> None:
    served = await server()
    one = (await call(served, "GET", f"{CONFIGMAPS}/c", accept="text/html")).body["message"]
    many = (await call(served, "GET", CONFIGMAPS, accept="text/html")).body["message"]
    assert one.endswith("application/vnd.kubernetes.protobuf")
    assert many.endswith("application/vnd.kubernetes.protobuf;stream=watch")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/pods/x", 404),
        ("DELETE", "/api/v1/pods/x", 404),
        ("PUT", "/api/v1/configmaps/x", 404),
        ("POST", "/api/v1/configmaps", 405),
        ("DELETE", "/api/v1/configmaps", 405),
        ("GET", "/api/v1/namespaces/default/nodes", 404),
        ("GET", "/api/v1/namespaces/default/nodes/x", 404),
        ("GET", "/api/v1/configmaps", 200),
        ("GET", "/api/v1/namespaces/default", 200),
    ],
)
async def test_a_namespace_stands_in_the_path_where_the_kind_has_one(
    server: ServerFactory, method: str, path: str, status: int
) -> None:
    served = await server()
    answer = await call(served, method, path, configmap("x") if method in {"PUT", "POST"} else None)
    assert answer.status == status
    if status == 404:
        assert answer.body["message"] == "the server could not find the requested resource"


async def test_a_selector_that_speaks_of_watching_is_no_watch(server: ServerFactory) -> None:
    served = await server()
    listed = await call(served, "GET", f"{CONFIGMAPS}?labelSelector=watch%3Dtrue")
    assert listed.body["kind"] == "ConfigMapList"
    watched = await call(served, "GET", f"{CONFIGMAPS}?watch&timeoutSeconds=1&resourceVersion=1")
    assert "ConfigMapList" not in str(watched.body)


@pytest.mark.parametrize(("text", "why"), [("x", 'invalid duration "x"'), ("5", 'missing unit in duration "5"')])
async def test_a_timeout_is_a_duration(server: ServerFactory, text: str, why: str) -> None:
    served = await server()
    refused = await call(served, "GET", f"{CONFIGMAPS}?timeout={text}")
    assert refused.body["message"] == f"invalid timeout specified in the request URL - time: {why}"
    assert (await call(served, "GET", f"{CONFIGMAPS}?timeout=1s")).status == 200


async def test_refusals_of_who_asks_are_not_to_be_sniffed(server: ServerFactory) -> None:
    served = await server()
    refused = await call(served, "GET", CONFIGMAPS, token="")
    assert (refused.status, refused.headers["x-content-type-options"]) == (403, ["nosniff"])


async def test_a_body_that_is_too_large_is_told_of_in_a_status(server: ServerFactory) -> None:
    served = await server()
    refused = await call(served, "POST", CONFIGMAPS, b"x" * ((3 << 20) + 1))
    assert (refused.status, refused.body["reason"]) == (413, "RequestEntityTooLarge")


async def test_since_when_the_server_runs(server: ServerFactory) -> None:
    served = await server()
    text = (await call(served, "GET", "/statusz", accept="text/plain")).body
    assert "apiserver statusz" in text
    assert "Binary version: 1.37.2" in text
    told = await call(served, "GET", "/statusz", accept="application/json;v=v1alpha1;g=config.k8s.io;as=Statusz")
    assert (told.body["kind"], told.body["emulationVersion"]) == ("Statusz", "1.37")
    assert "deprecated" in told.headers["warning"][0]
    assert (await call(served, "GET", "/statusz", accept="application/json")).status == 406


async def test_events_have_other_labels_in_their_own_group(server: ServerFactory) -> None:
    served = await server()
    place = "/apis/events.k8s.io/v1/namespaces/default/events?fieldSelector="
    assert (await call(served, "GET", f"{place}reportingController%3Dx")).status == 200
    refused = await call(served, "GET", f"{place}reportingComponent%3Dx")
    assert refused.body["message"] == "field label not supported: reportingComponent"
    old = "/api/v1/namespaces/default/events?fieldSelector=reportingComponent%3Dx"
    assert (await call(served, "GET", old)).status == 200


async def test_refusals_come_in_the_form_that_is_accepted(server: ServerFactory) -> None:
    served = await server()
    told = await call(served, "GET", f"{CONFIGMAPS}/c", accept="application/yaml")
    assert (told.status, told.headers["content-type"]) == (404, ["application/yaml"])
    assert 'message: configmaps "c" not found\n' in told.body
    packed = await call(served, "GET", f"{CONFIGMAPS}/c", accept="application/vnd.kubernetes.protobuf")
    assert packed.headers["content-type"] == ["application/vnd.kubernetes.protobuf"]


async def test_a_scale_has_a_table_of_its_own(server: ServerFactory) -> None:
    served = await server()
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    place = "/apis/apps/v1/namespaces/default/deployments"
    await call(served, "POST", place, {"metadata": {"name": "d"}, "spec": spec})
    table = (await call(served, "GET", f"{place}/d/scale", accept=as_("Table"))).body
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert table["rows"][0]["cells"][:2] == ["d", 2]


@pytest.mark.parametrize(
    ("kind", "body", "status", "words"),
    [
        ("merge", b"null", 400, "Invalid JSON Patch"),
        ("merge", b'"x"', 400, "error decoding patch: json: cannot unmarshal string"),
        ("strategic-merge", b"null", 200, ""),
        ("json", b"[" + b",".join([b"{}"] * 10001) + b"]", 413, "Request entity too large: The allowed maximum"),
    ],
)
async def test_patches_that_are_none(server: ServerFactory, kind: str, body: bytes, status: int, words: str) -> None:
    served = await server()
    await call(served, "POST", CONFIGMAPS, configmap("c"))
    done = await call(served, "PATCH", f"{CONFIGMAPS}/c", body, content_type=f"application/{kind}-patch+json")
    assert done.status == status
    assert done.body.get("message", "").startswith(words)


async def test_a_field_manager_is_printable(server: ServerFactory) -> None:
    served = await server()
    refused = await call(served, "POST", f"{CONFIGMAPS}?fieldManager=a%01", configmap("c"))
    text = 'fieldManager: Invalid value: "a\\x01": invalid character U+0001 (at position 1)'
    assert text in refused.body["message"]
