"""What verbs do to a cluster: causes that are kept, rights that are joined, a proxy that guards."""

import asyncio
import contextlib
import http.client
import io
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from k8s_tutor.kubectl import run
from tests.conftest import Output, ServerFactory
from tests.kubectl.conftest import Ours

if TYPE_CHECKING:
    from k8s_tutor.kubectl.command import Call

ROLES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r, namespace: default}
rules: [{apiGroups: [""], resources: [services, pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects: [{kind: User, name: zed, apiGroup: rbac.authorization.k8s.io}]
"""


async def test_record_keeps_the_command_as_the_cause(server: ServerFactory, ours: Ours) -> None:
    served = await server()
    await ours(served, "create", "deployment", "web", "--image=nginx:1.27")
    changed = await ours(served, "set", "image", "deploy/web", "nginx=nginx:1.28", "--record")
    assert changed.err == "Flag --record has been deprecated, --record will be removed in the future\n"
    cause = "jsonpath={.metadata.annotations.kubernetes\\.io/change-cause}"
    found = await ours(served, "get", "deploy", "web", "-o", cause)
    assert found.out == "kubectl set image deploy/web nginx=nginx:1.28 --record=true"
    await ours(served, "scale", "deploy/web", "--replicas=2", "--record")
    assert (await ours(served, "get", "deploy", "web", "-o", cause)).out.startswith("kubectl scale deploy/web")
    assert "--record" not in (await ours(served, "scale", "--help")).out


async def test_reconcile_adds_what_is_missing_and_takes_away_if_told(
    server: ServerFactory, ours: Ours, tmp_path: Path
) -> None:
    served = await server()
    (tmp_path / "roles.yaml").write_text(ROLES)
    await ours(served, "create", "role", "r", "--verb=get,watch", "--resource=pods")
    await ours(served, "create", "rolebinding", "rb", "--role=r", "--group=g")
    first = await ours(served, "auth", "reconcile", "-f", "roles.yaml")
    assert first.out == (
        "role.rbac.authorization.k8s.io/r reconciled\nrolebinding.rbac.authorization.k8s.io/rb reconciled\n"
    )
    assert first.err == (
        "\treconciliation required update\n\tmissing rules added:\n"
        "\t\t{Verbs:[get] APIGroups:[] Resources:[services] ResourceNames:[] NonResourceURLs:[]}\n"
        "\treconciliation required update\n\tmissing subjects added:\n"
        "\t\t{Kind:User APIGroup:rbac.authorization.k8s.io Name:zed Namespace:}\n"
    )
    assert (await ours(served, "auth", "reconcile", "-f", "roles.yaml")).err == ""
    words = ("--remove-extra-permissions", "--remove-extra-subjects")
    last = await ours(served, "auth", "reconcile", "-f", "roles.yaml", *words)
    assert "extra rules removed:\n\t\t{Verbs:[watch] APIGroups:[] Resources:[pods]" in last.err
    assert (await ours(served, "auth", "can-i", "list", "pods", "--as=zed")).out == "no\n"
    assert (await ours(served, "get", "rolebinding", "rb", "-o", "jsonpath={.subjects[*].name}")).out == "zed"


async def test_a_nameless_manifest_deletes_nothing(server: ServerFactory, ours: Ours) -> None:
    served = await server()
    await ours(served, "create", "configmap", "kept")
    nameless = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}\n"
    refused = await ours(served, "delete", "-f", "-", stdin=nameless)
    assert refused == Output("", 'error: error when deleting "STDIN": resource name may not be empty\n', 1)
    assert (await ours(served, "get", "configmap", "kept", "-o", "name")).out == "configmap/kept\n"


class Told(io.StringIO):
    """An output that tells when something is written."""

    def __init__(self) -> None:
        super().__init__()
        self.spoken = threading.Event()

    def write(self, text: str) -> int:
        count = super().write(text)
        self.spoken.set()
        return count


class Local(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self.file = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.file)


@pytest.mark.parametrize("guarded", [True, False])
async def test_the_proxy_keeps_others_away_from_our_rights(
    server: ServerFactory, tmp_path: Path, guarded: bool
) -> None:
    served = await server()
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "page.html").write_text("hello")
    words = ["proxy", "--unix-socket=s", "--www=www", *([] if guarded else ["--disable-filter"])]
    calls: list[Call] = []
    out = Told()

    def serve() -> int:
        return run(words, kubeconfig=served.kubeconfig, cwd=tmp_path, stdout=out, on_start=calls.append)

    def ask(path: str, host: str = "localhost") -> tuple[int, bytes]:
        with contextlib.closing(Local(str(tmp_path / "s"))) as connection:
            connection.request("GET", path, headers={"Host": host, "Connection": "close"})
            answer = connection.getresponse()
            return answer.status, answer.read()

    serving = asyncio.get_running_loop().run_in_executor(None, serve)
    await asyncio.to_thread(out.spoken.wait, 30)
    assert out.getvalue() == "Starting to serve on s\n"
    assert (await asyncio.to_thread(ask, "/api/v1/namespaces/default"))[0] == 200
    assert await asyncio.to_thread(ask, "/static/page.html") == (200, b"hello")
    stranger = await asyncio.to_thread(ask, "/api/v1/namespaces/default", "evil.example")
    shell = await asyncio.to_thread(ask, "/api/v1/namespaces/default/pods/x/exec")
    if guarded:
        assert stranger == shell == (403, b"Forbidden\n")
    else:
        assert stranger[0] == 200
    calls[0].cancel()
    assert await serving == 130


async def test_a_forwarded_port_that_nobody_serves_ends_the_call(server: ServerFactory, tmp_path: Path) -> None:
    served = await server(1, start_latency=False)
    container = {"name": "main", "image": "busybox:1.36", "command": ["sleep", "999"]}
    pod = {"metadata": {"name": "one", "namespace": "default"}, "spec": {"containers": [container]}}
    served.cluster.client("admin", "test").create("pods", pod)
    await served.cluster.clock.advance(5)
    out, err = Told(), io.StringIO()

    def forward() -> int:
        return run(["port-forward", "one", ":81"], kubeconfig=served.kubeconfig, cwd=tmp_path, stdout=out, stderr=err)

    forwarding = asyncio.get_running_loop().run_in_executor(None, forward)
    await asyncio.to_thread(out.spoken.wait, 30)
    port = int(out.getvalue().split("127.0.0.1:")[1].split(" ")[0])
    with socket.create_connection(("127.0.0.1", port)):
        assert await forwarding == 1
    assert '"An error occurred forwarding" err="error forwarding port 81 to pod ' in err.getvalue()
    assert err.getvalue().endswith(f"localPort={port} remotePort=81\nerror: lost connection to pod\n")


async def test_a_custom_profile_goes_over_the_chosen_one(server: ServerFactory, ours: Ours, tmp_path: Path) -> None:
    served = await server()
    await ours(served, "run", "one", "--image=nginx:1.27")
    (tmp_path / "custom.yaml").write_text(
        "securityContext: {capabilities: {add: [NET_ADMIN]}}\nenv: [{name: MORE, value: x}]\n"
    )
    words = ("debug", "one", "--image=busybox:1.36", "--copy-to=two", "-c", "dbg", "--custom=custom.yaml")
    assert (await ours(served, *words, "--", "sleep", "9")).err == ""
    found = await ours(
        served, "get", "pod", "two", "-o", "jsonpath={.spec.containers[1].securityContext} {.spec.containers[1].env}"
    )
    assert found.out == '{"capabilities":{"add":["NET_ADMIN"]}} [{"name":"MORE","value":"x"}]'
    (tmp_path / "custom.yaml").write_text("image: other\n")
    refused = "error: name, command, image, lifecycle and volume devices are not modifiable via custom profile\n"
    assert (await ours(served, *words)).err == refused
    assert (await ours(served, *words, "--profile=nope")).err == "error: unknown profile: nope\n"


async def test_logs_of_all_pods_tell_their_source(server: ServerFactory, ours: Ours, tmp_path: Path) -> None:
    served = await server(1, start_latency=False)
    (tmp_path / "two.yaml").write_text(
        "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: two}\nspec:\n  replicas: 2\n"
        "  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n"
        "    spec: {containers: [{name: c, image: 'busybox:1.36', command: [sh, -c, 'echo hi; sleep 999']}]}\n"
    )
    await ours(served, "apply", "-f", "two.yaml")
    await served.cluster.clock.advance(5)
    lines = (await ours(served, "logs", "rs/two", "--all-pods")).out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("[pod/two-") and line.endswith("/c] hi") for line in lines)
