"""Rules without a cluster: phases, actions, back-off, quantities, names, loops."""

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.kubelet import actions, quality
from k8s_tutor.sim.kubelet.addresses import AddressPool
from k8s_tutor.sim.kubelet.backoff import Backoff
from k8s_tutor.sim.kubelet.downward import FieldError, field_value, format_map, resource_value
from k8s_tutor.sim.kubelet.environment import expand, service_variables
from k8s_tutor.sim.kubelet.images import _duration
from k8s_tutor.sim.kubelet.loops import Loop
from k8s_tutor.sim.kubelet.names import host_name, resolv_conf
from k8s_tutor.sim.kubelet.phase import phase_of
from k8s_tutor.sim.kubelet.records import Observed, Sandbox, View
from k8s_tutor.sim.kubelet.spec import restarts_after

GOLDEN = yaml.safe_load((Path(__file__).parent / "golden" / "phase.yaml").read_text(encoding="utf-8"))
SANDBOX = Sandbox("s", 0, ready=True, ip="10.244.0.2", created_at=10.0)


def _state(word: str) -> Json:
    ended = {"exitCode": int(word[-1]), "reason": "x"} if word[-1].isdigit() else None
    if word.startswith("w"):
        return {"state": {"waiting": {}}, "lastState": {"terminated": ended} if ended else {}}
    if ended is not None:
        return {"state": {"terminated": ended}, "lastState": {}}
    return {"state": {"running": {}}, "lastState": {}, "started": word == "r"}


@pytest.mark.parametrize("case", GOLDEN, ids=[str(number) for number in range(len(GOLDEN))])
def test_phases(case: Json) -> None:
    spec: Json = {"restartPolicy": case["policy"], "containers": [], "initContainers": []}
    statuses = []
    for kind, field in (("init", "initContainers"), ("sidecar", "initContainers"), ("main", "containers")):
        for number, word in enumerate(case.get(kind, ())):
            name = f"{kind}{number}"
            spec[field].append({"name": name} | ({"restartPolicy": "Always"} if kind == "sidecar" else {}))
            statuses.append({"name": name} | _state(word))
    pod = {"metadata": {}, "spec": spec}
    found = phase_of(pod, statuses, over=case.get("over", False), initialized=case.get("initialized", False))
    assert found == case["phase"]


def view(name: str, state: Any, code: int = 0, **fields: Any) -> View:
    return View(name, f"id-{name}", state, 0, "i", "d", 11.0, exit_code=code, **fields)


def compute(pod: Json, *views: View, sandbox: Sandbox | None = SANDBOX, failed: str = "") -> actions.Actions:
    pod.setdefault("metadata", {})
    observed = Observed(sandbox, {one.name: (one,) for one in views})
    return actions.compute(pod, observed, lambda _, kind: kind == failed or None, lambda *_: False)


def test_a_new_pod_gets_a_sandbox_and_its_first_containers() -> None:
    todo = compute({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}, sandbox=None)
    assert (todo.create_sandbox, todo.main, todo.init) == (True, ["a", "b"], [])
    todo = compute({"spec": {"containers": [{"name": "a"}], "initContainers": [{"name": "i"}]}}, sandbox=None)
    assert (todo.main, todo.init) == ([], ["i"])


def test_init_containers_follow_one_another() -> None:
    pod = {"spec": {"containers": [{"name": "a"}], "initContainers": [{"name": "i"}, {"name": "j"}]}}
    assert compute(pod, view("i", "running")).init == []
    assert compute(pod, view("i", "exited")).init == ["j"]
    assert compute(pod, view("i", "exited"), view("j", "exited")).main == ["a"]
    assert compute(pod, view("i", "exited", 1)).init == ["i"]


def test_a_failed_init_container_ends_a_pod_that_never_restarts() -> None:
    pod = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a"}], "initContainers": [{"name": "i"}]}}
    todo = compute(pod, view("i", "exited", 1))
    assert todo.kill_pod
    assert not todo.init


