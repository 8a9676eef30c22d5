"""Addresses for pods from the node's range, in order, reused only when the range has gone round (CNI ``host-local``)."""

import ipaddress
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.unstructured import Json

if TYPE_CHECKING:
    from k8s_tutor.sim.network import Network

EXHAUSTED = 'plugin type="ptp" failed (add): failed to allocate for range 0: no IP addresses available in range set'


class NoAddressError(Exception):
    """The node's range is used up."""


class AddressPool:
    """The addresses of one node.

    Args:
        cidr: the node's podCIDR; its first address is the bridge's.
    """

    def __init__(self, cidr: str) -> None:
        network = ipaddress.ip_network(cidr)
        self._first = int(network.network_address) + 2
        self._count = network.num_addresses - 3
        self._next = 0
        self._used: set[int] = set()

    def take(self) -> str | None:
        """Return a free address, None if there is none."""
        for step in range(self._count):
            offset = (self._next + step) % self._count
            if offset not in self._used:
                self._used.add(offset)
                self._next = offset + 1
                return str(ipaddress.ip_address(self._first + offset))
        return None

    def reserve(self, address: str) -> None:
        """Mark an address as taken (a restored pod's)."""
        offset = int(ipaddress.ip_address(address)) - self._first
        if 0 <= offset < self._count:
            self._used.add(offset)
            self._next = max(self._next, offset + 1)

    def holds(self, address: str) -> bool:
        """Whether an address is of this range and taken."""
        return int(ipaddress.ip_address(address)) - self._first in self._used

    def free(self, address: str) -> None:
        """Give an address back."""
        self._used.discard(int(ipaddress.ip_address(address)) - self._first)


class PodAddresses:
    """Gives pods their addresses and takes them back.

    Args:
        network: the cluster's.
        pool: the node's range.
        node_name: the node.
        node_address: what pods on the host's network have.
    """

    def __init__(self, network: "Network", pool: AddressPool, node_name: str, node_address: str) -> None:
        self._node_name = node_name
        self._network = network
        self._pool = pool
        self._node_address = node_address

    def attach(self, pod: Json) -> str:
        """Return a new address for a pod.

        Raises:
            NoAddressError: there is none left.
        """
        if pod["spec"].get("hostNetwork"):
            return self._node_address
        ip = self._pool.take()
        if ip is None:
            raise NoAddressError(EXHAUSTED)
        self._connect(pod, ip)
        return ip

    def attach_again(self, pod: Json, ip: str) -> None:
        """Give a resumed pod its old address."""
        if not pod["spec"].get("hostNetwork"):
            self._pool.reserve(ip)
            self._connect(pod, ip)

    def _connect(self, pod: Json, ip: str) -> None:
        """Attach an address, with the host ports that lead to it."""
        self._network.attach(ip, self._node_name)
        for container in pod["spec"].get("containers") or ():
            for port in container.get("ports") or ():
                if port.get("hostPort"):
                    target = (ip, port["containerPort"])
                    protocol = port.get("protocol", "TCP")
                    self._network.forward(
                        self._node_address, port.get("hostIP", ""), port["hostPort"], protocol, target
                    )

    def detach(self, pod: Json, ip: str) -> None:
        """Take an address back."""
        if not pod["spec"].get("hostNetwork"):
            self._network.detach(ip)
            self._pool.free(ip)
