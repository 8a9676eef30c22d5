"""Probes, really executed, and what follows from their results."""

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from tests.kubelet.conftest import Node, shell


async def test_a_failing_liveness_probe_restarts_the_container(node: Node) -> None:
    probe = {"exec": {"command": ["cat", "/tmp/healthy"]}, "periodSeconds": 5, "failureThreshold": 2}
    script = "touch /tmp/healthy; sleep 8; rm /tmp/healthy; sleep 600"
    await node.run(shell(script, livenessProbe=probe), terminationGracePeriodSeconds=2, seconds=22)
    event = node.events("Unhealthy")[0]
    assert event["message"] == "Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory\n"
    assert event["count"] == 2
    assert node.messages("Killing") == ["Container main failed liveness probe, will be restarted"]
    assert node.container_status()["restartCount"] == 1
    assert node.container_status()["lastState"]["terminated"]["exitCode"] == 137


async def test_readiness_follows_the_probe_and_touches_nothing_else(node: Node) -> None:
    probe = {"exec": {"command": ["cat", "/tmp/ok"]}, "periodSeconds": 2, "failureThreshold": 1}
    await node.run(shell("sleep 6; touch /tmp/ok; sleep 6; rm /tmp/ok; sleep 600", readinessProbe=probe), seconds=4)
    assert node.container_status() | {"ready": False, "started": True} == node.container_status()
    assert node.condition("Ready")["message"] == "containers with unready status: [main]"
    await node.clock.advance(5)
    assert node.condition("Ready")["status"] == "True"
    await node.clock.advance(6)
    assert node.condition("Ready")["status"] == "False"
    assert node.container_status()["restartCount"] == 0


async def test_a_startup_probe_holds_the_others_back(node: Node) -> None:
    startup = {"exec": {"command": ["cat", "/tmp/ok"]}, "periodSeconds": 2, "failureThreshold": 10}
    live = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    script = "trap 'exit 0' TERM; sleep 6; touch /tmp/ok; while true; do sleep 1; done"
    await node.run(shell(script, startupProbe=startup, livenessProbe=live), seconds=5)
    assert not node.container_status()["started"]
    assert not node.events("Killing")
    await node.clock.advance(6)
    assert node.messages("Killing") == ["Container main failed liveness probe, will be restarted"]


async def test_a_startup_probe_that_never_succeeds_restarts_the_container(node: Node) -> None:
    startup = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 3,
               "terminationGracePeriodSeconds": 2}  # fmt: skip
    await node.run(shell("trap '' TERM; while true; do sleep 1; done", startupProbe=startup),
                   terminationGracePeriodSeconds=60, seconds=9)  # fmt: skip
    assert node.messages("Killing")[0] == "Container main failed startup probe, will be restarted"
    assert node.container_status()["restartCount"] == 1  # after the probe's own grace of 2 s, not the pod's 60


async def test_a_slow_exec_probe_times_out(node: Node) -> None:
    probe = {"exec": {"command": ["sleep", "5"]}, "periodSeconds": 3, "timeoutSeconds": 1}
    await node.run(shell("sleep 600", readinessProbe=probe), seconds=6)
    assert node.messages("Unhealthy")[0] == 'Readiness probe failed: command timed out: "sleep 5" timed out after 1s'


@pytest.mark.parametrize(("probe", "message"), [
    ({"httpGet": {"path": "/", "port": 8080}},
     'Get "http://{ip}:8080/": dial tcp {ip}:8080: connect: connection refused'),
    ({"tcpSocket": {"port": 8080}}, "dial tcp {ip}:8080: connect: connection refused"),
    ({"grpc": {"port": 8080}},
     'timeout: failed to connect service "{ip}:8080" within 1s: context deadline exceeded'),
])  # fmt: skip
async def test_a_closed_port_fails_in_the_words_of_each_kind(node: Node, probe: Json, message: str) -> None:
    await node.run(shell("sleep 600", readinessProbe=probe | {"periodSeconds": 3}), seconds=5)
    expected = message.format(ip=node.status()["podIP"])
    assert node.messages("Unhealthy")[0] == f"Readiness probe failed: {expected}"


async def test_a_named_port_is_found_and_an_open_one_answers(node: Node) -> None:
    probe = {"tcpSocket": {"port": "web"}, "periodSeconds": 2}
    ports = [{"name": "web", "containerPort": 8080}]
    await node.run(shell("nc -lk -p 8080 -e cat", readinessProbe=probe, ports=ports), seconds=6)
    assert node.condition("Ready")["status"] == "True"


