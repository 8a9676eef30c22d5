"""Names to addresses, as a container's resolver does it: hosts file, resolv.conf, the cluster's DNS."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

DNS_TIMEOUT = 5.0


class Resolver:
    """What ``/etc/resolv.conf`` says."""

    def __init__(self, process: "Process") -> None:
        self.nameservers: list[str] = []
        self.searches: list[str] = []
        self.ndots = 1
        try:
            text = process.container.files.read_file("/etc/resolv.conf").decode("utf-8", "replace")
        except OSError:
            text = ""
        for line in text.splitlines():
            word, _, rest = line.partition(" ")
            if word == "nameserver":
                self.nameservers.append(rest.strip())
            elif word == "search":
                self.searches = rest.split()
            elif word == "options" and (match := re.search(r"ndots:(\d+)", rest)):
                self.ndots = int(match[1])


def is_address(text: str) -> bool:
    """Tell whether the text is an IPv4 address."""
    return re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", text) is not None


async def reachable(process: "Process") -> bool:
    """Tell whether the DNS answers; waits as long as a resolver does if it does not."""
    network = process.container.runtime.network
    if network.policies.allows_dns(process.container.config.pod_ip) and network.dns.serving:
        return True
    await process.sleep(DNS_TIMEOUT * 2)
    return False


async def resolve(process: "Process", name: str) -> list[str]:
    """Return a name's addresses; none if it is not known."""
    if is_address(name):
        return [name]
    try:
        hosts = process.container.files.read_file("/etc/hosts").decode("utf-8", "replace")
    except OSError:
        hosts = ""
    for line in hosts.splitlines():
        fields = line.split("#")[0].split()
        if len(fields) > 1 and name in fields[1:] and is_address(fields[0]):
            return [fields[0]]
    if not await reachable(process):
        return []
    resolver = Resolver(process)
    return process.container.runtime.network.dns.resolve(name, resolver.searches, resolver.ndots)[1]
