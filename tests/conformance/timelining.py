"""Plays the recorded scenarios of a real node side by side on one cluster in virtual time, in this process."""

import asyncio
import json
import urllib.parse
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

import aiohttp

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.server import ApiServer
from k8s_tutor.sim.auth.identity import Identity
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.machinery.store import Event
from k8s_tutor.sim.shape import Shape
from tests.conformance.recordings import Score, records
from tests.conformance.shown import Seen, match, timeline

KINDS = {
    "pods": "Pod",
    "events": "Event",
    "deployments.apps": "Deployment",
    "replicasets.apps": "ReplicaSet",
    "statefulsets.apps": "StatefulSet",
    "daemonsets.apps": "DaemonSet",
    "jobs.batch": "Job",
    "cronjobs.batch": "CronJob",
    "resourcequotas": "ResourceQuota",
    "endpointslices.discovery.k8s.io": "Endpoints",
    "poddisruptionbudgets.policy": "PodDisruptionBudget",
}
BEGIN = 1_800_000_005.0 - 60  # scenarios begin five seconds past a full minute, as the CronJobs' were recorded


class Stage:
    """The cluster, a client of it, and what is seen in each namespace."""

    def __init__(self, cluster: Cluster, session: aiohttp.ClientSession, token: str) -> None:
        self.cluster = cluster
        self.seen: dict[str, list[Seen]] = defaultdict(list)
        self.wrong: dict[str, list[str]] = defaultdict(list)
        self._session = session
        self._headers = {"Authorization": f"Bearer {token}"}
        self._begin = BEGIN + 60
        for resource, kind in KINDS.items():
            cluster.store.subscribe(resource, partial(self._see, kind))

    def _see(self, kind: str, event: Event) -> None:
        where = event.obj["metadata"].get("namespace", "")
        self.seen[where].append((self.cluster.clock.now() - self._begin, kind, event.type, event.obj))

    async def call(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> tuple[int, Json]:
        """Send one request."""
        data = None if body is None else json.dumps(body)
        headers = self._headers | ({"Content-Type": kind} if data else {})
        async with self._session.request(method, path, data=data, headers=headers) as reply:
            return reply.status, json.loads(await reply.read() or b"{}")

    async def act(self, namespace: str, action: Json) -> None:
        """Do one recorded action."""
        path, body = action["path"], action.get("request")
        if "pick" in action:
            selector = urllib.parse.quote(action["pick"])
            _, pods = await self.call("GET", f"/api/v1/namespaces/{namespace}/pods?labelSelector={selector}")
            living = sorted(
                p["metadata"]["name"] for p in pods.get("items", []) if not p["metadata"].get("deletionTimestamp")
            )
            picked = living[0] if living else "none"
            path, body = path.replace("PICKED", picked), json.loads(json.dumps(body).replace("PICKED", picked))
        status, answer = await self.call(action["method"], path, body, action["content_type"])
        if status != action["status"]:
            self.wrong[namespace].append(
                f"{action['method']} {path}: want {action['status']} got {status} {answer.get('message')}"
            )


async def _stage(scenarios: list[Json]) -> Stage:
    clock = Clock(rate=0, start=BEGIN)
    identity = Identity(None, "conformance")
    cluster = Cluster(Shape(1, bare=True), clock=clock, identity=identity)
    await cluster.start()
    api = ApiServer(cluster)
    port = await api.start()
    connector = aiohttp.TCPConnector(ssl=False)
    async with aiohttp.ClientSession(f"https://127.0.0.1:{port}", connector=connector) as session:
        stage = Stage(cluster, session, identity.admin_token)
        await clock.advance(50)
        for scenario in scenarios:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"t-{scenario['scenario']}"}}
            await stage.call("POST", "/api/v1/namespaces", body)
        await clock.advance(BEGIN + 60 - clock.now())
        actions = sorted(
            (
                (action["t"], number, f"t-{scenario['scenario']}", action)
                for scenario in scenarios
                for number, action in enumerate(scenario["actions"])
            ),
            key=lambda item: item[:3],
        )
        for at, _, namespace, action in actions:
            await clock.advance(max(0.0, BEGIN + 60 + at - clock.now()))
            await stage.act(namespace, action)
        await clock.advance(max(s["seconds"] for s in scenarios) + BEGIN + 60 - clock.now())
    await api.stop()
    await cluster.stop()
    clock.close()
    return stage


def play(only: str = "") -> Iterator[Score]:
    """Play all scenarios, or those named; scores: recall of stable lines, and lines that are not extra."""
    scenarios = [s for s in records("timelines") if not only or s["scenario"] in only.split(",")]
    stage = asyncio.run(_stage(scenarios))
    recall, exact = Score("timelines recall"), Score("timelines not extra")
    for scenario in scenarios:
        namespace = f"t-{scenario['scenario']}"
        lines = timeline(stage.seen[namespace], scenario["seconds"])
        must = [line for line in scenario["timeline"] if line["stable"]]
        missing, _ = match(must, lines)
        _, extra = match(scenario["timeline"], lines)
        name = scenario["scenario"]
        recall.total += len(must)
        recall.passed += len(must) - len(missing)
        recall.misses += [f"{name}: WRONG {text}" for text in stage.wrong[namespace]]
        recall.misses += [f"{name}: missing {_line(line)}" for line in missing]
        exact.total += len(lines)
        exact.passed += len(lines) - len(extra)
        exact.misses += [f"{name}: extra {_line(line)}" for line in extra]
    yield recall
    yield exact


def _line(line: Json) -> str:
    return f"{line['t']} {line['object']} {json.dumps(line['shows'], ensure_ascii=False)}"
