"""Creating, updating, patching and deleting over HTTPS."""

import pytest

from tests.apiserver.api import CONFIGMAPS, call, configmap
from tests.conftest import ServerFactory


async def test_a_stale_put_is_a_conflict(server: ServerFactory) -> None:
    served = await server()
    made = await call(served, "POST", CONFIGMAPS, configmap("a", k="1"))
    fresh = await call(served, "PUT", f"{CONFIGMAPS}/a", made.body | {"data": {"k": "2"}})
    assert fresh.status == 200
    stale = await call(served, "PUT", f"{CONFIGMAPS}/a", made.body | {"data": {"k": "3"}})
    assert (stale.status, stale.body["reason"]) == (409, "Conflict")


async def test_an_update_that_changes_nothing_keeps_the_version(server: ServerFactory) -> None:
    served = await server()
    made = await call(served, "POST", CONFIGMAPS, configmap("a", k="1"))
    again = await call(served, "PUT", f"{CONFIGMAPS}/a", made.body)
    assert again.body["metadata"]["resourceVersion"] == made.body["metadata"]["resourceVersion"]


@pytest.mark.parametrize(
    ("media", "patch"),
    [
        ("application/merge-patch+json", {"data": {"k": "2"}}),
        ("application/strategic-merge-patch+json", {"data": {"k": "2"}}),
        ("application/json-patch+json", [{"op": "replace", "path": "/data/k", "value": "2"}]),
    ],
)
async def test_patches(server: ServerFactory, media: str, patch: object) -> None:
    served = await server()
    await call(served, "POST", CONFIGMAPS, configmap("a", k="1"))
    done = await call(served, "PATCH", f"{CONFIGMAPS}/a", patch, content_type=media)
    assert done.body["data"] == {"k": "2"}


async def test_server_side_apply_conflicts_and_forces(server: ServerFactory) -> None:
    served = await server()
    media = "application/apply-patch+yaml"
    await call(served, "PATCH", f"{CONFIGMAPS}/a?fieldManager=one", configmap("a", k="1"), content_type=media)
    wanted = configmap("a", k="2")
    refused = await call(served, "PATCH", f"{CONFIGMAPS}/a?fieldManager=two", wanted, content_type=media)
    assert refused.status == 409
    forced = await call(served, "PATCH", f"{CONFIGMAPS}/a?fieldManager=two&force=true", wanted, content_type=media)
    assert forced.body["data"] == {"k": "2"}
    again = await call(served, "PATCH", f"{CONFIGMAPS}/a?fieldManager=two&force=true", wanted, content_type=media)
    assert again.body["metadata"]["resourceVersion"] == forced.body["metadata"]["resourceVersion"]


async def test_strict_decoding(server: ServerFactory) -> None:
    served = await server()
    body = configmap("a") | {"dat": {}}
    strict = await call(served, "POST", f"{CONFIGMAPS}?fieldValidation=Strict", body)
    assert 'strict decoding error: unknown field "dat"' in strict.body["message"]
    warned = await call(served, "POST", CONFIGMAPS, body)
    assert warned.headers["warning"] == ['299 - "unknown field \\"dat\\""']


async def test_finalizers_hold_an_object(server: ServerFactory) -> None:
    served = await server()
    held = configmap("a") | {"metadata": {"name": "a", "finalizers": ["example.com/hold"]}}
    await call(served, "POST", CONFIGMAPS, held)
    await call(served, "DELETE", f"{CONFIGMAPS}/a")
    there = await call(served, "GET", f"{CONFIGMAPS}/a")
    assert there.body["metadata"]["deletionTimestamp"] == "2027-01-15T08:00:00Z"
    media = "application/merge-patch+json"
    await call(served, "PATCH", f"{CONFIGMAPS}/a", {"metadata": {"finalizers": None}}, content_type=media)
    assert (await call(served, "GET", f"{CONFIGMAPS}/a")).status == 404


async def test_a_dry_run_stores_nothing(server: ServerFactory) -> None:
    served = await server()
    assert (await call(served, "POST", f"{CONFIGMAPS}?dryRun=All", configmap("a"))).status == 201
    assert (await call(served, "GET", f"{CONFIGMAPS}/a")).status == 404


async def test_writes_without_quorum_are_refused(server: ServerFactory) -> None:
    served = await server()
    served.cluster.etcd.set_running("etcd-0", running=False)
    refused = await call(served, "POST", CONFIGMAPS, configmap("a"))
    assert (refused.status, refused.body["message"]) == (500, "etcdserver: request timed out")
    assert (await call(served, "GET", CONFIGMAPS)).status == 200


async def test_bodies_that_are_too_large_or_no_json(server: ServerFactory) -> None:
    served = await server()
    large = await call(served, "POST", CONFIGMAPS, b"x" * (3 << 20) + b"y")
    assert large.status == 413
    broken = await call(served, "POST", CONFIGMAPS, b"{bad")
    assert broken.status == 400


async def test_scaling_counts_as_a_new_generation(server: ServerFactory) -> None:
    served = await server()
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    path = "/apis/apps/v1/namespaces/default/statefulsets"
    await call(served, "POST", path, {"metadata": {"name": "db"}, "spec": spec})
    media = "application/merge-patch+json"
    await call(served, "PATCH", f"{path}/db/scale", {"spec": {"replicas": 2}}, content_type=media)
    assert (await call(served, "GET", f"{path}/db")).body["metadata"]["generation"] == 2


async def test_an_empty_list_is_no_new_generation(server: ServerFactory) -> None:
    served = await server()
    sets = "/apis/apps/v1/namespaces/default/deployments"
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    await call(served, "POST", sets, {"metadata": {"name": "d"}, "spec": spec})
    media = "application/merge-patch+json"
    empty = {"spec": {"template": {"spec": {"volumes": [], "hostNetwork": False}}}}
    patched = await call(served, "PATCH", f"{sets}/d", empty, content_type=media)
    assert patched.body["metadata"]["generation"] == 1


async def test_a_body_without_a_name_names_the_one_of_the_path(server: ServerFactory) -> None:
    served = await server()
    answer = await call(served, "PUT", "/api/v1/namespaces/default/configmaps/c", {"metadata": {"labels": {"a": "b"}}})
    assert answer.status == 400
    assert answer.body["message"] == (
        "the name of the object (c based on URL) was undeterminable: name must be provided"
    )


async def test_cluster_scoped_objects_lose_their_namespace(server: ServerFactory) -> None:
    served = await server()
    body = {"metadata": {"name": "low", "namespace": "x"}, "value": 1}
    made = await call(served, "POST", "/apis/scheduling.k8s.io/v1/priorityclasses", body)
    assert made.status == 201
    assert "namespace" not in made.body["metadata"]


async def test_an_ingress_without_a_spec_is_only_invalid(server: ServerFactory) -> None:
    served = await server()
    path = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
    answer = await call(served, "POST", path, {"metadata": {"name": "i"}})
    assert answer.status == 422


async def test_a_new_storage_driver_has_no_generation(server: ServerFactory) -> None:
    served = await server()
    body = {"metadata": {"name": "d.example.com"}, "spec": {"tokenRequests": [{"audience": "a"}]}}
    made = await call(served, "POST", "/apis/storage.k8s.io/v1/csidrivers", body)
    assert "generation" not in made.body["metadata"]
    assert "serviceAccountTokenInSecrets is unset" in made.headers["warning"][0]
