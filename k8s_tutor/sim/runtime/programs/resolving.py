"""Names to addresses, as a container's resolver does it: hosts file, resolv.conf, and the name servers in it.

Which server is asked decides what is known: the cluster's DNS answers where kube-proxy's rules lead to it and policies
allow it; a server outside knows no name of the cluster; an address where no server is lets one wait.
"""

import ipaddress
import re
from typing import TYPE_CHECKING

from k8s_tutor.sim.network.dns import Answer, Record

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

DNS_TIMEOUT = 5.0
ATTEMPTS = 2
CLUSTER_DNS = ("10.96.0.10", "kube-dns")


class Resolver:
    """What ``/etc/resolv.conf`` says."""

    def __init__(self, process: "Process") -> None:
        self.nameservers: list[str] = []
        self.searches: list[str] = []
        self.ndots = 1
        self.timeout, self.attempts = DNS_TIMEOUT, ATTEMPTS
        try:
            text = process.files.read_file("/etc/resolv.conf").decode("utf-8", "replace")
        except OSError:
            text = ""
        for line in text.splitlines():
            word, _, rest = line.partition(" ")
            if word == "nameserver":
                self.nameservers.append(rest.strip())
            elif word == "search":
                self.searches = rest.split()
            elif word == "options":
                options = dict(re.findall(r"(\w+):(\d+)", rest))
                self.ndots = int(options.get("ndots", self.ndots))
                self.timeout = float(options.get("timeout", self.timeout))
                self.attempts = int(options.get("attempts", self.attempts))


def is_address(text: str) -> bool:
    """Tell whether the text is an IP address."""
    return re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]+", text) is not None


async def ask(process: "Process", server: str, name: str, kind: str, seconds: float = DNS_TIMEOUT) -> Answer | None:
    """Ask a name server one question; None if it did not answer, after the seconds one waits for it."""
    network = process.container.runtime.network
    source = process.container.config.pod_ip
    servers = dns_servers(process)
    if server == CLUSTER_DNS[0] or server in servers:
        asked = servers if server == CLUSTER_DNS[0] else [server]
        if network.dns.serving and network.policies.allows_dns(source, asked):
            return network.dns.query(name, kind)
    elif is_address(server) and ipaddress.ip_address(server).is_global:
        if network.policies.allows(source, server, 53, "UDP"):
            return Answer(False)
    await process.sleep(seconds)
    return None


def dns_servers(process: "Process") -> list[str]:
    """Return the addresses of the cluster's DNS servers, behind their Service."""
    endpoints = process.container.runtime.network.dns.endpoints(("kube-system", CLUSTER_DNS[1]))
    return [address for endpoint, _ in endpoints for address in endpoint.get("addresses") or ()]


async def ask_servers(process: "Process", resolver: Resolver, name: str, kind: str) -> Answer | None:
    """Ask the name servers in turn, as often as the resolver's options say; None if none answers."""
    for _ in range(resolver.attempts):
        for server in resolver.nameservers or ["127.0.0.1"]:
            answer = await ask(process, server, name, kind, resolver.timeout)
            if answer is not None:
                return answer
    return None


def in_hosts_file(process: "Process", name: str) -> str | None:
    """Return a name's IPv4 address in ``/etc/hosts``."""
    for address, names in host_lines(process):
        if name in names and ":" not in address:
            return address
    return None


def host_lines(process: "Process") -> list[tuple[str, list[str]]]:
    """Return the lines of ``/etc/hosts``: address and names."""
    try:
        text = process.files.read_file("/etc/hosts").decode("utf-8", "replace")
    except OSError:
        return []
    lines = (line.split("#")[0].split() for line in text.splitlines())
    return [(fields[0], fields[1:]) for fields in lines if len(fields) > 1 and is_address(fields[0])]


async def look_up(process: "Process", name: str, kind: str = "A") -> tuple[str, tuple[Record, ...]]:
    """Return the absolute name that was found and its records, by the search domains; ("", ()) if there are none."""
    resolver = Resolver(process)
    dns = process.container.runtime.network.dns
    for candidate in dns.search(name, resolver.searches, resolver.ndots):
        answer = await ask_servers(process, resolver, candidate, kind)
        if answer is None:
            break
        if any(record.type == kind for record in answer.records):
            return candidate, answer.records
    return "", ()


async def resolve(process: "Process", name: str) -> list[str]:
    """Return a name's addresses; none if it is not known."""
    if is_address(name):
        return [name]
    known = in_hosts_file(process, name)
    if known is not None:
        return [known]
    _, records = await look_up(process, name)
    return [record.value for record in records if record.type == "A"]
