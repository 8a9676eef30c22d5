"""Rules of single kinds that only a comparison with a real server showed."""

from typing import Any

import pytest

from k8s_tutor.sim.resources.shared.pods.pod_resources import default_pod_level
from tests.apiserver.api import CONFIGMAPS, call, configmap
from tests.conftest import Server, ServerFactory

DEFAULT = "/api/v1/namespaces/default"
MERGE = {"content_type": "application/merge-patch+json"}
APPLY = {"content_type": "application/apply-patch+yaml"}
CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


async def account(served: Server) -> None:
    await call(served, "POST", f"{DEFAULT}/serviceaccounts", {"metadata": {"name": "default"}})


@pytest.mark.parametrize(
    ("own", "limits", "expected"),
    [
        ({"requests": {"memory": "1Gi"}}, ["128Mi"], "1Gi"),
        ({"requests": {"memory": "1Mi"}}, ["128Mi", "64Mi"], "192Mi"),
        ({"requests": {"memory": "1Mi"}}, ["128Mi", None], None),
        ({"limits": {"memory": "2Gi"}}, ["128Mi"], "2Gi"),
    ],
)
def test_a_pod_limits_what_all_its_containers_limit(
    own: dict[str, Any], limits: list[str | None], expected: str | None
) -> None:
    containers = [{"resources": {"limits": {"memory": limit}}} if limit else {} for limit in limits]
    spec = {"resources": own, "containers": containers}
    default_pod_level(spec)
    assert spec["resources"].get("limits", {}).get("memory") == expected  # type: ignore[attr-defined]


async def test_some_kinds_want_a_version_for_every_update(server: ServerFactory) -> None:
    served = await server(nodes=0)
    body = {"metadata": {"name": "a"}, "handler": "runc"}
    assert (await call(served, "POST", CLASSES, body)).status == 201
    refused = await call(served, "PUT", f"{CLASSES}/a", body)
    assert refused.body["message"] == (
        'runtimeclasses.node.k8s.io "a" is invalid: metadata.resourceVersion: Invalid value: 0: '
        "must be specified for an update"
    )


@pytest.mark.parametrize(("version", "status"), [("x", 201), ("0", 201), ("5", 500)])
async def test_only_a_number_is_a_version_that_a_new_object_must_not_have(
    server: ServerFactory, version: str, status: int
) -> None:
    served = await server(nodes=0)
    body = configmap("a")
    body["metadata"]["resourceVersion"] = version
    assert (await call(served, "POST", CONFIGMAPS, body)).status == status


async def test_an_empty_list_of_metadata_has_no_items(server: ServerFactory) -> None:
    served = await server(nodes=0)
    accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    found = await call(served, "GET", f"{CONFIGMAPS}?labelSelector=nobody", accept=accept)
    assert found.body["items"] is None


async def test_a_refused_pod_without_name_is_unknown_or_its_prefix(server: ServerFactory) -> None:
    served = await server(nodes=0)
    await account(served)
    spec = {"runtimeClassName": "gone", "containers": [{"name": "c", "image": "x"}]}
    for meta, name in (({}, "Unknown"), ({"generateName": "web-"}, "web-")):
        refused = await call(served, "POST", f"{DEFAULT}/pods", {"metadata": meta, "spec": spec})
        assert refused.body["message"] == (f'pods "{name}" is forbidden: pod rejected: RuntimeClass "gone" not found')


async def test_a_gated_pod_tells_since_when(server: ServerFactory) -> None:
    served = await server(nodes=0)
    await account(served)
    spec = {"schedulingGates": [{"name": "a.b/c"}], "containers": [{"name": "c", "image": "x"}]}
    made = await call(served, "POST", f"{DEFAULT}/pods", {"metadata": {"name": "p"}, "spec": spec})
    condition = made.body["status"]["conditions"][0]
    assert condition["lastTransitionTime"] == made.body["metadata"]["creationTimestamp"]


async def test_a_review_without_token_is_a_bad_request(server: ServerFactory) -> None:
    served = await server(nodes=0)
    refused = await call(served, "POST", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {}})
    assert (refused.status, refused.body["message"]) == (400, "token is required for TokenReview in authentication")


async def test_service_accounts_keep_only_the_names_of_secrets(server: ServerFactory) -> None:
    served = await server(nodes=0)
    body = {"metadata": {"name": "a"}, "secrets": [{"name": "s", "uid": "u", "namespace": "n"}]}
    made = await call(served, "POST", f"{DEFAULT}/serviceaccounts", body)
    assert made.body["secrets"] == [{"name": "s"}]


async def test_endpoint_slices_lose_the_topology_of_old_and_warn_once(server: ServerFactory) -> None:
    served = await server(nodes=0)
    endpoint = {"addresses": ["a.example.com"], "deprecatedTopology": {"zone": "z"}}
    made = await call(
        served, "POST", SLICES, {"metadata": {"name": "s"}, "addressType": "FQDN", "endpoints": [endpoint]}
    )
    assert "deprecatedTopology" not in made.body["endpoints"][0]
    assert "FQDN endpoints are deprecated" in made.headers["warning"][0]
    changed = await call(served, "PATCH", f"{SLICES}/s", {"metadata": {"labels": {"a": "b"}}}, **MERGE)
    assert "warning" not in changed.headers


