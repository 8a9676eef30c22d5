"""Admission webhooks are asked: what they change, refuse and warn of, and what happens if they cannot be asked."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Kubectl, Server, ServerFactory
from tests.engineer.webhook_server import Json, Webhook, allow, deny, patch, webhook

MUTATING, VALIDATING = "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"
LABELLED = {"op": "add", "path": "/metadata/labels", "value": {"injected": "yes"}}


async def install(kubectl: Kubectl, s: Server, configuration: Json) -> None:
    """Apply a configuration."""
    done = await kubectl(s, "apply", "-f", "-", stdin=json.dumps(configuration))
    assert done.code == 0, done.err


async def run_pod(kubectl: Kubectl, s: Server, name: str = "web", *more: str) -> Any:
    """Create a pod."""
    return await kubectl(s, "run", name, "--image=nginx:1.27", *more)


async def test_a_mutating_webhook_changes_the_object(server: ServerFactory, kubectl: Kubectl, scratch: Path) -> None:
    s = await server()
    async with webhook(s, lambda _: patch(LABELLED), scratch) as hook:
        await install(kubectl, s, hook.configuration(MUTATING, "inject"))
        assert (await run_pod(kubectl, s)).code == 0
    pod = s.cluster.client("admin", "x").get("pods", "web", "default")
    assert pod is not None
    assert pod["metadata"]["labels"] == {"injected": "yes"}
    asked = hook.requests[0]
    assert (asked["operation"], asked["namespace"], asked["kind"]["kind"]) == ("CREATE", "default", "Pod")
    assert asked["object"]["spec"]["containers"][0]["image"] == "nginx:1.27"
    assert asked["options"]["kind"] == "CreateOptions"
    assert hook.lines == ["POST /review?timeout=10s HTTP/1.1"]


async def test_a_validating_webhook_refuses_and_warns(server: ServerFactory, kubectl: Kubectl, scratch: Path) -> None:
    s = await server()
    async with webhook(s, deny("no pods on Mondays"), scratch) as hook:
        await install(kubectl, s, hook.configuration(VALIDATING, "monday"))
        done = await run_pod(kubectl, s)
        assert (
            done.err
            == 'Error from server: admission webhook "monday.example.com" denied the request: no pods on Mondays\n'
        )
        hook.decide = deny()
        assert "denied the request without explanation" in (await run_pod(kubectl, s)).err
        hook.decide = deny("quota", 403)
        hook.decide = allow(warnings=["pods are so 2014"])
        done = await run_pod(kubectl, s)
        assert done.code == 0
        assert "Warning: pods are so 2014" in done.err
    assert hook.requests[-1]["object"]["metadata"]["uid"]


async def test_a_webhook_that_cannot_be_asked(server: ServerFactory, kubectl: Kubectl, scratch: Path) -> None:
    s = await server()
    async with webhook(s, allow(), scratch) as hook:
        configuration = hook.configuration(VALIDATING, "gone")
    await install(kubectl, s, configuration)
    done = await run_pod(kubectl, s)
    assert done.err == (
        "Error from server (InternalError): Internal error occurred: failed calling webhook "
        f'"gone.example.com": failed to call webhook: Post "{hook.url}?timeout=10s": '
        f"dial tcp 127.0.0.1:{hook.port}: connect: connection refused\n"
    )
    configuration["webhooks"][0]["failurePolicy"] = "Ignore"
    await install(kubectl, s, configuration)
    assert (await run_pod(kubectl, s)).code == 0


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"service": {"name": "policy", "namespace": "ops", "path": "/v"}}, 'service "policy" not found'),
        ({"service": {"name": "kubernetes", "namespace": "default", "port": 99}}, "no service port 99 found"),
        ({"url": "https://policy.example.com/v"}, "dial tcp: lookup policy.example.com: no such host"),
    ],
)
async def test_where_there_is_no_webhook(server: ServerFactory, kubectl: Kubectl, config: Json, words: str) -> None:
    s = await server()
    hook = Webhook(allow(), "")
    await install(kubectl, s, hook.configuration(VALIDATING, "far", clientConfig=config))
    done = await run_pod(kubectl, s)
    assert (
        'failed calling webhook "far.example.com": failed to call webhook: Post "https://policy' in done.err
        or "99" in words
    )
    assert words in done.err


async def test_selectors_conditions_and_rules(server: ServerFactory, kubectl: Kubectl, scratch: Path) -> None:
    s = await server()
    async with webhook(s, deny("seen"), scratch) as hook:
        fields = {
            "objectSelector": {"matchLabels": {"watched": "yes"}},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}},
            "matchConditions": [{"name": "named", "expression": "object.metadata.name != 'free'"}],
        }
        await install(kubectl, s, hook.configuration(VALIDATING, "some", **fields))
        assert (await run_pod(kubectl, s, "plain")).code == 0
        assert (await run_pod(kubectl, s, "free", "--labels=watched=yes")).code == 0
        assert (await run_pod(kubectl, s, "far", "--labels=watched=yes", "-n", "kube-system")).code == 0
        assert "denied" in (await run_pod(kubectl, s, "held", "--labels=watched=yes")).err
    assert len(hook.requests) == 1


async def test_dry_run_needs_a_webhook_without_side_effects(
    server: ServerFactory, kubectl: Kubectl, scratch: Path
) -> None:
    s = await server()
    async with webhook(s, allow(), scratch) as hook:
        await install(kubectl, s, hook.configuration(VALIDATING, "dry"))
        assert (await run_pod(kubectl, s, "web", "--dry-run=server")).code == 0
        assert hook.requests[0]["dryRun"] is True
    assert s.cluster.client("admin", "x").get("pods", "web", "default") is None


async def test_an_earlier_webhook_is_asked_again(server: ServerFactory, kubectl: Kubectl, scratch: Path) -> None:
    s = await server()

    def second(request: Json) -> Json:
        done = "b" in (request["object"]["metadata"].get("annotations") or {})
        return {"allowed": True} if done else patch({"op": "add", "path": "/metadata/annotations", "value": {"b": "1"}})

    async with webhook(s, allow(), scratch) as first, webhook(s, second, scratch) as last:
        await install(kubectl, s, first.configuration(MUTATING, "a", reinvocationPolicy="IfNeeded"))
        await install(kubectl, s, last.configuration(MUTATING, "b"))
        assert (await run_pod(kubectl, s)).code == 0
    assert (len(first.requests), len(last.requests)) == (2, 1)


async def test_controllers_pods_pass_webhooks(server: ServerFactory, kubectl: Kubectl, scratch: Path) -> None:
    s = await server()
    async with webhook(
        s, lambda _: patch({"op": "add", "path": "/metadata/annotations", "value": {"side": "car"}}), scratch
    ) as hook:
        await install(kubectl, s, hook.configuration(MUTATING, "sidecar"))
        assert (await kubectl(s, "create", "deployment", "web", "--image=nginx:1.27", "--replicas=3")).code == 0
        for _ in range(40):
            await s.cluster.clock.advance(1)
            await asyncio.sleep(0)
            pods = s.cluster.client("admin", "x").list("pods", "default")
            if len(pods) == 3:
                break
    assert [pod["metadata"]["annotations"] for pod in pods] == [{"side": "car"}] * 3
    assert not s.cluster.client("admin", "x").list("events", None, lambda e: e["reason"] == "FailedCreate")


async def test_a_denied_pod_of_a_deployment(server: ServerFactory, kubectl: Kubectl, scratch: Path) -> None:
    s = await server()
    async with webhook(s, deny("not here"), scratch) as hook:
        await install(kubectl, s, hook.configuration(VALIDATING, "never"))
        await kubectl(s, "create", "deployment", "web", "--image=nginx:1.27")
        for _ in range(10):
            await s.cluster.clock.advance(1)
    events = s.cluster.client("admin", "x").list("events", None, lambda e: e["reason"] == "FailedCreate")
    assert 'admission webhook "never.example.com" denied the request: not here' in events[0]["message"]
