"""A pod's life on a node: start, end, restarts, termination, in virtual time."""

import itertools

import pytest

from k8s_tutor.sim.kubelet.records import Observed
from tests.kubelet.conftest import NAMESPACE, Node, shell

PRESENT = 'Container image "busybox:1.36" already present on machine and can be accessed by the pod'


async def test_a_pod_comes_to_run_with_the_events_of_a_real_node(node: Node) -> None:
    await node.run(shell("sleep 600"))
    assert node.status()["phase"] == "Running"
    assert [one["status"] for one in node.status()["conditions"]] == ["True"] * 5
    assert [(one["reason"], one["message"]) for one in node.events()] == [
        ("Pulled", PRESENT),
        ("Created", "Container created"),
        ("Started", "Container started"),
    ]
    assert {one["involvedObject"]["fieldPath"] for one in node.events()} == {"spec.containers{main}"}


async def test_a_status_has_the_fields_of_a_real_one(node: Node) -> None:
    await node.run(shell("sleep 600", resources={"limits": {"memory": "20Mi"}}))
    status = node.status()
    assert status["hostIPs"] == [{"ip": status["hostIP"]}]
    assert status["podIPs"] == [{"ip": status["podIP"]}]
    assert status["podIP"].startswith("10.244.0.")
    assert status["qosClass"] == "Burstable"
    assert status["allocatedResources"] == {"memory": "20Mi"}
    assert status["resources"] == {"limits": {"memory": "20Mi"}, "requests": {"memory": "20Mi"}}
    main = status["containerStatuses"][0]
    assert main["image"] == "docker.io/library/busybox:1.36"
    assert main["imageID"].startswith("sha256:")
    assert main["containerID"].startswith("containerd://")
    assert main["lastState"] == {}
    assert main["user"] == {"linux": {"uid": 0, "gid": 0, "supplementalGroups": [0, 10]}}
    assert main["volumeMounts"][0]["recursiveReadOnly"] == "Disabled"
    assert all(one["observedGeneration"] == 1 for one in status["conditions"])


async def test_the_kubelet_writes_as_itself(node: Node) -> None:
    pod = await node.run(shell("sleep 600"))
    managers = {(one["manager"], one.get("subresource")) for one in pod["metadata"]["managedFields"]}
    assert ("kubelet", "status") in managers


