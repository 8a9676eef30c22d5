"""Addresses for pods from the node's range, in order, reused only when the range has gone round (CNI ``host-local``)."""

import ipaddress


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

    def free(self, address: str) -> None:
        """Give an address back."""
        self._used.discard(int(ipaddress.ip_address(address)) - self._first)