async def test_what_is_declared_immutable_does_not_show_its_value(server: ServerFactory) -> None:
    served = await server(nodes=0)
    path = "/apis/storage.k8s.io/v1/volumeattachments"
    spec = {"attacher": "d.example.com", "nodeName": "n", "source": {"persistentVolumeName": "v"}}
    await call(served, "POST", path, {"metadata": {"name": "a"}, "spec": spec})
    refused = await call(served, "PATCH", f"{path}/a", {"spec": {"nodeName": "m"}}, **MERGE)
    assert "spec: Invalid value: null: field is immutable" in refused.body["message"]


async def test_a_string_that_was_taken_away_is_shown_as_empty(server: ServerFactory) -> None:
    served = await server(nodes=0)
    path = "/apis/networking.k8s.io/v1/ingressclasses"
    await call(served, "POST", path, {"metadata": {"name": "a"}, "spec": {"controller": "a.b/c"}})
    refused = await call(served, "PATCH", f"{path}/a", {"spec": None}, **MERGE)
    assert 'spec.controller: Invalid value: "": field is immutable' in refused.body["message"]


async def test_applying_a_scale_owns_the_replicas_beside_others(server: ServerFactory) -> None:
    served = await server(nodes=0)
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    await call(served, "POST", f"{DEPLOYMENTS}?fieldManager=first", {"metadata": {"name": "d"}, "spec": spec})
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "d"}, "spec": {"replicas": 1}}
    assert (await call(served, "PATCH", f"{DEPLOYMENTS}/d/scale?fieldManager=second", scale, **APPLY)).status == 200
    entries = (await call(served, "GET", f"{DEPLOYMENTS}/d")).body["metadata"]["managedFields"]
    owned: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
    applied = next(e for e in entries if e["manager"] == "second")
    assert (applied["operation"], applied["subresource"], applied["fieldsV1"]) == ("Apply", "scale", owned)
    assert any(e["manager"] == "first" and e["fieldsV1"] == owned for e in entries)
    scale["spec"] = {"replicas": 2}
    refused = await call(served, "PATCH", f"{DEPLOYMENTS}/d/scale?fieldManager=third", scale, **APPLY)
    assert refused.status == 409
    assert refused.body["details"]["causes"][0]["field"] == ".spec.replicas"
    forced = await call(served, "PATCH", f"{DEPLOYMENTS}/d/scale?fieldManager=third&force=true", scale, **APPLY)
    assert forced.body["spec"] == {"replicas": 2}


async def test_an_update_with_a_version_that_is_no_number(server: ServerFactory) -> None:
    served = await server(nodes=0)
    await call(served, "POST", CONFIGMAPS, configmap("a"))
    refused = await call(served, "PATCH", f"{CONFIGMAPS}/a", {"metadata": {"resourceVersion": "x"}}, **MERGE)
    assert (refused.status, refused.body["message"]) == (500, 'strconv.ParseUint: parsing "x": invalid syntax')


async def test_applying_bytes_that_are_none(server: ServerFactory) -> None:
    served = await server(nodes=0)
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "!!"}}
    refused = await call(served, "PATCH", f"{DEFAULT}/secrets/s?fieldManager=m", body, **APPLY)
    assert refused.status == 500
    assert refused.body["message"] == (
        "failed to convert new object (/s; /v1, Kind=Secret) to proper version: unable to convert unstructured object "
        "to /v1, Kind=Secret: error decoding from json: illegal base64 data at input byte 0"
    )


async def test_a_change_of_empties_counts_for_some_kinds(server: ServerFactory) -> None:
    served = await server(nodes=0)
    path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
    await call(served, "POST", path, {"metadata": {"name": "n"}, "spec": {"podSelector": {}}})
    selector: dict[str, Any] = {"spec": {"podSelector": {"matchExpressions": []}}}
    changed = await call(served, "PATCH", f"{path}/n", selector, **MERGE)
    assert changed.body["metadata"]["generation"] == 2


async def test_a_selector_is_shown_as_go_orders_it(server: ServerFactory) -> None:
    served = await server(nodes=0)
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    spec: dict[str, Any] = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    await call(served, "POST", DEPLOYMENTS, {"metadata": {"name": "d"}, "spec": spec | {"replicas": 0}})
    more = {"spec": {"selector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}}
    refused = await call(served, "PATCH", f"{DEPLOYMENTS}/d", more, **MERGE)
    shown = '{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"a","operator":"Exists"}]}'
    assert f"spec.selector: Invalid value: {shown}: field is immutable" in refused.body["message"]


async def test_another_namespace_is_refused_before_another_name(server: ServerFactory) -> None:
    served = await server(nodes=0)
    await call(served, "POST", CONFIGMAPS, configmap("a"))
    patch = {"metadata": {"name": "b", "namespace": "c"}}
    refused = await call(served, "PATCH", f"{CONFIGMAPS}/a", patch, **MERGE)
    assert refused.body["message"].startswith("the namespace of the provided object does not match")


@pytest.mark.parametrize(
    ("path", "extra", "status"),
    [
        (CLASSES, {"handler": "runc"}, 201),
        ("/apis/coordination.k8s.io/v1/namespaces/default/leases", {}, 201),
        (CONFIGMAPS, {}, 422),
    ],
)
async def test_not_all_kinds_want_qualified_finalizers(
    server: ServerFactory, path: str, extra: dict[str, Any], status: int
) -> None:
    served = await server(nodes=0)
    body = {"metadata": {"name": "a", "finalizers": ["x"]}} | extra
    assert (await call(served, "POST", path, body)).status == status


async def test_who_am_i_keeps_nothing_of_the_question(server: ServerFactory) -> None:
    served = await server(nodes=0)
    question = {"metadata": {"name": "q", "labels": {"a": "b"}}}
    asked = await call(served, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", question)
    assert list(asked.body["metadata"]) == ["creationTimestamp"]
