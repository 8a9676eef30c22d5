"""Admission sees what is created under objects, and connections."""

import asyncio
import json
from pathlib import Path

from k8s_tutor.apimachinery.unstructured import Json
from tests.apiserver.api import call
from tests.conftest import ServerFactory
from tests.engineer.webhook_server import Webhook, allow, deny, webhook

CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
PODS = "/api/v1/namespaces/default/pods"
POD: Json = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]}}


def about(hook: Webhook, *resources: str) -> Json:
    """Return a configuration that wants to see these subresources of pods."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "CONNECT"], "resources": list(resources)}
    return hook.configuration("ValidatingWebhookConfiguration", "others", rules=[rule])


async def test_a_connection_is_judged_by_its_options(server: ServerFactory, scratch: Path) -> None:
    served = await server()
    await call(served, "POST", PODS, POD)
    async with webhook(served, deny("nobody attaches"), scratch) as hook:
        await call(served, "POST", CONFIGURATIONS, about(hook, "pods/attach", "pods/exec"))
        path = f"{PODS}/p/attach?container=c&stdin=true&stdout=true"
        refused = await call(served, "GET", path)
        assert 'admission webhook "others.example.com" denied the request: nobody attaches' in refused.body["message"]
        asked = hook.requests[0]
        hook.decide = allow()
        let_in = await call(served, "GET", f"{PODS}/p/exec?command=ls&command=-l")
    assert (asked["operation"], asked["subResource"], asked["kind"]["kind"]) == (
        "CONNECT",
        "attach",
        "PodAttachOptions",
    )
    assert asked["object"] == {
        "kind": "PodAttachOptions",
        "apiVersion": "v1",
        "stdin": True,
        "stdout": True,
        "container": "c",
    }
    assert asked["options"] is None
    assert hook.requests[1]["object"]["command"] == ["ls", "-l"]
    assert let_in.body["message"] == "pod p does not have a host assigned"


async def test_evictions_and_bindings_are_seen_as_what_they_are(server: ServerFactory, scratch: Path) -> None:
    served = await server()
    await call(served, "POST", PODS, POD)
    async with webhook(served, deny("stays"), scratch) as hook:
        await call(served, "POST", CONFIGURATIONS, about(hook, "pods/eviction", "pods/binding"))
        evicted = await call(served, "POST", f"{PODS}/p/eviction", {"metadata": {"name": "p"}})
        body = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
        bound = await call(served, "POST", f"{PODS}/p/binding", body)
    assert [one.status for one in (evicted, bound)] == [400, 400]
    kinds = [(asked["kind"]["group"], asked["kind"]["kind"], asked["subResource"]) for asked in hook.requests]
    assert kinds == [("policy", "Eviction", "eviction"), ("", "Binding", "binding")]


async def test_nothing_is_evicted_from_a_namespace_that_ends(server: ServerFactory) -> None:
    served = await server()
    meta = {"metadata": {"name": "n"}}
    await call(served, "POST", "/api/v1/namespaces", meta)
    served.cluster.components.stop("kube-controller-manager")
    await call(served, "POST", "/api/v1/namespaces/n/pods", POD)
    await call(served, "DELETE", "/api/v1/namespaces/n")
    refused = await call(served, "POST", "/api/v1/namespaces/n/pods/p/eviction", {"metadata": {"name": "p"}})
    assert refused.status == 403
    assert refused.body["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    assert "because it is being terminated" in json.dumps(refused.body)


async def test_what_scheduler_and_kubelet_write_is_reviewed(server: ServerFactory, scratch: Path) -> None:
    served = await server(nodes=1)
    async with webhook(served, allow(), scratch) as hook:
        rule = {
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "operations": ["CREATE", "UPDATE"],
            "resources": ["pods/binding", "pods/status"],
        }
        await call(
            served, "POST", CONFIGURATIONS, hook.configuration("ValidatingWebhookConfiguration", "all", rules=[rule])
        )
        await call(served, "POST", PODS, POD)
        for _ in range(40):
            await served.cluster.clock.advance(0.5)
            await asyncio.sleep(0.02)
        pod = (await call(served, "GET", f"{PODS}/p")).body
    assert pod["status"]["phase"] == "Running"
    seen = [(asked["userInfo"]["username"], asked["subResource"]) for asked in hook.requests]
    assert seen[0] == ("system:kube-scheduler", "binding")
    assert ("system:node:node1", "status") in seen


async def test_a_binding_that_is_refused_is_told_of(server: ServerFactory, scratch: Path) -> None:
    served = await server(nodes=1)
    async with webhook(served, deny("not today"), scratch) as hook:
        await call(served, "POST", CONFIGURATIONS, about(hook, "pods/binding"))
        await call(served, "POST", PODS, POD)
        for _ in range(10):
            await served.cluster.clock.advance(0.1)
            await asyncio.sleep(0.02)
        events = (await call(served, "GET", "/api/v1/namespaces/default/events")).body["items"]
    assert any("running Bind plugin" in event["message"] and "not today" in event["message"] for event in events)
