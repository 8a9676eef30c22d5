"""The connection: requests, refusals, watches that end, discovery, and what is imported."""

import asyncio
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from k8s_tutor.client import ApiError, Client, ConnectionFailedError, KubeconfigError, NoMatchError, load_target
from tests.conftest import Server, ServerFactory

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm"}, "data": {"a": "1"}}
PATH = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
async def served(server: ServerFactory) -> Server:
    return await server()


async def test_objects_are_made_read_patched_and_deleted(served: Server) -> None:
    def act() -> None:
        with Client.from_kubeconfig(served.kubeconfig) as client:
            assert client.create(PATH, CONFIG)["metadata"]["uid"]
            assert client.patch(f"{PATH}/cm", {"data": {"b": "2"}})["data"] == {"a": "1", "b": "2"}
            assert {one["metadata"]["name"] for one in client.list(PATH)} >= {"cm"}
            assert client.table(PATH)["kind"] == "Table"
            client.delete(f"{PATH}/cm")
            with pytest.raises(ApiError) as caught:
                client.get(f"{PATH}/cm")
            assert (caught.value.status, caught.value.reason) == (404, "NotFound")
            assert caught.value.details["name"] == "cm"

    await asyncio.to_thread(act)


async def test_time_is_the_servers(served: Server) -> None:
    def act() -> None:
        with Client.from_kubeconfig(served.kubeconfig) as client:
            assert client.now().timestamp() == pytest.approx(served.cluster.clock.now(), abs=2)

    await asyncio.to_thread(act)


async def test_another_persons_rights_are_hers(served: Server) -> None:
    def act() -> None:
        with Client.from_kubeconfig(served.kubeconfig) as client, client.impersonating("jane", ["dev"]) as jane:
            with pytest.raises(ApiError) as caught:
                jane.get(PATH)
            assert caught.value.reason == "Forbidden"
            assert 'User "jane"' in caught.value.message

    await asyncio.to_thread(act)


async def test_discovery_knows_every_name_of_a_resource(served: Server) -> None:
    def act() -> None:
        with Client.from_kubeconfig(served.kubeconfig) as client:
            found = {client.discovery.resolve(word).qualified for word in ("po", "pod", "Pods", "pods.v1.", "pods/log")}
            assert found == {"pods"}
            assert client.discovery.resolve("deploy.apps").kind == "Deployment"
            assert client.discovery.for_kind("batch/v1", "Job").path("x", "y") == "/apis/batch/v1/namespaces/x/jobs/y"
            assert "pods" in [one.plural for one in client.discovery.category("all")]
            with pytest.raises(NoMatchError):
                client.discovery.resolve("nope")

    await asyncio.to_thread(act)


async def test_a_watch_tells_changes_and_ends_when_closed_elsewhere(served: Server) -> None:
    client = Client.from_kubeconfig(served.kubeconfig)
    version = (await asyncio.to_thread(client.get, PATH))["metadata"]["resourceVersion"]
    watch = await asyncio.to_thread(client.watch, PATH, {"resourceVersion": version})
    seen: list[tuple[str, str]] = []
    enough = threading.Event()

    def read() -> None:
        for event in watch:
            if event.type != "BOOKMARK":
                seen.append((event.type, event.object["metadata"]["name"]))
            if len(seen) == 2:
                enough.set()

    reading = asyncio.create_task(asyncio.to_thread(read))
    await asyncio.to_thread(client.create, PATH, CONFIG)
    await asyncio.to_thread(client.delete, f"{PATH}/cm")
    await asyncio.wait_for(asyncio.to_thread(enough.wait), 10)
    watch.close()
    await asyncio.wait_for(reading, 10)
    client.close()
    assert seen == [("ADDED", "cm"), ("DELETED", "cm")]


async def test_following_lists_first(served: Server) -> None:
    client = Client.from_kubeconfig(served.kubeconfig)
    await asyncio.to_thread(client.create, PATH, CONFIG)
    follower = client.follow(PATH, {"fieldSelector": "metadata.name=cm"})

    def first() -> str:
        event = next(iter(follower))
        return f"{event.type} {event.object['metadata']['name']}"

    assert await asyncio.wait_for(asyncio.to_thread(first), 10) == "ADDED cm"
    follower.close()
    client.close()


async def test_a_server_with_another_certificate_is_not_trusted(served: Server, tmp_path: Path) -> None:
    text = served.kubeconfig.read_text()
    broken = tmp_path / "untrusted"
    broken.write_text(re.sub(r"certificate-authority-data: .*", "tls-server-name: kubernetes", text))

    def act() -> None:
        with Client.from_kubeconfig(broken) as client, pytest.raises(ConnectionFailedError) as caught:
            client.get("/version")
        assert caught.value.cause == "certificate"

    await asyncio.to_thread(act)


def test_nobody_listening_says_what_why_and_next(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(
        "current-context: x\ncontexts: [{name: x, context: {cluster: x}}]\n"
        "clusters: [{name: x, cluster: {server: 'https://127.0.0.1:1'}}]\n"
    )
    with Client.from_kubeconfig(file) as client, pytest.raises(ConnectionFailedError) as caught:
        client.get("/version")
    assert (caught.value.cause, caught.value.exit_code) == ("refused", 4)
    assert len(caught.value.render().splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "is not a mapping"),
        ("a: b: c", "cannot be read"),
        ("current-context: x", "has no server"),
    ],
)
def test_broken_kubeconfigs_are_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(text)
    with pytest.raises(KubeconfigError, match=message):
        load_target(file)


def test_a_missing_kubeconfig_and_context_are_named(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match="does not exist"):
        load_target(tmp_path / "nope")
    file = tmp_path / "kubeconfig"
    file.write_text("contexts: []")
    with pytest.raises(KubeconfigError, match='context "y" does not exist'):
        load_target(file, "y")


def test_only_the_needed_parts_of_the_official_package_are_loaded() -> None:
    program = (
        "import sys\n"
        "from k8s_tutor.client import Client, Target\n"
        "client = Client(Target('https://127.0.0.1:1'))\n"
        "assert not any(name.startswith(('kubernetes', 'urllib3')) for name in sys.modules), 'imported too early'\n"
        "client._pool\n"
        "assert 'pydantic' not in sys.modules and 'kubernetes' not in sys.modules\n"
        "import kubernetes.client\n"
        "assert kubernetes.client.V1Pod and kubernetes.config.load_kube_config\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