async def test_readiness_gates_wait_for_their_conditions(node: Node) -> None:
    await node.run(shell("sleep 600"), readinessGates=[{"conditionType": "example.com/ok"}])
    assert node.condition("ContainersReady")["status"] == "True"
    ready = node.condition("Ready")
    assert ready["reason"] == "ReadinessGatesNotReady"
    assert ready["message"] == 'corresponding condition of pod readiness gate "example.com/ok" does not exist.'

    def pass_gate(pod: Json) -> None:
        pod["status"]["conditions"].append({"type": "example.com/ok", "status": "True"})

    node.client.change("pods", "default", "p", pass_gate, "status")
    await node.clock.advance(2)
    assert node.condition("Ready")["status"] == "True"


AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.66.1"


def netexec(**fields: Json) -> Json:
    return {"name": "main", "image": AGNHOST, "args": ["netexec"]} | fields


def grpc_health(*args: str, **fields: Json) -> Json:
    return {"name": "main", "image": AGNHOST, "args": ["grpc-health-checking", *args]} | fields


@pytest.mark.parametrize(("action", "message"), [
    ({"path": "/", "port": 8080, "scheme": "HTTPS"},
     'Get "https://{ip}:8080/": http: server gave HTTP response to HTTPS client'),
    ({"path": "/", "port": 8080, "host": "nowhere.invalid"},
     'Get "http://nowhere.invalid:8080/": dial tcp nowhere.invalid:8080: lookup nowhere.invalid: no such host'),
    ({"path": "/echo?code=503", "port": 8080}, "HTTP probe failed with statuscode: 503"),
])  # fmt: skip
async def test_http_failures_in_gos_words(node: Node, action: Json, message: str) -> None:
    probe = {"httpGet": action, "periodSeconds": 2, "initialDelaySeconds": 4}
    await node.run(netexec(readinessProbe=probe), seconds=12)
    expected = message.format(ip=node.status()["podIP"])
    assert node.messages("Unhealthy")[0] == f"Readiness probe failed: {expected}"


async def test_a_redirect_to_another_host_is_a_warning_and_a_success(node: Node) -> None:
    probe = {"httpGet": {"path": "/redirect?location=http%3A%2F%2F0.0.0.0%2F", "port": 8080}, "periodSeconds": 2}
    await node.run(netexec(readinessProbe=probe), seconds=10)
    assert node.condition("Ready")["status"] == "True"
    assert node.messages("ProbeWarning")[0].startswith(
        "Readiness probe warning: Probe terminated redirects, Response body:"
    )


async def test_a_redirect_on_the_same_host_is_followed(node: Node) -> None:
    probe = {"httpGet": {"path": "/redirect?location=%2Fecho%3Fcode%3D500", "port": 8080}, "periodSeconds": 2}
    await node.run(netexec(readinessProbe=probe), seconds=10)
    assert node.messages("Unhealthy")[-1] == "Readiness probe failed: HTTP probe failed with statuscode: 500"


@pytest.mark.parametrize(("container", "action", "message"), [
    (grpc_health(), {"port": 5000, "service": "other"},
     "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service"),
    (grpc_health("--delay-unhealthy-sec=0"), {"port": 5000},
     'service unhealthy (responded with "NOT_SERVING")'),
    (netexec(), {"port": 8080},
     'timeout: failed to connect service "{ip}:8080" within 1s: context deadline exceeded'),
])  # fmt: skip
async def test_grpc_failures(node: Node, container: Json, action: Json, message: str) -> None:
    probe = {"grpc": action, "periodSeconds": 3, "initialDelaySeconds": 4}
    await node.run(container | {"readinessProbe": probe}, seconds=14)
    expected = message.format(ip=node.status()["podIP"])
    assert node.messages("Unhealthy")[0] == f"Readiness probe failed: {expected}"


async def test_a_hook_over_https_falls_back_to_http(node: Node) -> None:
    await node.run(netexec(), name="server", seconds=10)
    host = node.status("server")["podIP"]
    hook = {"postStart": {"httpGet": {"host": host, "port": 8080, "path": "/", "scheme": "HTTPS"}}}
    await node.run(shell("sleep 600", lifecycle=hook), seconds=5)
    assert node.condition("Ready")["status"] == "True"
    assert node.messages("LifecycleHTTPFallback") == [
        f"request to HTTPS lifecycle hook {host}:8080 got HTTP response, retry with HTTP succeeded"
    ]