@pytest.mark.parametrize(("script", "phase", "reason", "code"), [
    ("exit 0", "Succeeded", "Completed", 0),
    ("exit 3", "Failed", "Error", 3),
])  # fmt: skip
async def test_a_pod_that_is_never_restarted_ends_in_two_steps(
    node: Node, script: str, phase: str, reason: str, code: int
) -> None:
    """The end is seen at a relist while the phase is still Running; the phase follows when the sandbox is gone."""
    seen: list[str] = []
    node.cluster.store.subscribe("pods", lambda event: seen.append(
        f"{event.obj['status']['phase']}/{','.join((event.obj['status'].get('containerStatuses') or [{'state': {}}])[0]['state'])}"
    ))  # fmt: skip
    await node.run(shell(script), restartPolicy="Never", seconds=5)
    assert seen[-2:] == ["Running/terminated", f"{phase}/terminated"]
    ended = node.container_status()["state"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == (reason, code)
    completed = "PodCompleted" if code == 0 else "PodFailed"
    assert node.condition("Ready")["reason"] == completed
    assert node.condition("PodReadyToStartContainers")["message"] == "pod sandbox is not ready"


async def test_a_crash_loop_backs_off_from_ten_seconds_to_five_minutes(node: Node) -> None:
    """The first restart is at once, then 10, 20, 40 … s (with the mean of upstream's jitter), 300 at most."""
    await node.run(shell("exit 1"), seconds=0)
    starts: list[float] = []
    known = 0
    for _ in range(3600):
        await node.clock.advance(1)
        count = node.container_status()["restartCount"] if node.status().get("containerStatuses") else 0
        if count > known:
            known = count
            starts.append(node.clock.now())
    gaps = [round(later - earlier) for earlier, later in itertools.pairwise(starts)]
    for gap, nominal in zip(gaps, (10, 20, 40, 80, 160, 300, 300), strict=False):
        assert nominal <= gap <= nominal * 1.25 + 65, gaps
    assert node.events("BackOff")[0]["message"].startswith(
        "Back-off restarting failed container main in pod p_default("
    )
    assert "CrashLoopBackOff" in str(node.container_status()["state"])


async def test_a_container_that_ran_long_enough_starts_anew_without_back_off(node: Node) -> None:
    """Ten minutes after the last failure the back-off is forgotten."""
    await node.run(shell("[ -e /work/again ] && sleep 700; touch /work/again; exit 1",
                         volumeMounts=[{"name": "work", "mountPath": "/work"}]),
                   volumes=[{"name": "work", "emptyDir": {}}], seconds=650)  # fmt: skip
    assert node.container_status()["restartCount"] == 1
    await node.clock.advance(60)
    assert node.container_status()["restartCount"] == 2
    assert not node.events("BackOff")


async def test_on_failure_restarts_failures_only(node: Node) -> None:
    await node.run(shell("exit 0"), shell("exit 1", "bad"), restartPolicy="OnFailure", seconds=8)
    assert node.container_status("main")["restartCount"] == 0
    assert node.container_status("bad")["restartCount"] == 1
    assert node.status()["phase"] == "Running"


async def test_a_rule_restarts_a_container_of_a_pod_that_never_restarts(node: Node) -> None:
    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
    await node.run(
        shell("exit 42", restartPolicy="Never", restartPolicyRules=rules), shell("sleep 600", "other"),
        restartPolicy="Never", seconds=5,
    )  # fmt: skip
    assert node.container_status()["restartCount"] >= 1


async def test_deletion_gives_the_grace_period_then_kills(node: Node) -> None:
    await node.run(shell("trap '' TERM; while true; do sleep 1; done"))
    node.client.delete("pods", "p", "default")
    await node.clock.advance(4)
    assert "running" in node.container_status()["state"]
    assert node.messages("Killing") == ["Stopping container main"]
    await node.clock.advance(1.5)
    assert node.container_status()["state"]["terminated"]["exitCode"] == 137
    assert node.status()["phase"] == "Failed"
    await node.clock.advance(2)
    assert node.gone()


async def test_a_container_that_handles_sigterm_ends_at_once(node: Node) -> None:
    await node.run(shell("trap 'exit 0' TERM; while true; do sleep 1; done"))
    node.client.delete("pods", "p", "default")
    await node.clock.advance(1.05)
    assert node.status()["phase"] == "Succeeded"
    await node.clock.advance(2)
    assert node.gone()


async def test_the_pre_stop_hook_counts_as_grace(node: Node) -> None:
    hook = {"preStop": {"exec": {"command": ["sleep", "4"]}}}
    await node.run(shell("trap '' TERM; while true; do sleep 1; done", lifecycle=hook))
    node.client.delete("pods", "p", "default")
    await node.clock.advance(5.5)
    assert "running" in node.container_status()["state"]  # 4 s of hook leave 1 s, and two are always given
    await node.clock.advance(1)
    assert node.container_status()["state"]["terminated"]["exitCode"] == 137


async def test_a_failing_post_start_hook_kills_the_container(node: Node) -> None:
    hook = {"postStart": {"exec": {"command": ["sh", "-c", "exit 7"]}}}
    await node.run(shell("trap 'exit 0' TERM; while true; do sleep 1; done", lifecycle=hook), seconds=2)
    assert node.messages("FailedPostStartHook") == ["PostStartHook failed"]
    assert "FailedPostStartHook" in node.messages("Killing")


async def test_force_deletion_removes_the_object_at_once_and_the_container_soon(node: Node) -> None:
    await node.run(shell("sleep 600"))
    container = node.container()
    node.client.delete("pods", "p", "default", grace=0)
    assert node.gone()
    await node.clock.advance(4)
    assert container.exited
    assert not node.kubelet.workers


async def test_init_containers_run_in_order_before_the_main_ones(node: Node) -> None:
    inits = [shell("sleep 2", "one"), shell("sleep 1", "two")]
    await node.run(shell("sleep 600"), initContainers=inits, seconds=2)
    assert "running" in node.container_status("one")["state"]
    assert node.container_status("main")["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert node.condition("Initialized")["message"] == "containers with incomplete status: [one two]"
    await node.clock.advance(6)
    assert node.status()["phase"] == "Running"
    assert node.container_status("two")["state"]["terminated"]["reason"] == "Completed"


async def test_a_failed_init_container_ends_a_pod_that_never_restarts(node: Node) -> None:
    await node.run(shell("sleep 600"), initContainers=[shell("exit 1", "one")], restartPolicy="Never", seconds=6)
    assert node.status()["phase"] == "Failed"
    assert node.container_status("main")["state"] == {"waiting": {"reason": "PodInitializing"}}


async def test_a_sidecar_starts_first_and_ends_last(node: Node) -> None:
    side = shell("trap 'exit 0' TERM; while true; do sleep 1; done", "side", restartPolicy="Always")
    await node.run(shell("sleep 4"), initContainers=[side], restartPolicy="Never", seconds=3)
    assert node.condition("Initialized")["status"] == "True"
    assert node.container_status("side")["ready"]
    await node.clock.advance(6)
    assert node.status()["phase"] == "Succeeded"
    assert node.messages("Killing") == ["Stopping container side"]


async def test_an_active_deadline_ends_the_pod(node: Node) -> None:
    await node.run(shell("sleep 600"), activeDeadlineSeconds=5, seconds=15)
    status = node.status()
    assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")
    assert status["message"] == "Pod was active on the node longer than the specified deadline"


async def test_a_termination_message_is_read_from_its_file_or_the_log(node: Node) -> None:
    await node.run(
        shell("echo bye > /dev/termination-log; exit 1"),
        shell("echo last words; exit 1", "other", terminationMessagePolicy="FallbackToLogsOnError"),
        restartPolicy="Never",
    )
    assert node.container_status("main")["state"]["terminated"]["message"] == "bye\n"
    assert node.container_status("other")["state"]["terminated"]["message"] == "last words\n"


async def test_a_command_that_is_missing_is_a_start_error(node: Node) -> None:
    await node.run({"name": "main", "image": "busybox:1.36", "command": ["nope"]}, seconds=2)
    status = node.container_status()
    assert status["state"]["waiting"]["reason"] == "RunContainerError"
    ended = status["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"], ended["startedAt"]) == ("StartError", 128, "1970-01-01T00:00:00Z")
    assert ended["message"].endswith('exec: "nope": executable file not found in $PATH')


async def test_a_pod_that_asks_for_too_much_is_refused(node: Node) -> None:
    await node.run(shell("sleep 600", resources={"requests": {"cpu": "100"}}))
    status = node.status()
    assert (status["phase"], status["reason"]) == ("Failed", "OutOfcpu")
    why = "Node didn't have enough resource: cpu, requested: 100000, used: 0, capacity: 4000"
    assert status["message"] == f"Pod was rejected: {why}"
    assert node.messages("OutOfcpu") == [why]


async def test_of_a_refused_pod_that_is_deleted_at_once_nothing_is_kept(node: Node) -> None:
    pod = await node.run(shell("sleep 600", resources={"requests": {"cpu": "1000"}}), seconds=0)
    node.client.delete("pods", "p", NAMESPACE, grace=0)
    await node.clock.advance(1)
    assert node.kubelet.statuses.get(pod["metadata"]["uid"]) is None


async def test_a_replica_set_whose_pods_are_refused_does_not_stop_time(node: Node) -> None:
    spec = {"nodeName": node.name, "containers": [shell("sleep 600", resources={"requests": {"cpu": "100"}})]}
    template = {"metadata": {"labels": {"app": "rs"}}, "spec": spec}
    body = {"replicas": 1, "selector": {"matchLabels": {"app": "rs"}}, "template": template}
    node.create(
        "replicasets.apps", {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "rs"}, "spec": body}
    )
    await node.clock.advance(1)
    assert 5 < len(node.client.list("pods", NAMESPACE)) < 50


