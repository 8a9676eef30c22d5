"""Gives the recorded scheduling problems to a cluster without nodes of its own."""

import json
from collections.abc import Iterator
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from tests.conformance.recordings import Score, records
from tests.conformance.serving import Served, served

PODS = "/api/v1/namespaces/sched/pods"
READY = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": ""}


def solve(cluster: Served, case: Json, number: int) -> tuple[str, str]:
    """Return ``bound`` and the node's name in the recording, or ``refused`` and the scheduler's words."""

    def here(value: Any) -> Any:
        text = json.dumps(value)
        for node in case["nodes"]:
            text = text.replace(f'"{node["metadata"]["name"]}"', f'"{node["metadata"]["name"]}-{number}"')
        return json.loads(text)

    nodes = here(case["nodes"])
    for node in nodes:
        body = {"apiVersion": "v1", "kind": "Node", "metadata": node["metadata"], "spec": node["spec"]}
        cluster.json("POST", "/api/v1/nodes", body)
        status = {"capacity": node["capacity"], "allocatable": node["capacity"], "conditions": [READY]}
        path = f"/api/v1/nodes/{node['metadata']['name']}/status"
        cluster.json("PATCH", path, {"status": status}, "application/merge-patch+json")
    cluster.advance(1)
    for pod in here(case["pods"]):
        cluster.json("POST", PODS, pod)
    cluster.advance(0.1)
    new = here(case["pod"])
    status_code, answer = cluster.json("POST", PODS, new)
    cluster.advance(1)
    result = ("refused", f"rejected {answer.get('message', '')}")
    if status_code == 201:
        result = _decision(cluster.json("GET", f"{PODS}/{new['metadata']['name']}")[1], number)
    cluster.json("DELETE", PODS + "?gracePeriodSeconds=0")
    for node in nodes:
        cluster.json("DELETE", f"/api/v1/nodes/{node['metadata']['name']}")
    cluster.advance(0.5)
    return result


def _decision(pod: Json, number: int) -> tuple[str, str]:
    if pod["spec"].get("nodeName"):
        return "bound", pod["spec"]["nodeName"].removesuffix(f"-{number}")
    conditions = pod.get("status", {}).get("conditions") or ()
    refusals = [c["message"] for c in conditions if c["type"] == "PodScheduled" and c["status"] == "False"]
    return ("refused", refusals[0]) if refusals else ("undecided", "")


def play() -> Iterator[Score]:
    """Play all problems."""
    score = Score("scheduling")
    with served(nodes=0) as cluster:
        cluster.json(
            "POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sched"}}
        )
        cluster.advance(1)
        for number, case in enumerate(records("scheduling")):
            kind, what = solve(cluster, case, number)
            right = (
                what in case.get("chosen", ()) if kind == "bound" else kind == "refused" and what == case.get("message")
            )
            score.add(right, f"{case['id']}: want {case.get('chosen') or case.get('message')} got {kind} {what}")
    yield score
