"""Local ports that lead to a pod's ports: a listener, and one stream of the API for each connection."""

import contextlib
import socket
import threading
from collections.abc import Callable

from k8s_tutor.client import ApiError, Client, ConnectionFailedError
from k8s_tutor.client.streams import PortStream
from k8s_tutor.kubectl.text import quoted


class Forwarder:
    """Forwards one local port.

    Args:
        client: the connection.
        namespace: of the pod.
        pod: its name.
        remote: the pod's port.
        told: gets lines about connections.
        failed: gets lines about failures.
    """

    def __init__(
        self,
        client: Client,
        namespace: str,
        pod: str,
        remote: int,
        told: Callable[[str], None],
        failed: Callable[[str], None],
    ) -> None:
        self._client, self._namespace, self._pod, self._remote = client, namespace, pod, remote
        self._told, self._failed = told, failed
        self._listener: socket.socket | None = None
        self.port = 0

    def listen(self, address: str, port: int) -> None:
        """Open the local port (0 takes a free one) and serve it in a thread.

        Raises:
            OSError: it is taken.
        """
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listener.bind((address, port))
            listener.listen(64)
        except OSError:
            listener.close()
            raise
        self._listener = listener
        self.port = listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._told(f"Handling connection for {self.port}")
            threading.Thread(target=self._carry, args=(connection,), daemon=True).start()

    def _carry(self, connection: socket.socket) -> None:
        try:
            stream = self._client.port_forward(self._namespace, self._pod, self._remote)
        except (ApiError, ConnectionFailedError) as error:
            ports = f"localPort={self.port} remotePort={self._remote}"
            self._failed(f'"Error creating forwarding stream" err={quoted(str(error))} {ports}')
            connection.close()
            return
        upward = threading.Thread(target=self._upward, args=(connection, stream), daemon=True)
        upward.start()
        try:
            for data in stream.chunks():
                connection.sendall(data)
        except OSError:
            pass
        if stream.error:
            ports = f"localPort={self.port} remotePort={self._remote}"
            self._failed(f'"An error occurred forwarding" err={quoted(str(stream.error))} {ports}')
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        stream.close()

    def _upward(self, connection: socket.socket, stream: PortStream) -> None:
        try:
            while data := connection.recv(65536):
                stream.write(data)
        except OSError:
            pass
