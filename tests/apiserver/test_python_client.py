"""The official Python client in a process of its own: typed objects, watch, exec and port-forward."""

import asyncio
import os
import sys

from tests.apiserver.test_streams import running
from tests.conftest import Server, ServerFactory

HEAD = """
from kubernetes import client, config, watch
from kubernetes.stream import portforward, stream
config.load_kube_config()
api = client.CoreV1Api()
"""
EXEC = """
options = dict(stdout=True, stderr=True, stdin=True, tty=False, _preload_content=False)
session = stream(api.connect_get_namespaced_pod_exec, "one", "default", command=["cat"], **options)
session.write_stdin("hello\\n")
session.update(timeout=5)
print(session.read_stdout(timeout=5), end="")
session.close()
"""
FORWARD = """
forward = portforward(api.connect_get_namespaced_pod_portforward, "one", "default", ports="80")
socket = forward.socket(80)
socket.setblocking(True)
socket.sendall(b"GET / HTTP/1.1\\r\\nHost: one\\r\\nConnection: close\\r\\n\\r\\n")
print(socket.recv(15).decode())
"""
WATCH = """
print(len(api.list_namespace().items))
for event in watch.Watch().stream(api.list_namespace, timeout_seconds=1):
    print(event["type"], event["object"].metadata.name)
"""


async def script(served: Server, text: str) -> str:
    environment = os.environ | {"KUBECONFIG": str(served.kubeconfig), "PYTHONWARNINGS": "ignore"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HEAD + text,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def test_exec_with_input_and_output(server: ServerFactory) -> None:
    served = await running(server, "busybox:1.36", "sleep", "1000")
    assert await script(served, EXEC) == "hello\n"


async def test_port_forward(server: ServerFactory) -> None:
    served = await running(server, "nginx:1.27")
    assert await script(served, FORWARD) == "HTTP/1.1 200 OK\n"


async def test_list_and_watch(server: ServerFactory) -> None:
    served = await server()
    lines = (await script(served, WATCH)).splitlines()
    assert lines == ["4", *(f"ADDED {n}" for n in ("default", "kube-node-lease", "kube-public", "kube-system"))]