def test_a_running_sidecar_lets_the_next_start_unless_its_startup_probe_is_not_through() -> None:
    side: Json = {"name": "s", "restartPolicy": "Always"}
    pod = {"spec": {"containers": [{"name": "a"}], "initContainers": [side, {"name": "j"}]}}
    assert compute(pod, view("s", "running")).init == ["j"]
    side["startupProbe"] = {"exec": {}}
    assert compute(pod, view("s", "running")).init == []
    todo = compute(pod, view("s", "running"), failed="startup")
    assert todo.init == ["s"]
    assert todo.kill[0].message == "Init container s failed startup probe"


def test_a_sidecar_that_ended_is_started_again_while_the_pod_runs() -> None:
    side = {"name": "s", "restartPolicy": "Always"}
    pod = {"spec": {"containers": [{"name": "a"}], "initContainers": [side]}}
    todo = compute(pod, view("s", "exited", 1), view("a", "running"))
    assert todo.init == ["s"]


def test_a_pod_without_anything_to_run_is_killed_with_its_sidecars() -> None:
    side = {"name": "s", "restartPolicy": "Always"}
    pod = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a"}], "initContainers": [side]}}
    todo = compute(pod, view("s", "running"), view("a", "exited"))
    assert todo.kill_pod
    assert not todo.init


def test_a_changed_image_restarts_the_container() -> None:
    pod = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "new"}]}}
    todo = compute(pod, view("a", "running", spec_image="old"))
    assert todo.kill[0].message == "Container a definition changed, will be restarted"
    assert todo.main == ["a"]


def test_a_pod_that_is_over_gets_no_new_sandbox() -> None:
    gone = Sandbox("s", 0, ready=False, ip="", created_at=1.0)
    pod = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a"}]}}
    todo = compute(pod, view("a", "exited"), sandbox=gone)
    assert todo.kill_pod
    assert not todo.create_sandbox


