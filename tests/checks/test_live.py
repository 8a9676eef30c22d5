"""Checks on a cluster over HTTPS: stability in cluster time, history, rights, causes, what is recorded."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any, Self, TypeVar

import pytest

from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.objects import ObjectQuery
from k8s_tutor.checks.recorder import Recorder
from k8s_tutor.checks.result import CheckResult, State
from k8s_tutor.checks.runner import CheckRun
from k8s_tutor.client import Client
from k8s_tutor.course.model import Check
from tests.checks.made import check
from tests.conftest import Server, ServerFactory

Answer = TypeVar("Answer")
MAPS = "/api/v1/namespaces/default/configmaps"
PAINT = {"kind": "ConfigMap", "name": "paint"}


class Bench:
    """A served cluster, a client to it, and time that passes by hand, for code that runs in threads."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.loop = asyncio.get_running_loop()
        self.client = Client.from_kubeconfig(server.kubeconfig)

    def advance(self, seconds: float) -> None:
        """Let cluster time pass; called from a thread."""
        asyncio.run_coroutine_threadsafe(self.server.cluster.clock.advance(seconds), self.loop).result(30)

    async def thread(self, work: Callable[[], Answer]) -> Answer:
        """Run blocking work beside the cluster."""
        return await asyncio.to_thread(work)

    def run(self, checks: list[Check], **more: Any) -> CheckRun:
        return CheckRun(checks, CheckContext.live(self.client, "default", **more), lesson="pods")

    def put(self, name: str, **data: str) -> None:
        """Make or change a ConfigMap."""
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
        query = {"fieldManager": "test", "force": "true"}
        self.client.request(
            "PATCH", f"{MAPS}/{name}", body=body, query=query, content_type="application/apply-patch+yaml"
        )


@pytest.fixture
async def bench(server: ServerFactory) -> AsyncIterator[Bench]:
    made = Bench(await server(0))
    yield made
    made.client.close()


def states(results: dict[str, CheckResult]) -> dict[str, str]:
    return {name: str(result.state) for name, result in results.items()}


async def test_a_second_is_not_enough(bench: Bench) -> None:
    run = bench.run([check("blue", "match", {"object": PAINT, "any": {"data": {"color": "blue"}}}, stable_for=5.0)])

    def play() -> None:
        bench.put("paint", color="blue")
        first = run.evaluate()["blue"]
        assert (first.state, first.retry_after) == (State.PENDING, 5.0)
        bench.advance(3)
        bench.put("paint", color="red")
        assert run.evaluate()["blue"].state is State.FAILED
        bench.put("paint", color="blue")
        assert run.evaluate()["blue"].state is State.PENDING
        bench.advance(4)
        assert run.evaluate()["blue"].state is State.PENDING
        bench.advance(1)
        assert run.evaluate()["blue"].passed

    await bench.thread(play)


async def test_change_between_two_looks_begins_the_time_anew(bench: Bench) -> None:
    run = bench.run([check("blue", "match", {"object": PAINT, "any": {"data": {"color": "blue"}}}, stable_for=5.0)])

    def play() -> None:
        bench.put("paint", color="blue")
        run.evaluate()
        bench.put("paint", color="red")
        bench.put("paint", color="blue")
        bench.advance(4)
        run.evaluate()
        bench.advance(1)
        assert run.evaluate()["blue"].state is State.PENDING
        assert run.judge(bench.advance)["blue"].passed

    await bench.thread(play)


async def test_until_passed_lets_time_go_by(bench: Bench) -> None:
    run = bench.run([check("there", "match", {"object": PAINT})])
    cluster = bench.server.cluster

    def play() -> dict[str, CheckResult]:
        return run.until_passed(bench.advance, 60)

    cluster.clock.call_later(20, lambda: threading.Thread(target=lambda: bench.put("paint", a="b")).start())
    assert states(await bench.thread(play)) == {"there": "passed"}


async def test_missing_object_in_another_namespace_is_told(bench: Bench) -> None:
    run = bench.run(
        [check("there", "match", {"object": {"kind": "ConfigMap", "name": "cluster-info", "namespace": "default"}})]
    )

    def play() -> CheckResult:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cluster-info"}}
        bench.client.create("/api/v1/namespaces/kube-public/configmaps", body)
        return run.evaluate()["there"]

    assert "ConfigMap cluster-info is in the namespace kube-public" in (await bench.thread(play)).causes


async def test_absent_is_held(bench: Bench) -> None:
    run = bench.run([check("gone", "absent", {"object": PAINT, "held": "10s"})])

    def play() -> None:
        assert run.evaluate()["gone"].state is State.PENDING
        bench.advance(9)
        bench.put("paint", a="b")
        assert run.evaluate()["gone"].state is State.FAILED
        bench.client.delete(f"{MAPS}/paint")
        assert states(run.judge(bench.advance)) == {"gone": "passed"}

    await bench.thread(play)


async def test_unserved_kind_is_just_not_there(bench: Bench) -> None:
    run = bench.run([check("flow", "match", {"object": {"kind": "Flow", "apiVersion": "example.org/v1"}})])
    assert states(await bench.thread(run.evaluate)) == {"flow": "failed"}