async def test_a_pod_whose_selector_does_not_fit_is_refused(node: Node) -> None:
    await node.run(shell("sleep 600"), nodeSelector={"disk": "ssd"})
    assert node.status()["reason"] == "NodeAffinity"


async def test_a_critical_pod_preempts_the_lowest_quality(node: Node) -> None:
    cpu = {"requests": {"cpu": "3"}}
    await node.run(shell("trap 'exit 0' TERM; while true; do sleep 1; done", resources=cpu), name="low")
    await node.run(shell("sleep 600", resources=cpu), name="high", priorityClassName="system-node-critical")
    await node.clock.advance(5)
    assert node.status("low")["reason"] == "Preempting"
    assert any(one["type"] == "DisruptionTarget" for one in node.status("low")["conditions"])
    assert node.status("high")["phase"] == "Running"


async def test_run_as_non_root_is_verified(node: Node) -> None:
    await node.run(shell("id", securityContext={"runAsNonRoot": True}), seconds=2)
    waiting = node.container_status()["state"]["waiting"]
    assert waiting["reason"] == "CreateContainerConfigError"
    assert waiting["message"].startswith("container has runAsNonRoot and image will run as root (pod: ")


def test_an_observation_equals_another_of_the_same_state() -> None:
    assert Observed(None, {}) == Observed(None, {})
    assert Observed(None, {}).latest("x") is None


