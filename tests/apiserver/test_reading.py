"""GET, LIST and WATCH over HTTPS."""

import asyncio

from tests.apiserver.api import CONFIGMAPS, call, configmap
from tests.conftest import ServerFactory


async def test_pages_are_of_the_first_pages_state(server: ServerFactory) -> None:
    served = await server()
    for name in "abcd":
        await call(served, "POST", CONFIGMAPS, configmap(name))
    first = await call(served, "GET", f"{CONFIGMAPS}?limit=2")
    token = first.body["metadata"]["continue"]
    await call(served, "DELETE", f"{CONFIGMAPS}/c")
    await call(served, "POST", CONFIGMAPS, configmap("cc"))
    second = await call(served, "GET", f"{CONFIGMAPS}?limit=10&continue={token}")
    assert [item["metadata"]["name"] for item in second.body["items"] if len(item["metadata"]["name"]) < 3] == [
        "c",
        "d",
    ]
    assert second.body["metadata"]["resourceVersion"] == first.body["metadata"]["resourceVersion"]


async def test_pages_of_all_namespaces_leave_nothing_out(server: ServerFactory) -> None:
    served = await server()
    client = served.cluster.client("admin", "test")
    for namespace in ("a", "a-b", "ab"):
        client.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        for name in ("x", "y"):
            client.create("configmaps", configmap(name) | {"metadata": {"name": name, "namespace": namespace}})
    seen: list[str] = []
    more = ""
    while True:
        page = await call(served, "GET", f"/api/v1/configmaps?limit=2{more}")
        seen += [f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in page.body["items"]]
        if "continue" not in page.body["metadata"]:
            break
        more = f"&continue={page.body['metadata']['continue']}"
    wanted = ["a-b/x", "a-b/y", "a/x", "a/y", "ab/x", "ab/y"]
    assert [name for name in seen if name in wanted] == wanted


async def test_every_form_of_a_page_tells_what_follows(server: ServerFactory) -> None:
    served = await server()
    for name in "abcd":
        await call(served, "POST", CONFIGMAPS, configmap(name))
    path = f"{CONFIGMAPS}?limit=1"
    whole = (await call(served, "GET", path)).body["metadata"]
    assert whole["remainingItemCount"] >= 3
    for form in ("Table", "PartialObjectMetadataList"):
        page = await call(served, "GET", path, accept=f"application/json;as={form};g=meta.k8s.io;v=v1")
        assert page.body["kind"] == form
        assert page.body["metadata"] == whole


async def test_a_future_version_is_refused(server: ServerFactory) -> None:
    served = await server()
    done = await call(served, "GET", f"{CONFIGMAPS}?resourceVersion=999999")
    assert done.status == 504
    assert "Too large resource version" in done.body["message"]


async def test_watch_shows_what_begins_and_ceases_to_fit(server: ServerFactory) -> None:
    served = await server()
    watching = asyncio.create_task(
        call(served, "GET", f"{CONFIGMAPS}?watch=true&timeoutSeconds=1&labelSelector=app%3Dx")
    )
    await asyncio.sleep(0.2)
    client = served.cluster.client("admin", "test")
    client.create("configmaps", configmap("w") | {"metadata": {"name": "w", "namespace": "default"}})
    client.change("configmaps", "default", "w", lambda obj: obj["metadata"].update(labels={"app": "x"}))
    client.change("configmaps", "default", "w", lambda obj: obj["metadata"].update(labels={"app": "y"}))
    lines = [line for line in str((await watching).body).splitlines() if line]
    assert [line.split('"')[3] for line in lines] == ["ADDED", "DELETED"]


async def test_a_watch_from_before_the_window_ends_with_410(server: ServerFactory) -> None:
    served = await server()
    served.cluster.store.forget_history()
    done = await call(served, "GET", f"{CONFIGMAPS}?watch=true&resourceVersion=1&timeoutSeconds=5")
    assert done.body["type"] == "ERROR"
    assert done.body["object"]["code"] == 410


async def test_large_lists_are_compressed_for_who_takes_it(server: ServerFactory) -> None:
    served = await server()
    await call(served, "POST", CONFIGMAPS, configmap("big", text="x" * 200_000))
    done = await call(served, "GET", CONFIGMAPS, accept_encoding="gzip")
    assert done.headers["content-encoding"] == ["gzip"]


async def test_answers_carry_the_clusters_time(server: ServerFactory) -> None:
    served = await server()
    done = await call(served, "GET", "/version")
    assert done.headers["date"] == ["Fri, 15 Jan 2027 08:00:00 GMT"]


async def test_discovery_of_both_kinds(server: ServerFactory) -> None:
    served = await server()
    legacy = await call(served, "GET", "/apis/apps/v1")
    assert "deployments/scale" in [item["name"] for item in legacy.body["resources"]]
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    aggregated = await call(served, "GET", "/apis", accept=accept)
    assert aggregated.body["kind"] == "APIGroupDiscoveryList"


async def test_a_table_shows_no_annotation_that_only_conversion_adds(server: ServerFactory) -> None:
    served = await server()
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    body = {"metadata": {"name": "agent"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
    path = "/apis/apps/v1/namespaces/default/daemonsets"
    made = await call(served, "POST", path, body)
    assert "annotations" in made.body["metadata"]
    table = await call(served, "GET", path, accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    assert "annotations" not in table.body["rows"][0]["object"]["metadata"]


async def test_unknown_field_selectors_are_refused_by_kind(server: ServerFactory) -> None:
    served = await server()
    told = {}
    for path in ("/api/v1/namespaces/default/configmaps", "/api/v1/pods", "/apis/batch/v1/jobs"):
        answer = await call(served, "GET", f"{path}?fieldSelector=spec.x%3D1")
        assert answer.status == 400
        told[path.rpartition("/")[2]] = answer.body["message"]
    assert told == {
        "configmaps": '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
        "pods": "field label not supported: spec.x",
        "jobs": 'field label "spec.x" not supported for Job',
    }
