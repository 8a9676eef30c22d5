"""kr8s, in both of its forms."""

import httpx
import kr8s
import kr8s.asyncio
import kr8s.asyncio.objects as aobjects
import pytest
from kr8s.objects import ConfigMap, Deployment, Pod

from tests.clients.conftest import Practice, until

# kr8s warns of every server newer than itself.
pytestmark = pytest.mark.filterwarnings("ignore:Kubernetes version:UserWarning")


def box(name: str, namespace: str, image: str, *command: str) -> dict[str, object]:
    container = {"name": "main", "image": image} | ({"command": list(command)} if command else {})
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 1}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@pytest.fixture
def api(practice: Practice, namespace: str) -> kr8s.Api:
    return kr8s.api(kubeconfig=str(practice.kubeconfig), namespace=namespace)


@pytest.fixture
async def async_api(practice: Practice, namespace: str) -> kr8s.asyncio.Api:
    return await kr8s.asyncio.api(kubeconfig=str(practice.kubeconfig), namespace=namespace)


def test_a_pod_is_made_waited_for_read_and_deleted(api: kr8s.Api, namespace: str) -> None:
    pod = Pod(box("box", namespace, "busybox:1.36", "sh", "-c", "echo hello; sleep 1000"), api=api)
    pod.create()
    pod.wait("condition=Ready", timeout=20)
    assert pod.ready()
    assert list(pod.logs()) == ["hello"]
    done = pod.exec(["sh", "-c", "echo out; echo err >&2"])
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 0)
    pod.label(tier="front")
    assert [one.name for one in api.get("pods", label_selector={"tier": "front"})] == ["box"]
    pod.delete()
    pod.wait("delete", timeout=20)
    assert not pod.exists()


def test_ports_are_forwarded(api: kr8s.Api, namespace: str) -> None:
    pod = Pod(box("web", namespace, "nginx:1.27"), api=api)
    pod.create()
    pod.wait("condition=Ready", timeout=20)
    with pod.portforward(remote_port=80, local_port="auto") as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/", timeout=10)
    assert (answer.status_code, "Welcome to nginx!" in answer.text) == (200, True)


def test_a_deployment_scales(api: kr8s.Api, namespace: str) -> None:
    template = {"metadata": {"labels": {"app": "d"}}, "spec": box("d", namespace, "nginx:1.27")["spec"]}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "d"}}, "template": template}
    deployment = Deployment({"metadata": {"name": "d", "namespace": namespace}, "spec": spec}, api=api)
    deployment.create()
    deployment.wait("condition=Available", timeout=20)
    deployment.scale(3)
    assert deployment.replicas == 3
    until(lambda: len(deployment.pods()) == 3)
    assert {pod.labels["app"] for pod in deployment.pods()} == {"d"}


async def test_a_watch_and_patches_in_async(async_api: kr8s.asyncio.Api, namespace: str) -> None:
    note = await aobjects.ConfigMap(
        {"metadata": {"name": "note", "namespace": namespace}, "data": {"a": "1"}}, api=async_api
    )
    await note.create()
    await note.patch({"data": {"b": "2"}})
    await note.patch([{"op": "remove", "path": "/data/a"}], type="json")
    assert note.data == {"b": "2"}
    seen = []
    async for event, one in async_api.watch("configmaps", namespace=namespace):
        seen.append((event, one.name))
        if one.name == "note":
            break
    assert seen[-1] == ("ADDED", "note")
    await note.delete()
    assert not await note.exists()


async def test_a_pod_s_life_in_async(async_api: kr8s.asyncio.Api, namespace: str) -> None:
    pod = await aobjects.Pod(box("abox", namespace, "busybox:1.36", "sh", "-c", "echo hi; sleep 1000"), api=async_api)
    await pod.create()
    await pod.wait("condition=Ready", timeout=20)
    assert [line async for line in pod.logs()] == ["hi"]
    assert (await pod.exec(["echo", "x"])).stdout == b"x\n"
    assert [one.name async for one in async_api.get("pods", field_selector="status.phase=Running")] == ["abox"]


def test_what_is_not_there_says_so(api: kr8s.Api, namespace: str) -> None:
    with pytest.raises(kr8s.NotFoundError):
        ConfigMap.get("nope", namespace=namespace, api=api)
    assert {"pods", "deployments"} <= {one["name"] for one in api.api_resources()}
    assert api.version()["gitVersion"].startswith("v1.37")
