"""The node itself: registration, heartbeats, pressure, power, snapshots, static pods, resize."""

from collections.abc import Callable
from typing import Any

from k8s_tutor.apimachinery.times import parse_time
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.kubelet import Capacity, Kubelet, restore_nodes, snapshot_nodes
from k8s_tutor.sim.kubelet.capture import Capture
from k8s_tutor.sim.shape import NodeShape
from tests.kubelet.conftest import Node, shell

LEASES = "leases.coordination.k8s.io"


def node_object(node: Node) -> Json:
    found = node.client.get("nodes", node.name)
    assert found is not None
    return found


def resize(node: Node, resources: Json) -> None:
    """Change the container's resources as the API's resize subresource stores it."""
    pod = clone(node.pod())
    pod["spec"]["containers"][0]["resources"] = resources
    pod["metadata"]["generation"] += 1
    node.cluster.store.put("pods", ("default", "p"), pod)


async def test_a_node_registers_as_a_real_one(node: Node) -> None:
    made = node_object(node)
    assert made["metadata"]["labels"]["kubernetes.io/hostname"] == "node1"
    status = made["status"]
    assert status["capacity"]["cpu"] == "4"
    assert status["capacity"]["pods"] == "110"
    assert status["nodeInfo"]["kubeletVersion"] == "v1.37.2"
    assert status["nodeInfo"]["containerRuntimeVersion"] == "containerd://2.4.2"
    ready = next(one for one in status["conditions"] if one["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("True", "KubeletReady")
    assert status["daemonEndpoints"] == {"kubeletEndpoint": {"Port": 10250}}
    reasons = [
        one["reason"] for one in node.client.list("events", "default") if one["involvedObject"]["kind"] == "Node"
    ]
    assert {"Starting", "NodeAllocatableEnforced", "NodeReady"} <= set(reasons)


async def test_the_lease_is_renewed_until_the_kubelet_stops(node: Node) -> None:
    await node.clock.advance(100)
    lease = node.client.get(LEASES, "node1", "kube-node-lease")
    assert lease is not None
    assert node.clock.now() - parse_time(lease["spec"]["renewTime"]) <= 30
    node.cluster.components.stop("kubelet/node1")
    await node.clock.advance(100)
    lease = node.client.get(LEASES, "node1", "kube-node-lease")
    assert lease is not None
    assert node.clock.now() - parse_time(lease["spec"]["renewTime"]) >= 100


async def test_containers_run_on_without_a_kubelet_and_are_found_again(node: Node) -> None:
    await node.run(shell("while true; do date +%s; sleep 10; done"))
    container = node.container()
    node.cluster.components.stop("kubelet/node1")
    await node.clock.advance(30)
    assert container.running
    node.cluster.components.start("kubelet/node1")
    await node.clock.advance(5)
    assert node.container() is container
    assert node.container_status()["restartCount"] == 0
    assert (await node.log()).count("\n") >= 4


async def test_a_node_that_was_off_restarts_its_containers_in_new_sandboxes(node: Node) -> None:
    await node.run(shell("sleep 600"))
    first = node.status()["podIP"]
    node.kubelet.power_off()
    node.cluster.components.stop("kubelet/node1")
    await node.clock.advance(20)
    node.cluster.components.start("kubelet/node1")
    await node.clock.advance(5)
    assert node.messages("SandboxChanged") == ["Pod sandbox changed, it will be killed and re-created."]
    status = node.container_status()
    assert status["restartCount"] == 1
    assert (status["lastState"]["terminated"]["exitCode"], status["lastState"]["terminated"]["reason"]) == (
        255,
        "Unknown",
    )
    assert node.status()["podIP"] != first


async def test_a_node_that_was_deleted_comes_back_with_its_kubelet(node: Node) -> None:
    node.client.delete("nodes", "node1")
    await node.clock.advance(400)
    assert node.client.get("nodes", "node1") is None
    node.cluster.components.stop("kubelet/node1")
    node.cluster.components.start("kubelet/node1")
    await node.clock.advance(1)
    assert node.client.get("nodes", "node1") is not None


async def test_a_graceful_shutdown_ends_pods_and_refuses_new_ones(node: Node) -> None:
    await node.run(shell("trap '' TERM; while true; do sleep 1; done"))
    kubelet = node.kubelet
    task = node.clock.spawn(kubelet.shut_down(20, 5))
    await node.clock.advance(1)
    await node.run(shell("sleep 1"), name="late", seconds=0.1)
    assert node.status("late")["reason"] == "NodeShutdown"
    await node.clock.advance(25)
    assert task.done()
    status = node.status()
    assert (status["phase"], status["reason"]) == ("Failed", "Terminated")
    assert status["message"] == "Pod was terminated in response to imminent node shutdown."
    ready = next(one for one in node_object(node)["status"]["conditions"] if one["type"] == "Ready")
    assert ready["message"] == "node is shutting down"


async def test_a_snapshot_brings_files_logs_and_counts_back(node: Node) -> None:
    volume = {"name": "v", "emptyDir": {}}
    mount = [{"name": "v", "mountPath": "/v"}]
    script = "[ -e /v/n ] || { echo first; touch /v/n; exit 1; }; echo up; sleep 600"
    await node.run(shell(script, volumeMounts=mount), volumes=[volume], seconds=5)
    await node.exec("sh", "-c", "echo mine > /root.txt; echo kept > /v/file")
    saved = snapshot_nodes(node.cluster.store)
    before = node.status()
    await node.exec("rm", "/root.txt", "/v/file")
    node.cluster.components.stop("kubelet/node1")
    restore_nodes(node.cluster.store, saved)
    node.cluster.components.start("kubelet/node1")
    await node.clock.advance(3)
    assert await node.exec("cat", "/root.txt", "/v/file") == "mine\nkept\n"
    assert node.container_status()["restartCount"] == 1
    assert node.status()["podIP"] == before["podIP"]
    assert await node.log() == "up\nup\n"  # the log so far, and the command started anew
    assert await node.log(previous=True) == "first\n"


async def test_memory_pressure_evicts_the_greedy_pod_first(node: Node) -> None:
    small = Kubelet(node.cluster, NodeShape("small"), Capacity(memory="150Mi"))
    small.start()
    node.name = "small"
    await node.run(shell("sleep 600"), name="small")
    volume = {"name": "m", "emptyDir": {"medium": "Memory"}}
    mounts = [{"name": "m", "mountPath": "/m"}]
    hog = "head -c 60000000 /dev/zero > /m/x; sleep 600"
    await node.run(shell(hog, volumeMounts=mounts), volumes=[volume], name="hog", seconds=25)
    status = node.status("hog")
    assert status["reason"] == "Evicted"
    assert status["message"].startswith("The node was low on resource: memory. Threshold quantity: 100Mi, available: ")
    assert "Container main was using " in status["message"]
    assert any(one["type"] == "DisruptionTarget" for one in status["conditions"])
    assert node.status("small")["phase"] == "Running"
    pressure = next(one for one in node_object(node)["status"]["conditions"] if one["type"] == "MemoryPressure")
    assert (pressure["status"], pressure["reason"]) == ("True", "KubeletHasInsufficientMemory")
    await node.run(shell("sleep 600"), name="late")
    assert node.status("late")["message"] == "Pod was rejected: The node had condition: [MemoryPressure]. "
    requests = {"requests": {"memory": "1Mi"}}
    await node.run(shell("sleep 600", resources=requests), name="modest")
    assert node.status("modest")["phase"] == "Running"
    await node.clock.advance(400)
    pressure = next(one for one in node_object(node)["status"]["conditions"] if one["type"] == "MemoryPressure")
    assert pressure["status"] == "False"
    small.stop()


async def test_a_resize_changes_the_limits_of_the_running_container(node: Node) -> None:
    await node.run(shell("sleep 600", resources={"requests": {"cpu": "100m"}, "limits": {"cpu": "200m"}}))
    container = node.container()

    resize(node, {"requests": {"cpu": "300m"}, "limits": {"cpu": "400m"}})
    await node.clock.advance(3)
    assert container.running
    assert container.cgroup.limits.cpu == 400
    status = node.container_status()
    assert status["resources"]["limits"] == {"cpu": "400m"}
    assert status["allocatedResources"] == {"cpu": "300m"}
    assert node.messages("ResizeStarted")[0].startswith('Pod resize started: {"containers":[{"name":"main"')
    assert node.messages("ResizeCompleted")
    assert not [one for one in node.status()["conditions"] if one["type"].startswith("PodResize")]


async def test_a_resize_beyond_the_node_is_infeasible(node: Node) -> None:
    await node.run(shell("sleep 600", resources={"requests": {"cpu": "100m"}}))
    resize(node, {"requests": {"cpu": "100"}})
    await node.clock.advance(3)
    pending = node.condition("PodResizePending")
    assert pending["reason"] == "Infeasible"
    assert pending["message"] == "Node didn't have enough capacity: cpu, requested: 100000, capacity: 4000"
    assert node.container_status()["allocatedResources"] == {"cpu": "100m"}


async def test_the_control_plane_shows_its_static_pods(cluster: Callable[..., Any]) -> None:
    made = await cluster(nodes=1, bare=False)
    await made.clock.advance(5)
    client = made.client("admin", "kubectl")
    name = "kube-scheduler-control-plane"
    mirror = client.get("pods", name, "kube-system")
    assert mirror is not None
    assert mirror["status"]["phase"] == "Running"
    assert mirror["metadata"]["annotations"]["kubernetes.io/config.source"] == "file"
    assert mirror["metadata"]["ownerReferences"][0]["kind"] == "Node"
    made.log("kube-scheduler", "attempting to acquire leader lease")
    output = Capture()
    kubelet = made.components.parts("kubelet/control-plane")[0]
    await kubelet.logs("kube-system", name, "kube-scheduler", out=output)
    assert output.text.endswith("1 kube-scheduler] attempting to acquire leader lease\n")
    client.delete("pods", name, "kube-system", grace=0)
    await made.clock.advance(3)
    again = client.get("pods", name, "kube-system")
    assert again is not None
    assert again["metadata"]["uid"] != mirror["metadata"]["uid"]
    assert again["status"]["phase"] == "Running"
    made.components.parts("kubelet/control-plane")[0].static.remove("kube-scheduler")
    await made.clock.advance(5)
    assert client.get("pods", name, "kube-system") is None


async def test_containers_and_the_node_tell_one_kernel(node: Node) -> None:
    await node.run(shell("uname -r; sysctl -n kernel.osrelease; sleep 600"))
    found = node.client.get("nodes", node.name)
    assert found is not None
    assert await node.log() == f"{found['status']['nodeInfo']['kernelVersion']}\n" * 2


async def test_extended_resources_of_others_stay_and_become_allocatable(node: Node) -> None:
    def advertise(obj: Json) -> None:
        obj["status"]["capacity"]["example.com/dongle"] = "4"

    node.client.change("nodes", "", node.name, advertise, "status")
    await node.clock.advance(20)
    status = node_object(node)["status"]
    assert (status["capacity"]["example.com/dongle"], status["allocatable"]["example.com/dongle"]) == ("4", "4")
    await node.clock.advance(600)
    status = node_object(node)["status"]
    assert status["allocatable"]["example.com/dongle"] == "4"
