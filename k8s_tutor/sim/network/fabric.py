"""Who listens where, and how a connection finds its way: the pod network as a table.

A connection goes: name → address (DNS, hosts file), Service address → endpoint (kube-proxy's table), NetworkPolicy,
listener. As on a real node a Service without endpoints refuses (kube-proxy's REJECT), a closed port refuses, an
address that nobody has is unreachable after a while, and what a policy forbids is dropped: the client waits.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from k8s_tutor.sim.network import health, http
from k8s_tutor.sim.network.dns import Dns
from k8s_tutor.sim.network.http import Handler, HttpRequest, HttpResponse
from k8s_tutor.sim.network.ingress import IngressTable
from k8s_tutor.sim.network.policy import Policies
from k8s_tutor.sim.network.services import ServiceTable
from k8s_tutor.sim.network.streams import Stream

if TYPE_CHECKING:
    from k8s_tutor.sim.clock import Clock

UNREACHABLE_SECONDS = 3.06
CONNECT_SECONDS = 127.0
MAX_CONNECTIONS = 1024
ANY = "0.0.0.0"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
Reply = Callable[[bytes], None]
Receive = Callable[[bytes, tuple[str, int], Reply], None]


class NetworkError(Exception):
    """A connection failed; ``kind`` is refused, timeout, unreachable, unknown-host, reset, tls or certificate."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


class LostError(Exception):
    """Nobody answers: the sender learns after some seconds what it has waited for in vain."""

    def __init__(self, seconds: float = CONNECT_SECONDS, kind: str = "timeout", message: str = "") -> None:
        super().__init__(message or "Connection timed out")
        self.seconds, self.kind, self.message = seconds, kind, message or "Connection timed out"


@dataclass(slots=True, eq=False)
class Listener:
    """A port that somebody serves, by HTTP, by bytes, or by datagrams.

    Args:
        loopback: bound to 127.0.0.1 only.
        http: answers requests; or
        accept: is given the connection; or
        datagram: is given the data, who sent it, and a function that answers (UDP).
    """

    port: int
    http: Handler | None = None
    accept: Callable[[Stream], Awaitable[None]] | None = None
    loopback: bool = False
    protocol: str = "TCP"
    datagram: Receive | None = None
    connections: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """Where something sent to a port arrives.

    Args:
        listener: who gets it.
        address: at which address.
        peer: the sender's address as the listener sees it (a node's where kube-proxy masquerades).
    """

    listener: Listener
    address: str
    peer: str


@dataclass(frozen=True, slots=True)
class Tls:
    """How a client does TLS.

    Args:
        verify: look at the certificate.
        authorities: who may have signed it (PEM).
        host: the name that it must bear, if not the address's.
    """

    verify: bool = False
    authorities: str = ""
    host: str = ""


class HasClock(Protocol):
    """What the network needs of a cluster."""

    clock: "Clock"


