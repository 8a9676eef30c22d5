"""A connection to one API server: requests in plain JSON, watches, streams, discovery and the cluster's time.

Requests go through the official package's REST pool (its TLS, proxy and keep-alive handling); typed models are never
built. One `Client` may be used from several threads.
"""

import copy
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from os import PathLike
from typing import Any, Self

import orjson

from k8s_tutor.client import official
from k8s_tutor.client.discovery import Discovery
from k8s_tutor.client.errors import ApiError, ConnectionFailedError
from k8s_tutor.client.kubeconfig import Target, load_target
from k8s_tutor.client.response import Response
from k8s_tutor.client.streams import EXEC_PROTOCOLS, FORWARD_PROTOCOL, Channels, PortStream, open_channels
from k8s_tutor.client.watch import Follower, Watch

Query = Mapping[str, Any]
Guard = Callable[[str, str], None]
CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 60.0
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class Client:
    """Talks to the server of a `Target`.

    Args:
        target: server, credentials and default namespace.
        timeout: seconds to wait for an answer to an ordinary request; 0 waits for ever.
    """

    def __init__(self, target: Target, *, timeout: float = READ_TIMEOUT) -> None:
        self.target = target
        self.timeout = timeout
        self._lock = threading.Lock()
        self._date: datetime | None = None
        self._guard: Guard | None = None
        self.discovery = Discovery(lambda path, accept: self.request("GET", path, accept=accept).json())

    @classmethod
    def from_kubeconfig(
        cls, path: str | PathLike[str], context: str | None = None, namespace: str | None = None
    ) -> "Client":
        """Read a kubeconfig file.

        Raises:
            KubeconfigError: it cannot be used.
        """
        return cls(load_target(path, context, namespace))

    @property
    def namespace(self) -> str:
        """The context's namespace, ``default`` if it names none."""
        return self.target.namespace

    @property
    def server(self) -> str:
        """The server's URL."""
        return self.target.server

    @property
    def context_name(self) -> str:
        """The name of the kubeconfig's context."""
        return self.target.context_name

    def impersonating(self, user: str, groups: Sequence[str] = ()) -> "Client":
        """Return a client to the same server that acts as somebody else."""
        found = Client(
            self.target.changed(impersonate_user=user, impersonate_groups=tuple(groups)), timeout=self.timeout
        )
        return found if self._guard is None else found.guarded(self._guard)

    def guarded(self, guard: Guard) -> "Client":
        """Return a client over the same connections that asks first.

        Args:
            guard: called with method and path of every request before it is sent, but for dry runs; raises to
                refuse it.
        """
        _ = self._pool  # made once, for both
        twin = copy.copy(self)
        twin._guard = guard  # noqa: SLF001 - a copy of ourselves
        return twin

    @cached_property
    def _configuration(self) -> Any:
        configuration = official.part("kubernetes.client.configuration").Configuration(host=self.target.server)
        configuration.verify_ssl = self.target.verify
        configuration.ssl_ca_cert = self.target.ca_file or None
        configuration.ca_cert_data = self.target.ca_data.decode() or None
        configuration.tls_server_name = self.target.tls_server_name or None
        if self.target.proxy_url:
            configuration.proxy = self.target.proxy_url
        configuration.connection_pool_maxsize = 8
        configuration.retries = False
        return configuration

    @cached_property
    def _pool(self) -> Any:
        rest = official.part("kubernetes.client.rest")
        if not self.target.verify:
            import urllib3

            # Who asks for no verification has been told so once, by the flag's name.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if not self.target.cert_data and not self.target.cert_file:
            return rest.RESTClientObject(self._configuration).pool_manager
        import ssl

        # The certificate's files live only until the context has read them.
        context = ssl.create_default_context(
            cafile=self.target.ca_file or None, cadata=self.target.ca_data.decode() or None
        )
        if not self.target.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        with self.target.certificate_files() as (cert, key):
            context.load_cert_chain(cert, key or None)
        pool = rest.RESTClientObject(self._configuration).pool_manager
        for name in ("ca_certs", "ca_cert_data", "cert_file", "key_file", "cert_reqs"):
            pool.connection_pool_kw.pop(name, None)
        pool.connection_pool_kw["ssl_context"] = context
        return pool

    def close(self) -> None:
        """Close idle connections."""
        if "_pool" in self.__dict__:
            self._pool.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Query | None = None,
        content_type: str | None = None,
        accept: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        refuse: bool = True,
    ) -> Response:
        """Send a request and read the answer.

        Args:
            method: the HTTP verb.
            path: path on the server, with or without a query.
            body: bytes and str go as they are, everything else as JSON.
            query: parameters; None values are left out, lists repeat.
            content_type: of the body; JSON if not given.
            accept: wanted media types; JSON if not given.
            headers: further headers.
            timeout: seconds; the client's own if not given, 0 for none.
            refuse: raise for answers that are no success; else give them back (a proxied application's own 404).

        Raises:
            ApiError: the answer is not a success.
            ConnectionFailedError: no answer.
        """
        answer = self._send(method, path, body, query, content_type, accept, headers, timeout, stream=False)
        response = Response(answer.status, answer.headers, answer.data)
        if refuse and response.status >= 400:
            raise ApiError.from_answer(response.status, response.data)
        return response

    def get(self, path: str, **query: Any) -> Any:
        """GET a path and decode it."""
        return self.request("GET", path, query=query).json()

    def list(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """GET a collection, all pages, and give its items."""
        items: list[dict[str, Any]] = []
        token = ""
        while True:
            page = self.get(path, **{"limit": 500, "continue": token or None, **query})
            items += page.get("items") or []
            token = page.get("metadata", {}).get("continue", "")
            if not token:
                return items

    def create(self, path: str, body: Any, **query: Any) -> Any:
        """POST an object to a collection."""
        return self.request("POST", path, body=body, query=query).json()

    def replace(self, path: str, body: Any, **query: Any) -> Any:
        """PUT an object."""
        return self.request("PUT", path, body=body, query=query).json()

    def patch(self, path: str, body: Any, content_type: str = "application/merge-patch+json", **query: Any) -> Any:
        """PATCH an object; a JSON merge patch unless told otherwise."""
        return self.request("PATCH", path, body=body, content_type=content_type, query=query).json()

    def delete(self, path: str, body: Any = None, **query: Any) -> Any:
        """DELETE an object or a collection."""
        return self.request("DELETE", path, body=body, query=query).json()

    def table(self, path: str, **query: Any) -> Any:
        """GET a collection or object as the server's Table."""
        return self.request("GET", path, query=query, accept=TABLE).json()

    def stream(self, path: str, query: Query | None = None, *, accept: str | None = None, timeout: float = 0) -> Watch:
        """Open a GET that goes on (logs, watches) and give its lines as they come.

        Raises:
            ApiError: refused.
        """
        answer = self._send("GET", path, None, query, None, accept, None, timeout, stream=True)
        if answer.status >= 400:
            data = answer.read()
            answer.release_conn()
            raise ApiError.from_answer(answer.status, data)
        return Watch(answer)

    def watch(
        self, path: str, query: Query | None = None, timeout: float | None = None, *, accept: str | None = None
    ) -> Watch:
        """Open a watch; iterate it for `WatchEvent`, close it from any thread.

        Args:
            path: the collection.
            query: selectors, resourceVersion and so on.
            timeout: seconds after which the server ends it.
            accept: media types (Tables).
        """
        full = {"watch": "true", "allowWatchBookmarks": "true", **(query or {})}
        if timeout is not None:
            full["timeoutSeconds"] = max(1, int(timeout))
        return self.stream(path, full, accept=accept)

    def follow(self, path: str, query: Query | None = None, *, pause: float = 1.0) -> Follower:
        """List and watch a collection for ever, across expiry and reconnects."""
        base = dict(query or {})
        return Follower(
            lambda: self.request("GET", path, query=base).json(),
            lambda version: self.watch(path, {**base, "resourceVersion": version}),
            pause=pause,
        )

    def logs(self, namespace: str, pod: str, query: Query | None = None, *, timeout: float = 0) -> Watch:
        """Open a container's log; its ``lines()`` come as they are written."""
        return self.stream(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", query, timeout=timeout)

    def exec(
        self,
        namespace: str,
        pod: str,
        command: Sequence[str],
        *,
        container: str = "",
        stdin: bool = False,
        stdout: bool = True,
        stderr: bool = True,
        tty: bool = False,
    ) -> Channels:
        """Run a program in a container.

        Raises:
            ApiError: refused before the program started.
        """
        return self._channels(namespace, pod, "exec", command, container, stdin, stdout, stderr and not tty, tty)

    def attach(
        self, namespace: str, pod: str, *, container: str = "", stdin: bool = False, tty: bool = False
    ) -> Channels:
        """Attach to the program that a container runs."""
        return self._channels(namespace, pod, "attach", (), container, stdin, True, not tty, tty)

    def port_forward(self, namespace: str, pod: str, port: int) -> PortStream:
        """Open one connection to a port of a pod."""
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/portforward?ports={port}"
        return PortStream(open_channels(self.target, self._stream_configuration, path, FORWARD_PROTOCOL))

    def now(self) -> datetime:
        """The cluster's time: the Date of the last answer, asking for one if there was none yet."""
        if self._date is None:
            self.request("GET", "/version")
        return self._date or datetime.now(UTC)

    def _channels(
        self,
        namespace: str,
        pod: str,
        subresource: str,
        command: Sequence[str],
        container: str,
        stdin: bool,
        stdout: bool,
        stderr: bool,
        tty: bool,
    ) -> Channels:
        flags = {"stdin": stdin, "stdout": stdout, "stderr": stderr, "tty": tty}
        pairs = [("command", word) for word in command]
        pairs += [("container", container)] if container else []
        pairs += [(name, "true") for name, wanted in flags.items() if wanted]
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/{subresource}?{urllib.parse.urlencode(pairs)}"
        return open_channels(self.target, self._stream_configuration, path, EXEC_PROTOCOLS)

    @cached_property
    def _stream_configuration(self) -> Any:
        """The configuration with the authority and certificate as files: the websocket library reads only files."""
        import atexit
        import copy
        import shutil
        import tempfile
        from pathlib import Path

        configuration = copy.copy(self._configuration)
        if not (self.target.ca_data or self.target.cert_data):
            configuration.cert_file, configuration.key_file = (
                self.target.cert_file or None,
                self.target.key_file or None,
            )
            return configuration
        folder = Path(tempfile.mkdtemp(prefix="k8s-tutor-tls-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for attribute, name, data in (
            ("ssl_ca_cert", "ca.crt", self.target.ca_data),
            ("cert_file", "tls.crt", self.target.cert_data),
            ("key_file", "tls.key", self.target.key_data),
        ):
            if data:
                file = folder / name
                file.touch(mode=0o600)
                file.write_bytes(data)
                setattr(configuration, attribute, str(file))
        return configuration

    def _send(
        self,
        method: str,
        path: str,
        body: Any,
        query: Query | None,
        content_type: str | None,
        accept: str | None,
        headers: Mapping[str, str] | None,
        timeout: float | None,
        *,
        stream: bool,
    ) -> Any:
        import urllib3

        if self._guard is not None and not _is_dry_run(query, body):
            self._guard(method, path)
        with self._lock:
            pool = self._pool
        wanted = urllib3.HTTPHeaderDict(self.target.headers())
        for group in self.target.impersonate_groups:
            wanted.add("Impersonate-Group", group)
        wanted["Accept"] = accept or "application/json"
        wanted["User-Agent"] = "kubectl/v1.37.1 (k8s-tutor)"
        if body is not None:
            wanted["Content-Type"] = content_type or "application/json"
            body = body if isinstance(body, bytes | str) else orjson.dumps(body)
        wanted.update(headers or {})
        limit = self.timeout if timeout is None else timeout
        try:
            answer = pool.urlopen(
                method,
                self.target.server + path + _encoded(query, "?" in path),
                body=body,
                headers=wanted,
                preload_content=not stream,
                redirect=False,
                retries=_retries(urllib3, method),
                timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=limit or None),
            )
        except urllib3.exceptions.HTTPError as error:
            raise _failure(self.target.server, error) from None
        date = answer.headers.get("Date")
        if date:
            self._date = parsedate_to_datetime(date)
        return answer


def _retries(urllib3: Any, method: str) -> Any:
    """A kept-alive connection may have been closed by the server meanwhile: reading is tried once more."""
    return urllib3.Retry(total=1, connect=0, read=1, status=0) if method == "GET" else urllib3.Retry(total=0, read=0)


def _is_dry_run(query: Query | None, body: Any) -> bool:
    return bool((query or {}).get("dryRun") or (isinstance(body, dict) and body.get("dryRun")))


def _encoded(query: Query | None, started: bool) -> str:
    pairs = [
        (key, "true" if value is True else "false" if value is False else str(value))
        for key, values in (query or {}).items()
        for value in _several(values)
    ]
    return ("&" if started else "?") + urllib.parse.urlencode(pairs) if pairs else ""


def _several(values: Any) -> Iterator[Any]:
    if values is None or values == "":
        return
    if isinstance(values, Sequence) and not isinstance(values, str):
        yield from values
    else:
        yield values


def _failure(server: str, error: Exception) -> ConnectionFailedError:
    reason = getattr(error, "reason", None) or error
    text = str(reason)
    if "refused" in text.lower():
        return ConnectionFailedError(server, "refused", "connection refused")
    if "timed out" in text.lower():
        return ConnectionFailedError(server, "timeout", "timed out")
    if "certificate" in text.lower():
        return ConnectionFailedError(server, "certificate", text)
    return ConnectionFailedError(server, "network", text)
