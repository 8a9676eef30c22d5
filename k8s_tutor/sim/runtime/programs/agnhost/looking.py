"""Subcommands that tell something and end: connect, dns-suffix, etc-hosts, entrypoint-tester and the like."""

import hashlib
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import Datagrams, NetworkError, Tls
from k8s_tutor.sim.runtime.programs.agnhost.command import Flags, duration, subcommand
from k8s_tutor.sim.runtime.programs.resolving import Resolver, resolve
from k8s_tutor.sim.runtime.programs.templates import moment

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


@subcommand("connect", timeout="0s", protocol="tcp", udp_data="hostname", sctp_data="hostname")
async def connect(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Try to connect, and say by a fixed word why not."""
    if len(operands) != 1:
        await process.err(f"Error: accepts 1 arg(s), received {len(operands)}\n")
        return 1
    host, colon, port = operands[0].rpartition(":")
    if not colon:
        await process.err(f"UNKNOWN: address {operands[0]}: missing port in address\n")
        return 1
    addresses = await resolve(process, host.strip("[]"))
    if not addresses or not port.isdigit():
        await process.err(f"DNS: lookup {host}: no such host\n")
        return 1
    patience = duration(flags["timeout"]) or None
    if flags["protocol"] == "udp":
        return await _udp(process, addresses[0], int(port), flags["udp-data"], patience)
    try:
        stream = await process.pause(
            process.container.runtime.network.connect(
                process.container.config.pod_ip, addresses[0], int(port), patience
            )
        )
    except NetworkError as error:
        words = {"timeout": "TIMEOUT", "refused": "REFUSED"}
        reason = f"OTHER: dial tcp {addresses[0]}:{port}: connect: {error.message.lower()}"
        await process.err(f"{words.get(error.kind, reason)}\n")
        return 1
    stream.close()
    return 0


async def _udp(process: "Process", address: str, port: int, text: str, patience: float | None) -> int:
    source = process.container.config.pod_ip
    socket = Datagrams(process.container.runtime.network, source, address, port)
    flow = f"read udp {source}:{socket.local_port}->{address}:{port}"
    try:
        socket.send(f"{text}\n".encode())
        data = await process.pause(socket.receive_within(patience) if patience else socket.receive())
    except NetworkError as error:
        word = "REFUSED" if error.kind == "refused" else "UNKNOWN"
        await process.err(f"{word}: {flow}: {error.message.lower()}\n")
        return 1
    if data is None:
        await process.err(f"TIMEOUT: {flow}: i/o timeout\n")
        return 1
    return 0


@subcommand("dns-suffix")
async def dns_suffix(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Show the search domains."""
    del flags, operands
    await process.out(",".join(Resolver(process).searches) + "\n")
    return 0


@subcommand("dns-server-list")
async def dns_servers(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Show the first name server."""
    del flags, operands
    await process.out(",".join(Resolver(process).nameservers[:1]) + "\n")
    return 0


@subcommand("etc-hosts")
async def etc_hosts(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Show the hosts file."""
    del flags, operands
    await process.write(1, process.files.read_file("/etc/hosts") + b"\n")
    return 0


@subcommand("entrypoint-tester")
async def entrypoint_tester(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Show all arguments, as Go shows a list."""
    del flags, operands
    await process.out(f"[{' '.join(process.argv)}]\n")
    return 0


@subcommand("nonewprivs")
async def no_new_privileges(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Show the user's number."""
    del flags, operands
    await process.out(f"Effective uid: {process.credentials.uid}\n")
    return 0


@subcommand("inclusterclient", poll_interval="30")
async def in_cluster_client(process: "Process", flags: Flags, operands: list[str]) -> int:
    """Ask the API server again and again, with the service account's token of the moment."""
    del operands
    files, who = process.files, process.credentials

    def say(letter: str, text: str) -> None:
        process.say(f"{letter}{moment(process, '%m%d %H:%M:%S.%f')}       1 main.go:61] {text}\n", 2)

    say("I", "started")
    host, port = process.env.get("KUBERNETES_SERVICE_HOST", ""), process.env.get("KUBERNETES_SERVICE_PORT", "443")
    while True:
        await process.sleep(float(flags["poll-interval"]))
        say("I", "calling /healthz")
        try:
            token = files.read_file(f"{ACCOUNT}/token", who=who).decode()
            authorities = files.read_file(f"{ACCOUNT}/ca.crt", who=who).decode()
        except OSError:
            say("E", "authz_header=<empty>")
            continue
        digest = hashlib.sha256(f"salt|Bearer {token}".encode()).digest()
        say("I", f"authz_header={urlsafe_b64encode(digest).decode().rstrip('=')}")
        headers = {"Authorization": f"Bearer {token}"}
        work = process.container.runtime.network.http(
            process.container.config.pod_ip,
            "GET",
            f"https://{host}:{port}/healthz",
            headers,
            tls=Tls(verify=True, authorities=authorities, host=host),
        )
        try:
            response = await process.pause(work)
        except NetworkError as error:
            say("E", "status=failed")
            say("E", f"error checking /healthz: {error}")
        else:
            if response.status != 200:
                say("E", "status=failed")
