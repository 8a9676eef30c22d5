"""A cluster with one node, and short ways to run pods on it and to look at them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.kubelet import Kubelet
from k8s_tutor.sim.runtime.container import Container

if TYPE_CHECKING:
    from k8s_tutor.sim.clock import Clock

NAMESPACE = "default"


class Node:
    """One node in virtual time."""

    def __init__(self, cluster: Cluster, name: str = "node1") -> None:
        self.cluster = cluster
        self.clock: Clock = cluster.clock
        self.client = cluster.client("admin", "kubectl")
        self.name = name

    @property
    def kubelet(self) -> Kubelet:
        part = self.cluster.components.parts(f"kubelet/{self.name}")[0]
        assert isinstance(part, Kubelet)
        return part

    def create(self, resource: str, obj: Json) -> Json:
        obj["metadata"].setdefault("namespace", NAMESPACE)
        return self.client.create(resource, obj)

    async def run(self, *containers: Json, name: str = "p", seconds: float = 3, **spec: Any) -> Json:
        """Create a pod on the node and let some time pass."""
        body = {"nodeName": self.name, "containers": list(containers), "terminationGracePeriodSeconds": 5} | spec
        self.create(
            "pods",
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": body},
        )
        await self.clock.advance(seconds)
        return self.pod(name)

    def pod(self, name: str = "p") -> Json:
        found = self.client.get("pods", name, NAMESPACE)
        assert found is not None, f"pod {name} is gone"
        return found

    def status(self, name: str = "p") -> Json:
        status: Json = self.pod(name)["status"]
        return status

    def container_status(self, container: str = "main", name: str = "p") -> Json:
        status = self.status(name)
        for field in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
            for one in status.get(field) or ():
                if one["name"] == container:
                    return one  # type: ignore[no-any-return]
        raise AssertionError(container)

    def gone(self, name: str = "p") -> bool:
        return self.client.get("pods", name, NAMESPACE) is None

    def condition(self, type_: str, name: str = "p") -> Json:
        found: Json = next(one for one in self.status(name)["conditions"] if one["type"] == type_)
        return found

    def events(self, reason: str = "") -> list[Json]:
        """Return the kubelet's events about pods, all or of one reason, in the order in which they were made."""
        found = self.client.list(
            "events",
            NAMESPACE,
            lambda one: one["source"].get("component") == "kubelet" and one["involvedObject"]["kind"] == "Pod",
        )
        found.sort(key=lambda one: one["metadata"]["name"].rpartition(".")[2])
        return [one for one in found if one["reason"] == reason or not reason]

    def messages(self, reason: str) -> list[str]:
        return [one["message"] for one in self.events(reason)]

    def container(self, name: str = "main", pod: str = "p") -> Container:
        found = self.kubelet.container(self.pod(pod)["metadata"]["uid"], name)
        assert found is not None
        return found

    async def exec(self, *command: str, container: str = "main", pod: str = "p") -> str:
        """Run a command in a container; returns what it prints."""
        from k8s_tutor.sim.kubelet.capture import Capture

        output = Capture()
        await self.kubelet.exec(
            NAMESPACE, pod, container, list(command), stdin=None, stdout=output, stderr=output, tty=False, resize=None
        )
        return output.text

    async def log(self, container: str = "main", pod: str = "p", **options: Any) -> str:
        from k8s_tutor.sim.kubelet.capture import Capture

        output = Capture()
        await self.kubelet.logs(NAMESPACE, pod, container, out=output, **options)
        return output.text


def shell(script: str, name: str = "main", **fields: Any) -> Json:
    """Return a busybox container that runs a script."""
    return {"name": name, "image": "busybox:1.36", "command": ["sh", "-c", script]} | fields


@pytest.fixture
async def node(cluster: Callable[..., Any]) -> Node:
    """A bare cluster with one node; controllers run, pods are bound by their nodeName."""
    made = Node(await cluster(nodes=1))
    await made.clock.advance(2)
    return made
