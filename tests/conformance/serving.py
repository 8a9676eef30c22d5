"""A bare practice cluster as a process, its clock standing still until the player advances it."""

import contextlib
import http.client
import json
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TOKEN = "conformance"


class Served:
    """A fresh cluster: plain requests, and its clock."""

    def __init__(self, port: int, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self._port = port
        self._connection: http.client.HTTPSConnection | None = None

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Send one request; returns status, headers, body."""
        if self._connection is None:
            # The certificate's authority is the cluster's own, made for this run.
            context = ssl._create_unverified_context()  # noqa: S323
            self._connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=60, context=context)
        try:
            self._connection.request(method, path, body, {"Authorization": f"Bearer {TOKEN}", **(headers or {})})
            reply = self._connection.getresponse()
            return reply.status, reply.headers, reply.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            raise

    def json(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> tuple[int, Any]:
        """Send and receive JSON."""
        data = None if body is None else json.dumps(body).encode()
        status, _, raw = self.request(method, path, data, {"Content-Type": content_type} if data else {})
        return status, json.loads(raw or b"{}")

    def advance(self, seconds: float) -> None:
        """Live through cluster seconds at once."""
        self.json("POST", "/k8s-tutor/v1/clock/advance", {"seconds": seconds})


@contextlib.contextmanager
def served(nodes: int, *, rate: float = 0.0) -> Iterator[Served]:
    """Start a bare cluster, in memory; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="k8s-tutor-conformance-", ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "k8s_tutor.sim", "--bare", "--nodes", str(nodes), "--token", TOKEN]
        command += ["--state", f"{folder}/state", "--idle-minutes", "0", "--memory"]
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        try:
            answer = json.loads((process.stdout.readline() if process.stdout else b"") or b"{}")
            if not answer.get("ready"):
                raise RuntimeError(Path(folder, "log").read_text(errors="replace")[-3000:])
            cluster = Served(answer["port"], Path(answer["kubeconfig"]))
            if rate == 0:
                cluster.json("PUT", "/k8s-tutor/v1/clock", {"rate": 0})
                cluster.advance(30)
            yield cluster
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
