"""``kubectl proxy`` (kubectl, ``pkg/proxy``): the API on a local port or socket, with our credentials.

A filter keeps web pages of other hosts, and containers' shells, away from those credentials.
"""

import functools
import http.server
import re
import socket
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from k8s_tutor.client import Client, ConnectionFailedError
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag

_KEPT = ("Content-Type", "Warning", "Date", "Audit-Id")


@dataclass(frozen=True, slots=True)
class _Filter:
    """Which requests may pass; all parts are lists of expressions."""

    accept_paths: tuple[re.Pattern[str], ...]
    reject_paths: tuple[re.Pattern[str], ...]
    accept_hosts: tuple[re.Pattern[str], ...]
    reject_methods: tuple[re.Pattern[str], ...]

    def passes(self, method: str, path: str, host: str) -> bool:
        """Whether a request may reach the API."""
        if _matches(self.reject_paths, path) or _matches(self.reject_methods, method):
            return False
        return _matches(self.accept_paths, path) and _matches(self.accept_hosts, host)


class Proxy(Verb):
    """Serves the API locally."""

    name = "proxy"
    usage = "proxy [--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix] [options]"
    short = "Run a proxy to the Kubernetes API server"
    group = "Troubleshooting and Debugging Commands"
    examples = """
kubectl proxy --port=8001
curl http://localhost:8001/api/v1/namespaces/default/pods
"""
    flags = (
        Flag("port", "int", short="p", default=8001, help="local port; 0 takes a free one"),
        Flag("address", default="127.0.0.1", help="local address"),
        Flag("unix-socket", short="u", help="serve on this socket file instead"),
        Flag("api-prefix", default="/", help="path in front of the API"),
        Flag("append-server-path", "bool", help="taken and ignored"),
        Flag("www", short="w", help="serve the files of this folder too"),
        Flag("www-prefix", short="P", default="/static/", help="path in front of the files"),
        Flag("accept-hosts", default=r"^localhost$,^127\.0\.0\.1$,^\[::1\]$", help="hosts that requests may name"),
        Flag("accept-paths", default="^.*", help="paths that may be asked for"),
        Flag("reject-paths", default="^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach", help="paths that may not"),
        Flag("reject-methods", default="^$", help="methods that may not be used"),
        Flag("disable-filter", "bool", help="let everything pass; dangerous"),
        Flag("keepalive", "duration", help="taken and ignored"),
    )

    def validate(self, call: Call) -> None:
        if call.changed("port") and call.changed("unix-socket"):
            raise CommandError("cannot set --unix-socket and --port at the same time")

    def run(self, call: Call) -> int:
        guard = None
        if call.flag("disable-filter"):
            if not call.flag("unix-socket"):
                call.err("Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious")
        else:
            names = ("accept-paths", "reject-paths", "accept-hosts", "reject-methods")
            guard = _Filter(*(_expressions(call.flag(name)) for name in names))
        handler = functools.partial(
            _Handler,
            client=call.client,
            prefix=call.flag("api-prefix").rstrip("/"),
            guard=guard,
            www=(str(call.cwd / call.flag("www")), call.flag("www-prefix")) if call.flag("www") else None,
        )
        with _listening(call, handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            call.closing(server.shutdown)
            where = call.flag("unix-socket") or f"{call.flag('address')}:{server.server_address[1]!r}"
            call.out(f"Starting to serve on {where}")
            call.streams.stdout.flush()
            while not call.cancelled.wait(3600):
                pass
        return 0


def _expressions(text: str) -> tuple[re.Pattern[str], ...]:
    try:
        return tuple(re.compile(part) for part in text.split(","))
    except re.error as error:
        raise CommandError(f"error parsing regexp: {error}") from None


def _matches(expressions: tuple[re.Pattern[str], ...], text: str) -> bool:
    return any(one.search(text) for one in expressions)


def _listening(call: Call, handler: Any) -> http.server.ThreadingHTTPServer:
    try:
        if call.flag("unix-socket"):
            return _SocketServer(str(call.cwd / call.flag("unix-socket")), handler)  # type: ignore[arg-type]
        return http.server.ThreadingHTTPServer((call.flag("address"), call.flag("port")), handler)
    except OSError as error:
        where = call.flag("unix-socket") or f"{call.flag('address')}:{call.flag('port')}"
        network = "unix" if call.flag("unix-socket") else "tcp"
        raise CommandError(f"listen {network} {where}: bind: {(error.strerror or '').lower()}") from None


class _SocketServer(http.server.ThreadingHTTPServer):
    """Listens on a file."""

    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "localhost", 0

    def get_request(self) -> tuple[Any, Any]:
        request, _ = super().get_request()
        return request, ("localhost", 0)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Answers from the API, or from a folder."""

    protocol_version = "HTTP/1.1"

    def __init__(
        self, *args: Any, client: Client, prefix: str, guard: _Filter | None, www: tuple[str, str] | None
    ) -> None:
        self._client, self._prefix, self._guard, self._www = client, prefix, guard, www
        super().__init__(*args, directory=www[0] if www else None)

    def _pass(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        if self._www and self.path.startswith(self._www[1]) and self.command in {"GET", "HEAD"}:
            self.path = "/" + self.path.removeprefix(self._www[1])
            (super().do_GET if self.command == "GET" else super().do_HEAD)()
            return
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        if self._guard is not None and not self._guard.passes(self.command, self.path.partition("?")[0], host):
            self._answer(HTTPStatus.FORBIDDEN, {"Content-Type": "text/plain; charset=utf-8"}, b"Forbidden\n")
            return
        if self._prefix and not self.path.startswith(self._prefix + "/"):
            self._answer(HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain; charset=utf-8"}, b"404 page not found\n")
            return
        self._ask(body)

    def _ask(self, body: bytes | None) -> None:
        try:
            answer = self._client.request(
                self.command,
                self.path.removeprefix(self._prefix),
                body=body,
                content_type=self.headers.get("Content-Type"),
                accept=self.headers.get("Accept"),
                refuse=False,
            )
        except ConnectionFailedError as error:
            self._answer(HTTPStatus.BAD_GATEWAY, {"Content-Type": "text/plain"}, str(error).encode())
            return
        kept = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
        self._answer(answer.status, kept, answer.data)

    def _answer(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815  names of the standard library

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the proxy prints only where it serves."""


VERB = Proxy
