"""The API server: HTTPS, and the way of a request through authentication, authorization and routing.

Mirrors the filter chain of ``apiserver/pkg/server/config.go``. Nearly all requests are answered in one go, inside the
connection's ``data_received``; watches, logs and streams are answered by coroutines.
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

import orjson

from k8s_tutor.sim.apiserver import nonresource
from k8s_tutor.sim.apiserver.backend import Backend
from k8s_tutor.sim.apiserver.call import Call, convert, warning_headers
from k8s_tutor.sim.apiserver.discovery import Discovery
from k8s_tutor.sim.apiserver.http.connection import Connection
from k8s_tutor.sim.apiserver.http.message import Answer, Request, Response, Streaming, Upgrade
from k8s_tutor.sim.apiserver.negotiation import JSON, error_media, negotiate, wants_pretty
from k8s_tutor.sim.apiserver.options import boolean, check_timeout
from k8s_tutor.sim.apiserver.patching import APPLY
from k8s_tutor.sim.apiserver.requestinfo import RequestInfo, parse, wanted_access
from k8s_tutor.sim.apiserver.requests import Key, key_of
from k8s_tutor.sim.apiserver.routing import has_tables, route
from k8s_tutor.sim.cluster import Cluster
from k8s_tutor.sim.machinery.pending import Pending
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.strategy import UserInfo

if TYPE_CHECKING:
    from k8s_tutor.sim.network import Stream

LOOPBACK = "127.0.0.1"
DRAIN_SECONDS = 1.0
NOT_ACCEPTABLE, SWITCHED = 406, 101
WRITES = frozenset(("POST", "PUT", "PATCH", "DELETE"))


class ApiServer(Backend):
    """Serves one cluster.

    Args:
        cluster: started or not; requests are answered once ``start`` has returned.
    """

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.last_request = time.monotonic()
        self.extension: Any = None
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._date = (0, "")
        self._context: ssl.SSLContext | None = None
        cluster.front = self._inside

    async def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1; returns the port.

        Raises:
            OSError: the port is taken.
        """
        loop = asyncio.get_running_loop()
        context = self._context = self._tls()
        self._server = await loop.create_server(
            self._connection,
            LOOPBACK,
            port,
            ssl=context,
            backlog=1024,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self.discovery = Discovery(self.scheme, f"{LOOPBACK}:{self.port}")
        return self.port

    def _connection(self) -> Connection:
        return Connection(self.handle, self._date_header, self._connections)

    async def _inside(self, stream: "Stream") -> None:
        """Serve a connection from within the cluster's network."""
        from k8s_tutor.sim.apiserver import inside

        if self._context is not None:
            await inside.serve(self, stream, self._context, self._connection)

    async def stop(self) -> None:
        """Stop listening, end all watches and streams, close connections."""
        if self._server is None:
            return
        self._server.close()
        if not self.stopping.done():
            self.stopping.set_result(None)
        await asyncio.sleep(0)
        for connection in tuple(self._connections):
            connection.close()
        closed = [connection.wait_closed() for connection in self._connections]
        if closed:
            _, late = await asyncio.wait([asyncio.ensure_future(one) for one in closed], timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
        for connection in tuple(self._connections):
            connection.transport.abort()
        self._server = None

    @property
    def busy(self) -> bool:
        """Somebody watches, follows a log, or has a stream open."""
        return any(connection.busy for connection in self._connections)

    # -- the way of a request

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer one request."""
        self.last_request = began = time.monotonic()
        watch = "watch" in request.raw_query and boolean(request, "watch")
        info = parse(request.method, request.path, watch=watch)
        try:
            check_timeout(request, info)
            answer = self._answer(request, info)
        except Pending as pending:
            answer = self._reviewed(request, info, pending)
        except ApiError as error:
            answer = self._failure(request, error)
        except Exception as error:  # noqa: BLE001 - one faulty handler must not stop the server
            answer = self._crashed(request, error)
        if isinstance(answer, Awaitable):
            return self._guarded(request, info, answer, began)
        return self._done(request, info, answer, began)

    async def _guarded(self, request: Request, info: RequestInfo, answer: Awaitable[Answer], began: float) -> Answer:
        try:
            done = await answer
        except ApiError as error:
            done = self._failure(request, error)
        except Exception as error:  # noqa: BLE001 - as above
            done = self._crashed(request, error)
        return self._done(request, info, done, began)

    async def _reviewed(self, request: Request, info: RequestInfo, pending: Pending) -> Answer:
        """Begin the request anew each time that admission webhooks have answered, until it is through."""
        while True:
            await pending.wait()
            request.warnings.clear()
            try:
                answer = self._answer(request, info)
                return await answer if isinstance(answer, Awaitable) else answer
            except Pending as further:
                pending = further

    def _answer(self, request: Request, info: RequestInfo) -> Answer | Awaitable[Answer]:
        user = self.authenticator.authenticate(request)
        with _not_sniffed():
            if "impersonate-user" in request.headers or any(h.startswith("impersonate-") for h in request.headers):
                user = self.impersonator.acting(request, wanted_access(user, request, info))
            self._authorize(user, request, info)
        if info.is_resource and request.method in WRITES:
            return self._traced(request, info, user)
        return self._route(request, info, user)

    def _traced(self, request: Request, info: RequestInfo, user: UserInfo) -> Answer | Awaitable[Answer]:
        """Route a write, and leave its steps in the trace."""
        trace = self.cluster.trace
        names = (info.resource, info.namespace, info.name, info.subresource)
        what = f"{info.verb} {'/'.join(filter(None, names))}"
        trace.add("kube-apiserver", f"authentication: {user.name}", what)
        trace.add("kube-apiserver", "authorization: allowed", what)
        try:
            answer = self._route(request, info, user)
        except ApiError as error:
            trace.add("kube-apiserver", f"refused: {error.code} {error.reason}", what)
            raise
        trace.add("kube-apiserver", "admission, validation and storage: done", what)
        return answer

    def _route(self, request: Request, info: RequestInfo, user: UserInfo) -> Answer | Awaitable[Answer]:
        if not info.is_resource:
            if self.extension is not None and request.path.startswith(self.extension.prefix):
                return self.extension.answer(request)  # type: ignore[no-any-return]
            return nonresource.answer(self, request)
        resource = self.scheme.find(info.group, info.version, info.resource)
        if resource is None:
            return nonresource.aggregated(self, info.group, info.version) or self._unknown(info)
        accept = request.headers.get("accept", "")
        form = negotiate(accept, tables=has_tables(resource, info), collection=not info.name)
        return route(Call(self, request, info, user, resource, form))

    def _authorize(self, user: UserInfo, request: Request, info: RequestInfo) -> None:
        if "system:masters" not in user.groups:
            self.authorizer.require(wanted_access(user, request, info))

    def _unknown(self, info: RequestInfo) -> Response:
        """404: as text where not even the group version is served."""
        known = any(g == info.group for g, _, _ in self.scheme.by_path)
        if not known:
            return nonresource.not_found()
        raise ApiError(404, "NotFound", "the server could not find the requested resource", {})

    # -- failures

    def _failure(self, request: Request, error: ApiError) -> Response:
        pretty = wants_pretty(request.param("pretty"), request.headers.get("user-agent", ""))
        # Who accepts nothing that is served gets the Status as Go's encoder writes it by itself.
        indented = pretty or error.code == NOT_ACCEPTABLE
        body = orjson.dumps(error.status(), option=orjson.OPT_INDENT_2 if indented else 0) + (b"\n" if pretty else b"")
        headers = [("Cache-Control", "no-cache, private"), *warning_headers(request), *error.headers.items()]
        media = error_media(request.headers.get("accept", ""))
        if media != JSON:
            body = convert(body, error.status(), media)
        return Response(error.code, body, media, headers)

    def _crashed(self, request: Request, error: Exception) -> Response:
        import traceback

        text = "".join(traceback.format_exception(error))
        self.cluster.log("kube-apiserver", f"{request.method} {request.target}: {text}")
        status = ApiError(
            500, "InternalError", f"Internal error occurred: {error}", {"causes": [{"message": str(error)}]}
        )
        return self._failure(request, status)

    def _done(self, request: Request, info: RequestInfo, answer: Answer, began: float) -> Answer:
        self.rest.store.commit()
        applies = request.method == "PATCH" and request.headers.get("content-type", "") == APPLY
        key = key_of(info, request.method, request.param("dryRun") if request.raw_query else "", applies=applies)
        if isinstance(answer, Response):
            self.requests.count(key, answer.status, time.monotonic() - began, len(answer.body))
            return answer
        return self._going_on(answer, key, began)

    def _going_on(self, answer: Streaming | Upgrade, key: Key, began: float) -> Answer:
        """Count a stream when it ends, and among those that go on until then."""
        run: Callable[[Any], Awaitable[None]] = answer.run
        self.requests.begun(key)

        async def counted(channel: Any) -> None:
            try:
                await run(channel)
            finally:
                code = answer.status if isinstance(answer, Streaming) else SWITCHED
                self.requests.ended(key, code, time.monotonic() - began)

        answer.run = counted
        return answer

    # -- outside

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate, key, authority = self.cluster.identity.server_files()
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(authority)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _date_header(self) -> str:
        now = int(self.clock.now())
        if self._date[0] != now:
            self._date = (now, time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now)))
        return self._date[1]


@contextlib.contextmanager
def _not_sniffed() -> Iterator[None]:
    """Refusals before a request reaches its resource tell browsers to believe their content type."""
    try:
        yield
    except ApiError as error:
        error.headers["X-Content-Type-Options"] = "nosniff"
        raise
