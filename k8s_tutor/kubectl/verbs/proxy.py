"""``kubectl proxy`` (kubectl, ``pkg/proxy``): the API on a local port, with our credentials."""

import http.server
import threading
from typing import Any

from k8s_tutor.client import Client, ConnectionFailedError
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.flags import Flag

_KEPT = ("Content-Type", "Warning", "Date", "Audit-Id")


class Proxy(Verb):
    """Serves the API locally."""

    name = "proxy"
    usage = "proxy [--port=PORT] [--api-prefix=prefix] [options]"
    short = "Run a proxy to the Kubernetes API server"
    group = "Troubleshooting and Debugging Commands"
    flags = (
        Flag("port", "int", short="p", default=8001, help="local port; 0 takes a free one"),
        Flag("address", default="127.0.0.1", help="local address"),
        Flag("api-prefix", default="/", help="path in front of the API"),
        Flag("keepalive", "duration", help="taken and ignored"),
    )

    def run(self, call: Call) -> int:
        address = (call.flag("address"), call.flag("port"))
        handler = _handler(call.client, call.flag("api-prefix").rstrip("/"))
        with http.server.ThreadingHTTPServer(address, handler) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            call.closing(server.shutdown)
            call.out(f"Starting to serve on {address[0]}:{server.server_address[1]}")
            call.streams.stdout.flush()
            while not call.cancelled.wait(3600):
                pass
        return 0


def _handler(client: Client, prefix: str) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            path = self.path.removeprefix(prefix)
            try:
                answer = client.request(
                    self.command,
                    path,
                    body=body,
                    content_type=self.headers.get("Content-Type"),
                    accept=self.headers.get("Accept"),
                    refuse=False,
                )
            except ConnectionFailedError as error:
                self._answer(502, {"Content-Type": "text/plain"}, str(error).encode())
                return
            self._answer(
                answer.status, {name: answer.headers[name] for name in _KEPT if name in answer.headers}, answer.data
            )

        def _answer(self, status: int, headers: dict[str, str], data: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815  names of the standard library

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the proxy prints only where it serves."""

    return Handler


VERB = Proxy