async def test_rights(bench: Bench) -> None:
    spec = {
        "who": {"serviceAccount": "robot"},
        "can": [{"verb": "list", "resource": "pods"}],
        "cannot": [{"verb": "delete", "resource": "deployments"}],
    }
    run = bench.run([check("rights", "rbac", spec)])
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"

    def grant(verbs: list[str], resource: str, group: str, name: str) -> None:
        rules = [{"verbs": verbs, "resources": [resource], "apiGroups": [group]}]
        bench.client.create(f"{rbac}/roles", {"metadata": {"name": name}, "rules": rules})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        subjects = [{"kind": "ServiceAccount", "name": "robot", "namespace": "default"}]
        bench.client.create(
            f"{rbac}/rolebindings", {"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}
        )

    def play() -> None:
        result = run.evaluate()["rights"]
        assert str(result.differences[0]).startswith("list pods: expected yes, found no")
        assert result.next == "kubectl auth can-i list pods --as=system:serviceaccount:default:robot"
        grant(["list"], "pods", "", "reader")
        assert run.evaluate()["rights"].passed
        grant(["*"], "deployments", "apps", "writer")
        assert str(run.evaluate()["rights"].differences[0]).startswith("delete deployments: expected no, found yes")

    await bench.thread(play)


async def test_events_are_counted_with_their_own_count(bench: Bench) -> None:
    spec = {"about": PAINT, "reason": "Dried", "type": "Warning", "message": "too fast", "count": {"min": 3}}
    run = bench.run([check("dried", "events", spec)])

    def play() -> None:
        bench.put("paint", a="b")
        about = {"kind": "ConfigMap", "name": "paint", "namespace": "default"}
        event = {"metadata": {"name": "paint.1"}, "involvedObject": about, "reason": "Dried", "type": "Warning"}
        bench.client.create("/api/v1/namespaces/default/events", {**event, "message": "dried too fast", "count": 2})
        result = run.evaluate()["dried"]
        assert str(result.differences[0]) == "events Dried: expected at least 3, found 2"
        assert result.causes == ("Dried: dried too fast",)
        again = {**event, "metadata": {"name": "paint.2"}, "message": "dried too fast"}
        bench.client.create("/api/v1/namespaces/default/events", again)
        assert run.evaluate()["dried"].passed

    await bench.thread(play)


async def test_cel(bench: Bench) -> None:
    objects = {"paint": PAINT, "maps": {"kind": "ConfigMap"}}
    run = bench.run([check("rule", "cel", {"objects": objects, "expression": "paint.data.n == string(maps.size())"})])

    def play() -> None:
        bench.put("paint", n="0")
        assert "expected true, found false" in str(run.evaluate()["rule"].differences[0])
        number = len(bench.client.list(MAPS))
        bench.put("paint", n=str(number))
        assert run.judge(bench.advance)["rule"].passed
        bench.put("paint", m="0")
        assert "no such key" in str(run.evaluate()["rule"].differences[0])

    await bench.thread(play)


async def test_manifest_dry_run_tells_what_the_server_says(bench: Bench, scratch: Any) -> None:
    run = bench.run([check("file", "manifest", {"file": "m.yaml", "dry_run": True})], workdir=scratch)

    def play() -> None:
        (scratch / "m.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: UPPER}\n")
        assert 'Invalid value: "UPPER"' in str(run.evaluate()["file"].differences[0])
        (scratch / "m.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lower}\n")
        assert run.evaluate()["file"].passed
        assert not [one for one in bench.client.list(MAPS) if one["metadata"]["name"] == "lower"]

    await bench.thread(play)


# -- history


class Watched:
    """A run with a recorder, begun before anything happens."""

    def __init__(self, bench: Bench, kind: str, spec: dict[str, Any], missed: str = "") -> None:
        self.bench = bench
        self.recorder = Recorder(bench.client, "default")
        self.run = bench.run([check("one", kind, {"object": PAINT, **spec})], recorder=self.recorder)
        self.recorder.start(self.run.records(), missed=missed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.recorder.stop()

    def advance(self, seconds: float) -> None:
        """Let time pass once all that happened was recorded, as whoever plays exercises does."""
        assert self.recorder.sync()
        self.bench.advance(seconds)

    def judge(self) -> CheckResult:
        return self.run.evaluate(sync=True)["one"]


async def test_always_after_until(bench: Bench) -> None:
    spec = {
        "always": {"data": {"n": {"$gte": 3}}},
        "after": {"data": {"go": "yes"}},
        "until": {"data": {"done": "yes"}},
    }

    def play() -> None:
        with Watched(bench, "history", spec) as watched:
            bench.put("paint", n="1")
            assert "that never happened" in str(watched.judge().differences[0])
            bench.put("paint", n="5", go="yes")
            assert "found not yet" in str(watched.judge().differences[0])
            bench.put("paint", n="4", go="yes")
            bench.put("paint", n="3", go="yes", done="yes")
            assert watched.judge().passed
            bench.put("paint", n="0")
            assert watched.judge().passed
        with Watched(bench, "history", spec) as watched:
            bench.put("paint", n="5", go="yes")
            bench.put("paint", n="2", go="yes")
            bench.put("paint", n="5", go="yes", done="yes")
            assert str(watched.judge().differences[0]) == "data.n: expected ≥ 3, found 2"

    await bench.thread(play)


async def test_never_and_count(bench: Bench) -> None:
    def play() -> None:
        with Watched(bench, "history", {"never": {"data": {"color": "red"}}}) as watched:
            bench.put("paint", color="blue")
            assert watched.judge().passed
        with Watched(bench, "history", {"never": {"data": {"color": "red"}}}) as watched:
            bench.put("paint", color="red")
            bench.put("paint", color="blue")
            assert watched.judge().state is State.FAILED
        counted = {
            "object": {"kind": "ConfigMap", "selector": ""},
            "count": {"pattern": {"data": {"x": "1"}}, "max": 1},
        }
        with Watched(bench, "history", counted) as watched:
            bench.put("a", x="1")
            assert watched.judge().passed
        with Watched(bench, "history", counted) as watched:
            bench.put("b", x="1")
            bench.client.delete(f"{MAPS}/b")
            assert str(watched.judge().differences[0]) == "count: expected 0 to 1, found 2"

    await bench.thread(play)


async def test_eventually_for_and_within(bench: Bench) -> None:
    blue = {"eventually": {"data": {"color": "blue"}}}

    def play() -> None:
        with Watched(bench, "history", {**blue, "for": "30s"}) as watched:
            bench.put("paint", color="blue")
            watched.advance(20)
            assert watched.judge().state is State.PENDING
            bench.put("paint", color="red")
            watched.advance(20)
            assert watched.judge().state is State.FAILED
            bench.put("paint", color="blue")
            assert watched.judge().state is State.PENDING
            watched.advance(31)
            bench.put("paint", color="red")
            assert watched.judge().passed
        with Watched(bench, "history", {**blue, "within": "10s"}) as watched:
            watched.advance(20)
            bench.put("paint", color="blue")
            assert str(watched.judge().differences[0]) == "time: expected within 10 s, found after 20 s"

    await bench.thread(play)


async def test_what_was_missed_is_never_a_pass_and_a_violation_still_fails(bench: Bench) -> None:
    never = {"never": {"data": {"color": "red"}}}

    def play() -> None:
        with Watched(bench, "history", never, missed="the tutor was closed") as watched:
            bench.put("paint", color="blue")
            result = watched.judge()
            assert (result.state, result.detail) == (State.UNGRADABLE, "the tutor was closed")
            bench.put("paint", color="red")
            assert watched.judge().state is State.FAILED

    await bench.thread(play)


async def test_process_same_object_and_only_scaled(bench: Bench) -> None:
    path = "/apis/apps/v1/namespaces/default/deployments"
    labels = {"app": "web"}

    def deployment(image: str, replicas: int) -> dict[str, Any]:
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}
        spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}

    def play() -> None:
        bench.client.create(path, deployment("nginx:1", 1))
        bench.advance(1)
        web = {"object": {"kind": "Deployment", "name": "web"}}
        with (
            Watched(bench, "process", {**web, "same_uid": True, "scaled": True, "not_deleted": True}) as scaled,
            Watched(bench, "process", {**web, "rollouts": 1}) as rolled,
            Watched(bench, "process", {**web, "same_uid": True}) as same,
        ):
            bench.client.patch(f"{path}/web", {"spec": {"replicas": 3}})
            bench.advance(1)
            assert scaled.judge().passed
            assert str(rolled.judge().differences[0]) == "rollouts: expected 1, found 0"
            image = [{"name": "web", "image": "nginx:2"}]
            bench.client.patch(f"{path}/web", {"spec": {"template": {"spec": {"containers": image}}}})
            bench.advance(1)
            assert "another template" in str(scaled.judge().differences[0])
            assert rolled.judge().passed
            assert same.judge().passed
            bench.client.delete(f"{path}/web")
            bench.client.create(path, deployment("nginx:2", 3))
            assert "made anew" in str(same.judge().differences[0])

    await bench.thread(play)


async def test_recorder_tells_changes_and_catches_up(bench: Bench) -> None:
    changed = threading.Event()
    query = ObjectQuery("ConfigMap", "v1")

    def play() -> None:
        recorder = Recorder(bench.client, "default", lambda error: changed.set() if error is None else None)
        recorder.start([query])
        bench.put("paint", n="1")
        assert changed.wait(5)
        for number in range(50):
            bench.put("paint", n=str(number))
        assert recorder.sync()
        history = recorder.history(query)
        assert history is not None
        assert history.complete
        numbers = [
            entry.object["data"]["n"] for entry in history.entries if entry.object["metadata"]["name"] == "paint"
        ]
        assert numbers == ["1", *map(str, range(50))]
        assert recorder.history(ObjectQuery("Pod")) is None
        recorder.stop()

    await bench.thread(play)
