"""Pods to work in: made, ready, and commands run in them."""

from typing import Any

from tests.conftest import Server


class Sink:
    """Keeps what is written to it."""

    def __init__(self) -> None:
        self.text = ""

    async def write(self, data: bytes) -> None:
        self.text += data.decode()


def make_pod(server: Server, name: str, image: str, **spec: Any) -> None:
    """Create a pod whose container ``c`` sleeps."""
    container = {"name": "c", "image": image, "command": ["sleep", "100000"]}
    pod = {"metadata": {"name": name, "namespace": "default"}, "spec": {"containers": [container], **spec}}
    server.cluster.client("admin", "kubectl").create("pods", pod)


async def run(server: Server, pod: str, script: str) -> tuple[int, str, str]:
    """Run a shell script in a pod; returns exit code, standard output and error."""
    obj = server.cluster.client("admin", "kubectl").get("pods", pod, "default")
    assert obj is not None
    kubelet: Any = server.cluster.components.parts(f"kubelet/{obj['spec']['nodeName']}")[0]
    out, err = Sink(), Sink()
    code = await kubelet.exec(
        "default", pod, "c", ["sh", "-c", script], stdin=None, stdout=out, stderr=err, tty=False, resize=None
    )
    return code, out.text, err.text
