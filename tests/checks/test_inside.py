"""Checks that go into containers: commands, logs, requests through the proxy and from inside, with causes."""

from typing import Any

import pytest

from k8s_tutor.checks.result import CheckResult, State
from tests.checks.made import check
from tests.checks.test_live import Bench
from tests.conftest import ServerFactory

PODS = "/api/v1/namespaces/default/pods"
SERVICES = "/api/v1/namespaces/default/services"


@pytest.fixture
async def bench(server: ServerFactory) -> Any:
    made = Bench(await server(1, start_latency=False))
    yield made
    made.client.close()


def pod(name: str, image: str = "nginx:1.27", *command: str, ready: bool = True) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "main", "image": image}
    if command:
        container["command"] = list(command)
    if not ready:
        container["readinessProbe"] = {"exec": {"command": ["false"]}}
    metadata = {"name": name, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}


def service(name: str, app: str, port: int = 80) -> dict[str, Any]:
    spec = {"selector": {"app": app}, "ports": [{"port": 80, "targetPort": port}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def one(bench: Bench, kind: str, spec: dict[str, Any]) -> CheckResult:
    return bench.run([check("one", kind, spec, stable_for=0.0)]).evaluate()["one"]


async def test_exec(bench: Bench) -> None:
    web = {"selector": "app=web"}

    def play() -> None:
        missing = one(bench, "exec", {"pod": web, "command": "true"})
        assert str(missing.differences[0]) == ": expected a running pod app=web, found nothing"
        bench.client.create(PODS, pod("web"))
        bench.advance(5)
        good = {
            "pod": web,
            "command": "echo hello; echo oops >&2; exit 3",
            "exit_code": 3,
            "stdout": {"equals": "hello"},
        }
        assert one(bench, "exec", {**good, "stderr": "oops"}).passed
        assert one(bench, "exec", {"pod": {"name": "web"}, "command": ["sh", "-c", "true"], "pods": "all"}).passed
        bad = one(bench, "exec", {**good, "exit_code": 0, "stdout": "bye"})
        assert [str(found) for found in bad.differences] == [
            "exit code: expected 0, found 3",
            "stdout: expected text with 'bye', found hello",
        ]
        assert bad.causes == ("oops",)
        assert bad.next == "kubectl exec web -- echo hello; echo oops >&2; exit 3"
        refused = one(bench, "exec", {"pod": web, "command": ["/no/such"]})
        assert refused.state is State.FAILED
        assert "no such file" in str(refused.differences[0])
        assert one(bench, "exec", {"pod": web, "container": "x", "command": "true"}).state is State.FAILED

    await bench.thread(play)


async def test_logs(bench: Bench) -> None:
    def play() -> None:
        bench.client.create(
            PODS, pod("talk", "busybox:1.36", "sh", "-c", "for i in 1 2 3; do echo line $i; done; sleep 3600")
        )
        bench.advance(5)
        talk = {"pod": {"name": "talk"}}
        assert one(bench, "logs", {**talk, "text": {"matches": "^line 2$"}}).passed
        assert one(bench, "logs", {**talk, "text": "line", "count": {"min": 3}}).passed
        assert str(one(bench, "logs", {**talk, "text": "line", "count": 2}).differences[0]) == (
            "matching lines of the log: expected 2, found 3"
        )
        bad = one(bench, "logs", {**talk, "text": {"not_contains": "line 3"}})
        assert bad.next == "kubectl logs talk"
        previous = one(bench, "logs", {**talk, "text": "x", "previous": True})
        assert "previous terminated container" in str(previous.differences[0])
        assert previous.next == "kubectl logs talk --previous"

    await bench.thread(play)


async def test_crash_is_explained_by_state_event_and_last_words(bench: Bench) -> None:
    def play() -> None:
        bench.client.create(PODS, pod("sad", "busybox:1.36", "sh", "-c", "echo no configuration >&2; exit 2"))
        bench.advance(60)
        ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        result = one(bench, "match", {"object": {"kind": "Pod", "name": "sad"}, "any": ready})
        told = "\n".join(result.causes)
        assert "exit code 2" in told
        assert "BackOff" in told
        assert "log of main: no configuration" in told
        assert result.next == "kubectl logs sad --previous"

    await bench.thread(play)


async def test_http_through_the_proxy(bench: Bench) -> None:
    def play() -> None:
        gone = one(bench, "http", {"service": "web"})
        assert str(gone.differences[0]) == ": expected service/web, found nothing"
        bench.client.create(SERVICES, service("web", "web"))
        bench.advance(2)
        empty = one(bench, "http", {"service": "web"})
        assert "no endpoints available" in str(empty.differences[0])
        assert empty.causes[0] == "no Pod has the labels app=web that service/web selects"
        bench.client.create(PODS, pod("web"))
        bench.advance(5)
        assert one(bench, "http", {"service": "web", "response": {"equals": "ok"}, "repeat": 3}).passed
        assert one(bench, "http", {"pod": {"name": "web"}, "port": 80, "status": "2xx"}).passed
        lost = one(bench, "http", {"service": "web", "path": "/nothing"})
        assert str(lost.differences[0]).startswith("status: expected 200, found 404")
        assert one(bench, "http", {"service": "web", "path": "/nothing", "status": [404]}).passed
        shared = one(bench, "http", {"service": "web", "repeat": 4, "share": {"by": "(ok)", "backends": {"min": 2}}})
        assert str(shared.differences[0]) == "backends that answered: expected at least 2, found ok 4×"

    await bench.thread(play)


async def test_http_from_inside_and_a_wrong_port(bench: Bench) -> None:
    def play() -> None:
        address = bench.client.create(SERVICES, service("web", "web", 8080))["spec"]["clusterIP"]
        bench.client.create(PODS, pod("web"))
        bench.client.create(PODS, pod("client", "busybox:1.36", "sleep", "3600"))
        bench.advance(5)
        inside = {"from": {"name": "client"}, "url": f"http://{address}/", "response": "ok"}
        refused = one(bench, "http", inside)
        assert refused.state is State.FAILED
        assert refused.next == f"kubectl exec client -- wget -qO- -T 3 http://{address}/"
        bench.client.patch(f"{SERVICES}/web", {"spec": {"ports": [{"port": 80, "targetPort": 80}]}})
        bench.advance(5)
        result = one(bench, "http", inside)
        assert result.passed, result

    await bench.thread(play)


async def test_service_without_ready_pods_is_explained(bench: Bench) -> None:
    def play() -> None:
        bench.client.create(SERVICES, service("web", "web"))
        bench.client.create(PODS, pod("web", ready=False))
        bench.advance(30)
        result = one(bench, "http", {"service": "web"})
        assert result.causes[0] == "pod/web is selected, but not ready"
        assert any("Readiness probe failed" in cause for cause in result.causes)

    await bench.thread(play)