@pytest.mark.parametrize(("container", "policy", "code", "expected"), [
    ({}, "Always", 0, True),
    ({}, "OnFailure", 0, False),
    ({}, "OnFailure", 1, True),
    ({"restartPolicy": "Never"}, "Always", 1, False),
    ({"restartPolicy": "Never",
      "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [7]}}]}, "Never", 7, True),
    ({"restartPolicy": "Never",
      "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "NotIn", "values": [7]}}]}, "Never", 7, False),
])  # fmt: skip
def test_restart_policies(container: Json, policy: str, code: int, *, expected: bool) -> None:
    assert restarts_after({"spec": {"restartPolicy": policy}}, container, code) is expected


def test_back_off_doubles_and_is_forgotten() -> None:
    backoff = Backoff(10, 300)
    assert not backoff.in_backoff_since("k", 0, 1)
    for now, delay in ((0, 10), (20, 20), (60, 40), (120, 80), (250, 160), (500, 300), (900, 300)):
        backoff.next("k", now, now)
        assert backoff.get("k") == delay
    assert backoff.in_backoff_since("k", 900, 1000)
    assert not backoff.in_backoff_since("k", 900, 1300)
    backoff.next("k", 1600, 1600)  # more than twice the maximum after the last: anew
    assert backoff.get("k") == 10


@pytest.mark.parametrize(("resources", "expected"), [
    ([{}], "BestEffort"),
    ([{"requests": {"cpu": "1"}}], "Burstable"),
    ([{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1000m", "memory": "1Gi"}}], "Guaranteed"),
    ([{"limits": {"cpu": "1", "memory": "1Gi"}}, {}], "Burstable"),
])  # fmt: skip
def test_quality_of_service(resources: list[Json], expected: str) -> None:
    containers = [{"name": str(number), "resources": one} for number, one in enumerate(resources)]
    assert quality.qos_class({"spec": {"containers": containers}}) == expected


def test_the_downward_api_reads_fields_and_rounds_resources_up() -> None:
    pod = {"metadata": {"name": "p", "namespace": "n", "uid": "u", "labels": {"b": "2", "a": 'x"'}}, "spec": {}}
    assert field_value(pod, "metadata.labels['b']", {}) == "2"
    assert format_map(pod["metadata"]["labels"]) == 'a="x\\""\nb="2"'  # type: ignore[arg-type]
    with pytest.raises(FieldError, match=r"unsupported fieldPath: spec\.x"):
        field_value(pod, "spec.x", {})
    container = {"resources": {"limits": {"memory": "1500Ki", "cpu": "1500m"}}}
    assert resource_value(pod, container, {"resource": "limits.memory", "divisor": "1Mi"}, {}) == "2"
    assert resource_value(pod, container, {"resource": "limits.cpu"}, {}) == "2"


def test_expansion_leaves_unknown_names_and_escapes() -> None:
    assert expand("$(A)-$(B)-$$(A)-$A", {"A": "1"}) == "1-$(B)-$(A)-$A"


def test_service_variables_have_the_old_and_the_new_form() -> None:
    service = {"metadata": {"name": "my-db", "namespace": "n"}, "spec": {"clusterIP": "10.0.0.1", "ports": [
        {"name": "web-ui", "port": 80, "protocol": "UDP"},
    ]}}  # fmt: skip
    found = service_variables([service], "n", links=True)
    assert found["MY_DB_SERVICE_PORT_WEB_UI"] == "80"
    assert found["MY_DB_PORT"] == "udp://10.0.0.1:80"
    assert found["MY_DB_PORT_80_UDP_PROTO"] == "udp"
    assert service_variables([service], "other", links=True) == {}


def test_host_names_and_resolvers() -> None:
    meta = {"name": "p" * 70, "namespace": "n"}
    assert host_name({"metadata": meta, "spec": {}}, "node1") == ("p" * 63, "")
    pod: Json = {"metadata": meta, "spec": {"hostname": "h", "subdomain": "s", "setHostnameAsFQDN": True}}
    assert host_name(pod, "node1")[0] == "h.s.n.svc.cluster.local"
    assert host_name({"metadata": meta, "spec": {"hostNetwork": True}}, "node1") == ("node1", "")
    own = {"nameservers": ["9.9.9.9"], "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}]}
    found = resolv_conf({"metadata": meta, "spec": {"dnsPolicy": "None", "dnsConfig": own}})
    assert (found.nameservers, found.options) == (("9.9.9.9",), ("ndots:2", "edns0"))


def test_addresses_are_handed_out_in_order_and_reused_late() -> None:
    pool = AddressPool("10.244.1.0/29")
    taken = [pool.take() for _ in range(5)]
    assert taken == [f"10.244.1.{last}" for last in range(2, 7)]
    assert pool.take() is None
    pool.free("10.244.1.3")
    assert pool.take() == "10.244.1.3"


@pytest.mark.parametrize(("seconds", "text"), [(0.4567, "456ms"), (1.5, "1.5s"), (2.0, "2s"), (61.25, "1m1.25s")])
def test_durations_read_as_in_go(seconds: float, text: str) -> None:
    assert _duration(seconds) == text


async def test_a_loop_ticks_only_when_something_is_due(clock: Clock) -> None:
    seen: list[tuple[float, list[str]]] = []
    begun = clock.now()
    loop = Loop(clock, 1.0, 0.25, lambda keys: seen.append((clock.now() - begun, keys)))
    loop.add("a")
    loop.add("b", 2.5)
    await clock.advance(10)
    assert seen == [(0.25, ["a"]), (3.25, ["b"])]
    assert clock._next() == math.inf


async def test_each_pod_has_ticks_of_its_own(clock: Clock) -> None:
    seen: list[tuple[float, list[str]]] = []
    begun = clock.now()
    loop = Loop(clock, 1.0, 0.25, lambda keys: seen.append((round(clock.now() - begun, 2), keys)))
    loop.add("a")
    await clock.advance(0.5)
    loop.add("b")
    loop.add("a")
    await clock.advance(10)
    assert seen == [(0.25, ["a"]), (0.75, ["b"]), (1.25, ["a"])]
    assert loop.last("a") < loop.tick_after("a", clock.now()) <= loop.last("a") + 1
