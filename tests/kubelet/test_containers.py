"""What a container is given: environment, names, identity; and images: policy, failures, back-off."""

import base64
import re

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.machinery.status import ApiError
from tests.kubelet.conftest import Node, shell


async def test_variables_are_expanded_in_order(node: Node) -> None:
    env = [
        {"name": "A", "value": "one"},
        {"name": "B", "value": "$(A)-two"},
        {"name": "C", "value": "$(D) $$(A)"},
        {"name": "D", "value": "later"},
    ]
    await node.run({"name": "main", "image": "busybox:1.36", "env": env, "command": ["sh", "-c"],
                    "args": ["echo $(B); echo '$(NONE)'; env; sleep 600"]})  # fmt: skip
    lines = (await node.log()).splitlines()
    assert lines[:2] == ["one-two", "$(NONE)"]
    assert "C=$(D) $(A)" in lines


async def test_variables_come_from_all_sources(node: Node) -> None:
    node.create(
        "configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "v", "x": "y"}}
    )
    secret = base64.b64encode(b"hidden").decode()
    node.create("secrets", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"p": secret}})
    env = [
        {"name": "K", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
        {"name": "P", "valueFrom": {"secretKeyRef": {"name": "s", "key": "p"}}},
        {"name": "NO", "valueFrom": {"secretKeyRef": {"name": "s", "key": "none", "optional": True}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
    ]
    await node.run(shell("env; sleep 600", env=env, envFrom=[{"prefix": "C_", "configMapRef": {"name": "c"}}]))
    found = dict(line.split("=", 1) for line in (await node.log()).splitlines())
    assert (found["K"], found["P"], found["C_k"], found["C_x"]) == ("v", "hidden", "v", "y")
    assert "NO" not in found
    assert found["IP"] == node.status()["podIP"]
    assert (found["NODE"], found["CPU"]) == ("node1", "4")  # no limit: the node's own
    assert found["KUBERNETES_SERVICE_HOST"] == "10.96.0.1"
    assert found["KUBERNETES_PORT_443_TCP_ADDR"] == "10.96.0.1"


@pytest.mark.parametrize(("source", "message"), [
    ({"configMapKeyRef": {"name": "none", "key": "k"}}, 'configmap "none" not found'),
    ({"secretKeyRef": {"name": "none", "key": "k"}}, 'secret "none" not found'),
    ({"configMapKeyRef": {"name": "kube-root-ca.crt", "key": "z"}},
     "couldn't find key z in ConfigMap default/kube-root-ca.crt"),
])  # fmt: skip
async def test_a_missing_source_holds_the_container(node: Node, source: Json, message: str) -> None:
    await node.run(shell("env", env=[{"name": "K", "valueFrom": source}]))
    waiting = node.container_status()["state"]["waiting"]
    assert waiting == {"reason": "CreateContainerConfigError", "message": message}
    assert node.messages("Failed") == [f"Error: {message}"]


async def test_service_links_can_be_left_out(node: Node) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "my-db"}, "spec": {"ports": [{"port": 80}]}}
    made = node.create("services", service)
    await node.run(shell("env; sleep 600"))
    assert f"MY_DB_SERVICE_HOST={made['spec']['clusterIP']}" in await node.log()
    await node.run(shell("env; sleep 600"), name="q", enableServiceLinks=False)
    assert "MY_DB" not in await node.log(pod="q")


async def test_names_and_resolver(node: Node) -> None:
    await node.run(shell("hostname; cat /etc/hosts /etc/resolv.conf; sleep 600"),
                   hostname="h", subdomain="sub", hostAliases=[{"ip": "1.2.3.4", "hostnames": ["x", "y"]}])  # fmt: skip
    text = await node.log()
    assert text.startswith("h\n")
    assert f"{node.status()['podIP']}\th.sub.default.svc.cluster.local\th\n" in text
    assert "1.2.3.4\tx\ty\n" in text
    assert "search default.svc.cluster.local svc.cluster.local cluster.local\n" in text
    assert "nameserver 10.96.0.10\n" in text
    assert "options ndots:5\n" in text


async def test_security_context_reaches_the_process(node: Node) -> None:
    await node.run(shell("id; sleep 600"), securityContext={"runAsUser": 1000, "runAsGroup": 3000, "fsGroup": 2000})
    assert (await node.log()).startswith("uid=1000 gid=3000")
    assert node.container_status()["user"]["linux"] == {"uid": 1000, "gid": 3000, "supplementalGroups": [3000, 2000]}


async def test_an_image_that_is_not_there_is_pulled_once(node: Node) -> None:
    await node.run({"name": "main", "image": "busybox:1.35", "command": ["sleep", "600"]}, seconds=8)
    pulling, pulled = node.messages("Pulling"), node.messages("Pulled")
    assert pulling == ['Pulling image "busybox:1.35"']
    assert pulled[0].startswith('Successfully pulled image "busybox:1.35" in ')
    assert "including waiting). Image size: 2200000 bytes." in pulled[0]
    names = [name for image in node.client.get("nodes", "node1")["status"]["images"] for name in image["names"]]  # type: ignore[index]
    assert "docker.io/library/busybox:1.35" not in names
    await node.clock.advance(12)
    names = [name for image in node.client.get("nodes", "node1")["status"]["images"] for name in image["names"]]  # type: ignore[index]
    assert "docker.io/library/busybox:1.35" in names


async def test_a_second_pod_that_waits_for_the_same_image_does_not_pull_it_again(node: Node) -> None:
    for name in ("p", "q"):
        await node.run({"name": "main", "image": "nginx:1.25"}, name=name, seconds=0)
    await node.clock.advance(8)
    first, second = node.messages("Pulled")
    alone, asked = (re.findall(r"in (\S+) \((\S+) including waiting\)", text)[0] for text in (first, second))
    assert alone[0] == alone[1]
    assert asked[0] == "800ms"
    assert asked[1] != "800ms"


async def test_an_unknown_image_backs_off_and_says_how_to_add_it(node: Node) -> None:
    await node.run({"name": "main", "image": "example.com/none:1"}, seconds=3)
    waiting = node.container_status()["state"]["waiting"]
    assert waiting["reason"] == "ErrImagePull"
    assert "add a profile" in waiting["message"]
    await node.clock.advance(14)
    assert node.container_status()["state"]["waiting"]["reason"] == "ImagePullBackOff"
    assert node.messages("BackOff") == ['Back-off pulling image "example.com/none:1"']
    assert set(node.messages("Failed")) >= {"Error: ErrImagePull", "Error: ImagePullBackOff"}


async def test_a_reference_that_is_none_is_an_invalid_name(node: Node) -> None:
    await node.run({"name": "main", "image": "Not An Image"}, seconds=2)
    assert node.container_status()["state"]["waiting"]["reason"] == "InvalidImageName"
    assert node.messages("InspectFailed")[0].startswith('Failed to apply default image tag "Not An Image": ')


async def test_logs_of_the_instance_before_and_of_one_that_waits(node: Node) -> None:
    await node.run(shell("echo run; exit 1"), seconds=4)
    assert await node.log() == "run\n"
    assert await node.log(previous=True) == "run\n"
    await node.run({"name": "main", "image": "busybox:0", "imagePullPolicy": "Never"}, name="q")
    with pytest.raises(ApiError, match='container "main" in pod "q" is waiting to start: ErrImageNeverPull'):
        await node.log(pod="q")
    with pytest.raises(ApiError, match='previous terminated container "main" in pod "q" not found'):
        await node.log(pod="q", previous=True)


async def test_usage_counts_running_containers(node: Node) -> None:
    await node.run(shell("sleep 600"))
    usage = node.kubelet.usage()["default", "p"]["main"]
    assert usage.memory_bytes > 0
    assert node.kubelet.node_usage().memory_bytes > usage.memory_bytes


async def test_a_container_over_its_memory_is_killed(node: Node) -> None:
    await node.run(shell("tail /dev/zero", resources={"limits": {"memory": "20Mi"}}), restartPolicy="Never")
    ended = node.container_status()["state"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)


@pytest.mark.parametrize(("image", "fault"), [
    ("Busybox:1", "invalid reference format: repository name (library/Busybox) must be lowercase"),
    ("docker.io/Acme/x", "invalid reference format: repository name (Acme/x) must be lowercase"),
    ("busybox:a b", "invalid reference format"),
])  # fmt: skip
async def test_what_is_wrong_with_a_reference(node: Node, image: str, fault: str) -> None:
    await node.run({"name": "main", "image": image})
    assert node.messages("InspectFailed")[0] == (
        f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": {fault}'
    )


@pytest.mark.parametrize(("cpu", "weight"), [(None, "1"), ("100m", "17"), ("1", "100"), ("4", "303")])
async def test_a_request_of_cpu_is_a_weight(node: Node, cpu: str | None, weight: str) -> None:
    resources = {"requests": {"cpu": cpu}} if cpu else {}
    await node.run(shell("cat /sys/fs/cgroup/cpu.weight; sleep 600", resources=resources))
    assert await node.log() == f"{weight}\n"


async def test_a_forwarded_port_reaches_who_listens_on_localhost_only(node: Node) -> None:
    tester = {
        "name": "main",
        "image": "registry.k8s.io/e2e-test-images/agnhost:2.66.1",
        "args": ["port-forward-tester"],
        "env": [{"name": "BIND_PORT", "value": "80"}, {"name": "EXPECTED_CLIENT_DATA", "value": "abc"}],
    }
    await node.run(tester, restartPolicy="Never", seconds=10)
    assert node.status()["phase"] == "Running"
    stream = await node.kubelet.dial("default", "p", 80)
    stream.close_write()
    await node.clock.advance(2)
    assert node.container_status()["state"]["terminated"]["exitCode"] == 2
    assert "Expected to read 3 bytes from client, but got 0 instead" in await node.log()


async def test_files_of_the_cgroup_follow_a_resize(node: Node) -> None:
    small = {"cpu": "100m", "memory": "50Mi"}
    await node.run(shell("sleep 600", resources={"limits": small}))
    assert await node.exec("cat", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cpu.max") == "52428800\n10000 100000\n"
    larger = {"cpu": "5m", "memory": "60Mi"}

    def change(pod: Json) -> None:
        pod["spec"]["containers"][0]["resources"] = {"limits": larger, "requests": larger}

    node.client.change("pods", "default", "p", change, "resize")
    await node.clock.advance(3)
    assert node.container_status()["resources"]["limits"] == larger
    assert await node.exec("cat", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cpu.max") == "62914560\n1000 100000\n"
