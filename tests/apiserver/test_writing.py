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
