"""The kubelet's own HTTP paths: what a node's proxy shows."""

import json

from tests.kubelet.conftest import Node, shell


def page(node: Node, path: str) -> str:
    return node.kubelet.answer(path).body.decode()


async def test_metrics_count_containers_and_probes(node: Node) -> None:
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    await node.run(shell("sleep 600", readinessProbe=probe), seconds=4)
    await node.run(shell("exit 139"), name="q", restartPolicy="Never", seconds=4)
    metrics = page(node, "metrics")
    assert "# TYPE kubelet_terminated_containers_total counter" in metrics
    ended = 'kubelet_terminated_containers_total{container_type="container",exit_code="139",reason="Error"} 1\n'
    assert ended in metrics
    assert 'kubelet_started_containers_total{container_type="container"} 2\n' in metrics
    assert 'kubelet_running_containers{container_state="running"} 1\n' in metrics
    assert "kubelet_started_pods_total 2\n" in metrics
    assert 'kubelet_node_name{node="node1"} 1\n' in metrics
    probes = [line for line in page(node, "metrics/probes").splitlines() if not line.startswith("#")]
    assert len(probes) == 1
    assert 'probe_type="Readiness"' in probes[0]
    assert 'result="failed"' in probes[0]


async def test_usage_by_node_pod_and_container(node: Node) -> None:
    pod = await node.run(shell("sleep 600"), seconds=4)
    resources = page(node, "metrics/resource")
    assert 'container_memory_working_set_bytes{container="main",namespace="default",pod="p"}' in resources
    assert 'pod_cpu_usage_seconds_total{namespace="default",pod="p"}' in resources
    assert "resource_scrape_error 0\n" in resources
    summary = json.loads(page(node, "stats/summary"))
    assert summary["node"]["nodeName"] == "node1"
    (found,) = summary["pods"]
    assert found["podRef"] == {"name": "p", "namespace": "default", "uid": pod["metadata"]["uid"]}
    assert found["containers"][0]["name"] == "main"
    assert found["memory"]["workingSetBytes"] > 0


async def test_pods_health_and_configuration(node: Node) -> None:
    await node.run(shell("exit 0"), restartPolicy="Never", seconds=5)
    assert page(node, "healthz") == "ok"
    assert [one["metadata"]["name"] for one in json.loads(page(node, "pods"))["items"]] == ["p"]
    assert json.loads(page(node, "runningpods/"))["items"] == []
    assert json.loads(page(node, "configz"))["kubeletconfig"]["maxPods"] == 110
    assert node.kubelet.answer("nothing").status == 404
