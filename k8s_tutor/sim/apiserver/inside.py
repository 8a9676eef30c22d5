"""The API server in the cluster's own network: pods reach it as ``https://kubernetes.default.svc``.

The same handler, certificate and connection class as on loopback; only the transport is a connection of the simulated
network, with TLS in memory.
"""

import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from k8s_tutor.sim.apiserver.backend import Backend
from k8s_tutor.sim.apiserver.http.connection import Connection
from k8s_tutor.sim.network import tls
from k8s_tutor.sim.network.streams import Stream

if TYPE_CHECKING:
    import asyncio


class Transport:
    """What a ``Connection`` needs of asyncio's transports."""

    def __init__(self, secure: tls.TlsStream, stream: Stream) -> None:
        self._secure, self._stream = secure, stream
        self.closing = False

    def write(self, data: bytes) -> None:
        """Send; what nobody reads any more is lost, as with a socket."""
        try:
            self._secure.write_now(data)
        except BrokenPipeError:
            self.close()

    def close(self) -> None:
        """End the connection after what was written."""
        self.closing = True
        self._stream.close()

    def abort(self) -> None:
        """End the connection at once."""
        self.close()

    def get_extra_info(self, name: str) -> Any:
        """Tell the TLS object or the peer."""
        return {"ssl_object": self._secure.object, "peername": self._stream.peer}.get(name)

    def get_write_buffer_size(self) -> int:
        """Return the bytes that the client has not read yet."""
        return self._stream.backlog


async def serve(server: Backend, stream: Stream, context: ssl.SSLContext, make: Callable[[], Connection]) -> None:
    """Answer the requests of one connection until it ends."""
    try:
        secure = await tls.server(stream, context)
    except tls.TlsError as error:
        where = ":".join(map(str, stream.peer))
        server.cluster.log("kube-apiserver", f"http: TLS handshake error from {where}: {error}")
        return
    connection = make()
    transport = Transport(secure, stream)
    connection.connection_made(cast("asyncio.BaseTransport", transport))
    try:
        while not transport.closing and (data := await secure.read()):
            connection.data_received(data)
    finally:
        connection.connection_lost(None)