class Network:
    """All addresses of the cluster."""

    def __init__(self, kit: HasClock) -> None:
        self.clock = kit.clock
        self.services = ServiceTable(self.clock.now)
        self.dns = Dns()
        self.policies = Policies()
        self.ingress = IngressTable()
        self._hosts: dict[str, dict[tuple[int, str], Listener]] = {}
        self._outside: dict[tuple[str, int], Listener] = {}
        self._nodes: set[str] = set()
        self._where: dict[str, str] = {}
        self._host_ports: dict[tuple[str, str, int, str], tuple[str, int]] = {}
        self.services.locate(lambda ip: self._where.get(ip, ""))
        self._ports = itertools.cycle(range(32768, 61000))

    # -- who is there

    def attach(self, ip: str, node: str = "") -> None:
        """Give a pod its address, on a node."""
        self._hosts.setdefault(ip, {})
        self._where[ip] = node

    def attach_node(self, ip: str, name: str = "") -> None:
        """Make an address a node's: NodePorts answer on it, and policies do not stop it."""
        self._nodes.add(ip)
        self.attach(ip, name)
        if name:
            self.dns.add_host(name, ip)

    def detach(self, ip: str) -> None:
        """Take an address away with all that listens on it."""
        self._hosts.pop(ip, None)
        self._where.pop(ip, None)
        if self._host_ports:
            self._host_ports = {key: target for key, target in self._host_ports.items() if target[0] != ip}
        self._nodes.discard(ip)

    def forward(self, node: str, host_ip: str, port: int, protocol: str, target: tuple[str, int]) -> None:
        """Lead a port of a node's address to a pod (CNI's portmap); ``detach`` of the pod ends it."""
        self._host_ports[node, host_ip or ANY, port, protocol] = target

    def listen(self, ip: str, listener: Listener) -> Callable[[], None]:
        """Serve a port of an address; the answer ends it.

        Raises:
            NetworkError: the port is in use in this pod.
        """
        ports = self._hosts.setdefault(ip, {})
        key = (listener.port, listener.protocol)
        if key in ports:
            raise NetworkError("in-use", "Address already in use")
        ports[key] = listener

        def end() -> None:
            if ports.get(key) is listener:
                del ports[key]

        return end

    def serve_always(self, ip: str, listener: Listener) -> Callable[[], None]:
        """Serve a port of an address that lives apart from the nodes' containers (the API server)."""
        self._outside[ip, listener.port] = listener

        def end() -> None:
            self._outside.pop((ip, listener.port), None)

        return end

    def listeners(self, ip: str) -> list[Listener]:
        """Return what listens on an address, by port."""
        return sorted(self._hosts.get(ip, {}).values(), key=lambda listener: listener.port)

    def serves(self, ip: str, listener: Listener) -> bool:
        """Tell whether a listener still has its port."""
        return self._hosts.get(ip, {}).get((listener.port, listener.protocol)) is listener

    def pingable(self, source: str, address: str) -> bool:
        """Tell whether an address answers echo requests (a Service's does not: kube-proxy knows ports only)."""
        return address == "127.0.0.1" or (address in self._hosts and self.policies.allows(source, address, 0, "ICMP"))

    # -- connecting

    async def connect(self, source: str | None, host: str, port: int, timeout: float | None = None) -> Stream:  # noqa: ASYNC109 - cluster time
        """Open a TCP connection.

        Args:
            source: the address of who connects; None is the node.
            host: an address, or a name that is looked up as a pod without search domains would.
            port: the TCP port.
            timeout: cluster seconds to wait for an answer; None as long as TCP does.

        Raises:
            NetworkError: see its kinds.
        """
        way = await self._route(source, host, port, timeout)
        listener = way.listener
        if listener.connections >= MAX_CONNECTIONS:
            raise await self._lost(timeout)
        client, server = Stream.pair((way.peer, self.next_port()), (way.address, port))
        listener.connections += 1
        self.clock.spawn(self._serve(listener, server))
        return client

    def next_port(self) -> int:
        """Return a port for a client, in the range that Linux takes them from."""
        return next(self._ports)

    async def _serve(self, listener: Listener, stream: Stream) -> None:
        try:
            if listener.http is not None:
                await http.serve(stream, listener.http)
            elif listener.accept is not None:
                await listener.accept(stream)
        finally:
            listener.connections -= 1
            stream.close()

    async def http(
        self,
        source: str | None,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        timeout: float | None = None,  # noqa: ASYNC109 - cluster time
        tls: "Tls | None" = None,
    ) -> HttpResponse:
        """Make one HTTP request; redirects are the caller's.

        With https, ``tls`` says whom to believe (without it the certificate is not looked at).

        Raises:
            NetworkError: no connection, no answer in time, or an answer that is not HTTP.
        """
        host, port, target = http.split_url(url)
        sent = {"host": host if port == 80 else f"{host}:{port}", **http.lower((headers or {}).items())}
        request = HttpRequest(method, target, sent, body)
        if url.startswith("https://"):
            secure = self._secure_request(source, host, port, request, timeout, tls or Tls())
            return await self._within(timeout, secure)
        return await self._within(timeout, self._request(source, host, port, request, timeout))

    async def _secure_request(
        self, source: str | None, host: str, port: int, request: HttpRequest, patience: float | None, chosen: "Tls"
    ) -> HttpResponse:
        from k8s_tutor.sim.network import tls  # OpenSSL's settings are needed by few

        stream = await self.connect(source, host, port, patience)
        try:
            context = tls.client_context(chosen.authorities, verify=chosen.verify)
            secure = await tls.client(stream, context, chosen.host or host)
            await secure.write(http.request_bytes(request))
            return await http.read_response(secure, head_only=request.method == "HEAD")
        except tls.TlsError as error:
            raise NetworkError("certificate" if error.verify else "tls", error.verify or str(error)) from None
        except (ValueError, BrokenPipeError) as error:
            raise NetworkError("reset", "malformed HTTP response") from error
        finally:
            stream.close()

    async def _request(
        self, source: str | None, host: str, port: int, request: HttpRequest, patience: float | None
    ) -> HttpResponse:
        way = await self._route(source, host, port, patience)
        listener = way.listener
        if listener.http is not None:
            if listener.connections >= MAX_CONNECTIONS:
                raise await self._lost(patience)
            request.peer, request.peer_port = way.peer, self.next_port()
            listener.connections += 1
            try:
                return await http.answer(listener.http, request)
            finally:
                listener.connections -= 1
        stream = await self.connect(source, host, port, patience)
        try:
            await stream.write(http.request_bytes(request))
            return await http.read_response(stream, head_only=request.method == "HEAD")
        except (ValueError, BrokenPipeError) as error:
            raise NetworkError("reset", "malformed HTTP response") from error
        finally:
            stream.close()

    async def _within(self, patience: float | None, work: Awaitable[HttpResponse]) -> HttpResponse:
        """Await in cluster time."""
        if patience is None:
            return await work
        task = asyncio.ensure_future(work)
        timer = self.clock.call_later(patience, task.cancel, "timeout")
        try:
            return await task
        except asyncio.CancelledError as stopped:
            if stopped.args == ("timeout",):
                raise NetworkError("timeout", "timed out") from None
            task.cancel()
            raise
        finally:
            timer.cancel()

    async def dial_service(self, namespace: str, service: str, port: int | str) -> Stream:
        """Connect to a Service's port (by number or name) as the API server's proxy does: to a ready endpoint.

        Raises:
            NetworkError: no such port or no endpoint.
        """
        target = self.services.endpoint_of(namespace, service, port)
        if target is None:
            raise NetworkError("unreachable", f'no endpoints available for service "{service}"')
        return await self.connect(None, *target)

    async def _route(self, source: str | None, host: str, port: int, patience: float | None) -> Way:
        """Return who answers to TCP; waits if nobody does."""
        try:
            return self.find(source, host, port)
        except LostError as lost:
            raise await self._lost(patience, lost) from None

    def find(self, source: str | None, host: str, port: int, protocol: str = "TCP") -> Way:
        """Return who gets what is sent to a port.

        Raises:
            NetworkError: refused, or the name is not known.
            LostError: no answer will come.
        """
        address = host if is_address(host) else self._lookup(host)
        if address in LOOPBACK:
            inner = self._host_port(source or "", "127.0.0.1", port, protocol)
            if inner is not None:
                return Way(self._listener(source, *inner, protocol), inner[0], self._seen_as(None, inner[0], ""))
            found = self._hosts.get(source or "", {}).get((port, protocol))
            if found is None:
                raise NetworkError("refused", "Connection refused")
            return Way(found, source or "", "127.0.0.1")
        if ":" in address:
            raise NetworkError("unreachable", "Network unreachable")
        entrance = ""
        target = self.services.route(address, port, source, protocol, node=address in self._nodes)
        if target is not None:
            if not target.endpoints:
                raise NetworkError("refused", "Connection refused")
            entrance = address if target.masquerade else ""
            address, port = target.pick()
        else:
            address, port = self._host_port(address, address, port, protocol) or (address, port)
        found = self._listener(source, address, port, protocol)
        return Way(found, address, self._seen_as(source, address, entrance))

    def _host_port(self, node: str, address: str, port: int, protocol: str) -> tuple[str, int] | None:
        """Return the pod's address and port behind a host port of a node."""
        if not self._host_ports:
            return None
        exact = self._host_ports.get((node, address, port, protocol))
        return exact or self._host_ports.get((node, ANY, port, protocol))

    def _listener(self, source: str | None, address: str, port: int, protocol: str) -> Listener:
        if (address, port) in self._outside and protocol == "TCP":
            if source is not None and not self.policies.allows(source, address, port):
                raise LostError
            return self._outside[address, port]
        ports = self._hosts.get(address)
        if ports is None:
            if self.services.is_virtual(address):
                raise LostError
            raise LostError(UNREACHABLE_SECONDS, "unreachable", "No route to host")
        free = source is None or source in self._nodes
        if not free and not self.policies.allows(source or "", address, port, protocol):
            raise LostError
        found = ports.get((port, protocol))
        if found is None and address in self._nodes and protocol == "TCP":
            found = self._health(address, port)
        if found is None or found.loopback:
            raise NetworkError("refused", "Connection refused")
        return found

    def _health(self, address: str, port: int) -> Listener | None:
        """Return kube-proxy's health check of a Service on a node, if the port is one's."""
        told = self.services.health(port, self._where.get(address, ""))
        return Listener(port, lambda request: health.answer(request, *told)) if told is not None else None

    def _seen_as(self, source: str | None, address: str, entrance: str) -> str:
        """Return the sender's address behind kube-proxy's masquerade, or a node's on its pods' bridge."""
        on_node = source is None or (entrance and self._where.get(entrance) == self._where.get(address))
        if on_node and address not in self._nodes:
            return f"{address.rpartition('.')[0]}.1"
        return entrance or source or address

    def _lookup(self, host: str) -> str:
        if host in LOOPBACK:
            return "127.0.0.1"
        found = self.dns.addresses(host)
        if not found:
            raise NetworkError("unknown-host", f"no such host: {host}")
        return found[0]

    async def _lost(self, limit: float | None, lost: LostError | None = None) -> NetworkError:
        """Wait as for packets that nobody answers; return the error."""
        lost = lost or LostError()
        if limit is not None and limit < lost.seconds:
            await self.clock.sleep(limit)
            return NetworkError("timeout", "timed out")
        await self.clock.sleep(lost.seconds)
        return NetworkError(lost.kind, lost.message)

    async def close(self) -> None:
        """Forget all addresses."""
        self._hosts.clear()


def is_address(host: str) -> bool:
    """Tell whether a text is an IP address and no name."""
    parts = host.split(".")
    return ":" in host or (len(parts) == 4 and all(part.isdigit() and int(part) < 256 for part in parts))