async def test_a_rule_restarts_all_containers_in_place(node: Node) -> None:
    rule = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [88]}}
    asking = shell("sleep 3; exit 88", restartPolicy="Never", restartPolicyRules=[rule])
    other = shell("sleep 600") | {"name": "other"}
    once = shell("true") | {"name": "once"}
    await node.run(asking, other, restartPolicy="Never", initContainers=[once], seconds=5)
    address = node.status()["podIP"]
    assert _restarting(node) == ("False", None)
    await node.clock.advance(0.5)
    assert _restarting(node) == ("True", "RestartAllContainersStarted")
    await node.clock.advance(1.7)
    waiting = [one["state"].get("waiting", {}).get("reason") for one in node.status()["containerStatuses"]]
    assert waiting == ["PodInitializing", "PodInitializing"]
    await node.clock.advance(2)
    status = node.status()
    assert (status["phase"], status["podIP"], _restarting(node)) == ("Running", address, ("False", None))
    for one in status["containerStatuses"] + status["initContainerStatuses"]:
        assert one["restartCount"] == 1
        assert one["lastState"]["terminated"]["reason"] == "RestartingAllContainers"
    await node.clock.advance(7)
    assert {one["restartCount"] for one in node.status()["containerStatuses"]} == {2}


def _restarting(node: Node) -> tuple[str, str | None]:
    found = node.condition("AllContainersRestarting")
    return found["status"], found.get("reason")


async def test_a_pre_stop_hook_reaches_another_pod(node: Node) -> None:
    image = "registry.k8s.io/e2e-test-images/agnhost:2.66.1"
    await node.run({"name": "main", "image": image, "args": ["nettest"]}, name="server", seconds=10)
    url = f"http://{node.status('server')['podIP']}:8080"
    said = {"exec": {"command": ["wget", "-O-", '--post-data={"Source": "prestop"}', f"{url}/write"]}}
    await node.run(shell("sleep 600", lifecycle={"preStop": said}))
    node.client.delete("pods", "p", "default")
    await node.clock.advance(10)
    assert '"prestop": 1' in await node.exec("wget", "-qO-", f"{url}/read", pod="server")
