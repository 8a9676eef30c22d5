"""What a security context makes of a process: capabilities, seccomp, set-user-ID bits, groups of the image."""

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from tests.kubelet.conftest import Node, shell

NNP = "registry.k8s.io/e2e-test-images/nonewprivs:1.4"


async def _status(node: Node, context: Json, pod: Json | None = None) -> dict[str, str]:
    await node.run(shell("cat /proc/self/status; sleep 600", securityContext=context), securityContext=pod or {})
    pairs = (line.split(":", 1) for line in (await node.log()).splitlines())
    return {name: value.strip() for name, value in pairs}


@pytest.mark.parametrize(("context", "bounding", "effective"), [
    ({}, "00000000a80425fb", "00000000a80425fb"),
    ({"capabilities": {"drop": ["ALL"]}}, "0000000000000000", "0000000000000000"),
    ({"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}, "0000000000000400", "0000000000000400"),
    ({"capabilities": {"add": ["CAP_SYS_TIME"]}}, "00000000aa0425fb", "00000000aa0425fb"),
    ({"privileged": True}, "000001ffffffffff", "000001ffffffffff"),
    ({"runAsUser": 1000}, "00000000a80425fb", "0000000000000000"),
])  # fmt: skip
async def test_capabilities(node: Node, context: Json, bounding: str, effective: str) -> None:
    found = await _status(node, context)
    assert (found["CapBnd"], found["CapEff"]) == (bounding, effective)


@pytest.mark.parametrize(("container", "pod", "mode"), [
    ({}, {}, "0"),
    ({"seccompProfile": {"type": "RuntimeDefault"}}, {}, "2"),
    ({}, {"seccompProfile": {"type": "RuntimeDefault"}}, "2"),
    ({"seccompProfile": {"type": "Unconfined"}}, {"seccompProfile": {"type": "RuntimeDefault"}}, "0"),
    ({"privileged": True}, {"seccompProfile": {"type": "RuntimeDefault"}}, "0"),
])  # fmt: skip
async def test_seccomp(node: Node, container: Json, pod: Json, mode: str) -> None:
    assert (await _status(node, container, pod))["Seccomp"] == mode


@pytest.mark.parametrize(("context", "uid"), [
    ({}, "0"),
    ({"allowPrivilegeEscalation": True}, "0"),
    ({"allowPrivilegeEscalation": False}, "1000"),
])  # fmt: skip
async def test_set_user_id_has_an_effect_unless_privileges_may_not_grow(node: Node, context: Json, uid: str) -> None:
    container = {"name": "main", "image": NNP, "securityContext": {"runAsUser": 1000} | context}
    await node.run(container, seconds=10, restartPolicy="Never")
    assert await node.log() == f"Effective uid: {uid}\n"


@pytest.mark.parametrize(("policy", "groups"), [("Merge", [0, 10, 7]), ("Strict", [0, 7])])
async def test_groups_of_the_image_are_merged(node: Node, policy: str, groups: list[int]) -> None:
    context = {"supplementalGroups": [7], "supplementalGroupsPolicy": policy}
    await node.run(shell("id -G; sleep 600"), securityContext=context)
    assert await node.log() == " ".join(map(str, sorted(groups))) + "\n"
    assert node.container_status()["user"]["linux"]["supplementalGroups"] == groups


@pytest.mark.parametrize(("context", "said"), [
    ({"privileged": True}, "done\n"),
    ({"capabilities": {"add": ["NET_ADMIN"]}}, "done\n"),
    ({}, "ip: RTNETLINK answers: Operation not permitted\n"),
])  # fmt: skip
async def test_the_network_is_changed_only_by_its_administrator(node: Node, context: Json, said: str) -> None:
    await node.run(shell("ip link add dummy0 type dummy && echo done; sleep 600", securityContext=context))
    assert await node.log() == said


async def test_an_image_says_who_belongs_to_its_groups(node: Node) -> None:
    image = "registry.k8s.io/e2e-test-images/agnhost:2.66.1"
    container = {"name": "main", "image": image, "command": ["sh", "-c", "id; sleep 600"]}
    await node.run(container, securityContext={"runAsUser": 1000}, seconds=10)
    said = await node.log()
    assert (
        said
        == "uid=1000(user-defined-in-image) gid=1000(user-defined-in-image) groups=1000(user-defined-in-image),50000(group-defined-in-image)\n"
    )


async def test_unsafe_sysctls_are_refused(node: Node) -> None:
    await node.run(shell("sleep 600"), securityContext={"sysctls": [{"name": "kernel/msgmax", "value": "1"}]})
    message = 'forbidden sysctl: "kernel.msgmax" not allowlisted'
    status = node.status()
    assert (status["phase"], status["reason"]) == ("Failed", "SysctlForbidden")
    assert status["message"] == f"Pod was rejected: {message}"
    assert status["observedGeneration"] == 1
    assert node.messages("SysctlForbidden") == [message]


async def test_safe_sysctls_are_set(node: Node) -> None:
    wanted = [{"name": "net/ipv4/tcp_fin_timeout", "value": "7"}]
    command = "/bin/sysctl net/ipv4/tcp_fin_timeout; cat /proc/sys/net/core/somaxconn; sleep 600"
    await node.run(shell(command), securityContext={"sysctls": wanted})
    assert await node.log() == "net.ipv4.tcp_fin_timeout = 7\n4096\n"


async def test_a_pod_of_another_system_is_told_by_its_label(node: Node) -> None:
    body = {"nodeName": node.name, "containers": [shell("true")]}
    meta = {"name": "p", "labels": {"kubernetes.io/os": "windows"}}
    node.create("pods", {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": body})
    await node.clock.advance(1)
    assert node.status()["reason"] == "PodOSSelectorNodeLabelDoesNotMatch"


async def test_host_files(node: Node) -> None:
    volumes = [{"name": "h", "hostPath": {"path": "/etc/hosts", "type": "FileOrCreate"}}]
    mounts = [{"name": "h", "mountPath": "/etc/hosts-original"}]
    command = "head -1 /etc/hosts /etc/hosts-original; mount -t cgroup2 | wc -l; sleep 600"
    await node.run(shell(command, volumeMounts=mounts), volumes=volumes)
    assert "# Kubernetes-managed hosts file.\n" in await node.log()
    assert "127.0.0.1\tlocalhost\n1\n" in await node.log()


@pytest.mark.parametrize(("resources", "spec", "score"), [
    ({}, {}, 1000),
    ({"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}}, {}, -997),
    ({"requests": {"memory": "2Gi"}}, {}, 750),
    ({"requests": {"memory": "1Mi"}}, {}, 999),
    ({"requests": {"memory": "1Gi"}}, {"resources": {"requests": {"memory": "3Gi"}}}, 625),
])  # fmt: skip
async def test_who_is_killed_first(node: Node, resources: Json, spec: Json, score: int) -> None:
    await node.run(shell("cat /proc/1/oom_score_adj; sleep 600", resources=resources), **spec)
    assert await node.log() == f"{score}\n"
