"""The plain streams that the API server maps to WebSocket channels.

Exec and attach take a ``ByteReader`` for stdin and ``ByteWriter``s for stdout and stderr (``contract``); a ``Pipe`` is
both. ``port_forward`` gives a duplex ``Stream`` to a port of a pod.
"""

from typing import TYPE_CHECKING

from k8s_tutor.sim.network.streams import CAPACITY, Pipe, Stream

if TYPE_CHECKING:
    from k8s_tutor.sim.network import Network

__all__ = ["CAPACITY", "Pipe", "ResizeQueue", "Stream", "port_forward"]


class ResizeQueue:
    """A terminal's size as the client reports it."""

    __slots__ = ("height", "width")

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.width, self.height = width, height

    def put(self, width: int, height: int) -> None:
        """Tell a new size."""
        self.width, self.height = width, height


async def port_forward(network: "Network", pod_ip: str, port: int) -> Stream:
    """Return a connection into a pod, to its loopback too, as containerd makes it inside the pod's namespace.

    Raises:
        NetworkError: nobody listens.
    """
    return await network.connect(pod_ip, "127.0.0.1", port)
