"""UDP between containers: a client's socket, and what the kernel remembers of its flow.

A datagram finds its way as a connection does (names, Services, policies, listener), but nobody waits for it: what is
dropped is silence, and a closed port or a Service without endpoints answers with ICMP, which the client learns when it
next reads or writes. The endpoint is chosen by the first datagram of a flow and kept while it listens, as conntrack
does (kube-proxy deletes the entries of endpoints that have gone).
"""

import asyncio
from typing import TYPE_CHECKING

from k8s_tutor.sim.network.fabric import LostError, NetworkError, Way

if TYPE_CHECKING:
    from k8s_tutor.sim.network.fabric import Network

LARGEST = 65507
WAITING = 256


class Datagrams:
    """A client's UDP socket, connected to a host and port.

    Args:
        network: the cluster's.
        source: the pod's address; None is the node.
        host: an address.
    """

    def __init__(self, network: "Network", source: str | None, host: str, port: int, local_port: int = 0) -> None:
        self._network, self._source = network, source
        self.host, self.port = host, port
        self.local_port = local_port or network.next_port()
        self._way: Way | None = None
        self._arrived: asyncio.Queue[bytes | NetworkError] = asyncio.Queue(WAITING)

    def send(self, data: bytes) -> None:
        """Send one datagram; nothing tells whether it arrives.

        Raises:
            NetworkError: too large, or the network cannot be reached.
        """
        if len(data) > LARGEST:
            raise NetworkError("too-large", "Message too large")
        try:
            way = self._current()
        except LostError:
            return
        except NetworkError as error:
            if error.kind != "refused":
                raise
            self._put(error)
            return
        if way.listener.datagram is not None:
            way.listener.datagram(data, (way.peer, self.local_port), self._put)

    def _current(self) -> Way:
        """Return the flow's way: the one before while its listener is there and may still be reached."""
        found = self._network.find(self._source, self.host, self.port, "UDP")
        if self._way is None or not self._network.serves(self._way.address, self._way.listener):
            self._way = found
        return self._way

    def _put(self, data: "bytes | NetworkError") -> None:
        if not self._arrived.full():
            self._arrived.put_nowait(data)

    async def receive(self) -> bytes:
        """Return the next datagram.

        Raises:
            NetworkError: refused (an ICMP answer came instead).
        """
        data = await self._arrived.get()
        if isinstance(data, NetworkError):
            raise data
        return data

    async def receive_within(self, seconds: float) -> bytes | None:
        """Return the next datagram; None if none came in so many cluster seconds."""
        waiting = asyncio.ensure_future(self.receive())
        timer = self._network.clock.call_later(seconds, waiting.cancel, "timeout")
        try:
            return await waiting
        except asyncio.CancelledError as stopped:
            if stopped.args == ("timeout",):
                return None
            waiting.cancel()
            raise
        finally:
            timer.cancel()
