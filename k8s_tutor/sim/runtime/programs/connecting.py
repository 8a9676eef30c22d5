"""Network tools: nslookup, host, dig, nc, telnet, ping, traceroute, ip, ifconfig, netstat, ss, route."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import NetworkError, Stream
from k8s_tutor.sim.runtime.programs.options import applet, parse, usage
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.resolving import Resolver, is_address, reachable, resolve
from k8s_tutor.sim.runtime.programs.serving import listen

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


@program("nslookup")
async def nslookup(process: "Process") -> int:
    """Ask the DNS."""
    words = [word for word in process.argv[1:] if not word.startswith("-")]
    kinds = [word.partition("=")[2].upper() for word in process.argv[1:] if word.startswith(("-type=", "-query="))]
    if not words:
        return await usage(process, "[-type=QUERY_TYPE] HOST [DNS_SERVER]")
    name, kind = words[0], kinds[0] if kinds else "A"
    resolver = Resolver(process)
    server = words[1] if len(words) > 1 else (resolver.nameservers or ["127.0.0.1"])[0]
    if not await reachable(process):
        await process.out(";; connection timed out; no servers could be reached\n\n")
        return 1
    await process.out(f"Server:\t\t{server}\nAddress:\t{server}:53\n\n")
    dns = process.container.runtime.network.dns
    if is_address(name):
        pointer = ".".join(reversed(name.split("."))) + ".in-addr.arpa"
        answer = dns.query(pointer, "PTR")
        if not answer.records:
            await process.out(f"** server can't find {pointer}: NXDOMAIN\n\n")
            return 1
        await process.out(f"{pointer}\tname = {answer.records[0].value.rstrip('.')}\n\n")
        return 0
    return await _lookup(process, resolver, name, kind)


async def _lookup(process: "Process", resolver: Resolver, name: str, kind: str) -> int:
    """Print what each candidate name gives, as busybox: failures too, until one is found."""
    dns = process.container.runtime.network.dns
    failed: list[str] = []
    for candidate in dns.search(name, resolver.searches, resolver.ndots):
        answer = dns.query(candidate, kind)
        if not answer.exists:
            failed.append(f"** server can't find {candidate}: NXDOMAIN\n\n")
            continue
        if not answer.records:
            await process.out(f"*** Can't find {candidate}: No answer\n\n")
            return 1
        for record in answer.records:
            if record.type == "A":
                await process.out(f"Name:\t{record.name}\nAddress: {record.value}\n")
            elif record.type == "CNAME":
                await process.out(f"{record.name}\tcanonical name = {record.value}\n")
            else:
                await process.out(
                    f"{record.name}\t{'service' if record.type == 'SRV' else record.type} = {record.value}\n"
                )
        await process.out("\n")
        return 0
    await process.out("".join(failed))
    return 1


@program("host", "dig")
async def dig(process: "Process") -> int:
    """Ask the DNS, briefly."""
    words = [word for word in process.argv[1:] if not word.startswith(("-", "+", "@"))]
    kinds = [word for word in words if word.upper() in {"A", "SRV", "PTR", "CNAME", "AAAA"}]
    names = [word for word in words if word not in kinds]
    if not names:
        return await usage(process, "NAME")
    search = "+search" in process.argv or applet(process) == "host"
    resolver = Resolver(process)
    dns = process.container.runtime.network.dns
    for candidate in dns.search(names[0], resolver.searches, resolver.ndots) if search else names[:1]:
        answer = dns.query(candidate, kinds[0].upper() if kinds else "A")
        if answer.records:
            for record in answer.records:
                text = (
                    record.value if "+short" in process.argv else f"{candidate}.\t30\tIN\t{record.type}\t{record.value}"
                )
                await process.out(
                    (f"{candidate} has address {record.value}" if applet(process) == "host" else text) + "\n"
                )
            return 0
    if applet(process) == "host":
        await process.out(f"Host {names[0]} not found: 3(NXDOMAIN)\n")
        return 1
    return 0


@program("nc", "telnet")
async def nc(process: "Process") -> int:
    """Connect to a port, or listen on one."""
    options, words = await parse(process, "lvznukN46k", "wpseqi", stop=False)
    if "l" in options:
        port = int(options.get("p") or (words[-1] if words else 0))
        return await _nc_listen(process, port, keep="k" in options)
    if len(words) < 2:
        return await usage(process, "[IPADDR PORT]")
    host, port = words[0], int(words[1]) if words[1].isdigit() else 0
    addresses = await resolve(process, host)
    if not addresses:
        await process.err(f"nc: bad address '{host}'\n")
        return 1
    network = process.container.runtime.network
    patience = float(options["w"]) if "w" in options else None
    try:
        stream: Stream = await process.pause(
            network.connect(process.container.config.pod_ip, addresses[0], port, patience)
        )
    except NetworkError as error:
        text = "Connection timed out" if error.kind == "timeout" else error.message
        if "v" in options or "z" not in options:
            await process.err(
                f"nc: {addresses[0]} ({addresses[0]}:{port}): {text}\n"
                if "v" in options
                else f"nc: can't connect to remote host ({addresses[0]}): {text}\n"
            )
        return 1
    if "v" in options:
        await process.err(f"{host} ({addresses[0]}:{port}) open\n")
    if "z" in options:
        stream.close()
        return 0
    await _join(process, stream)
    return 0


async def _join(process: "Process", stream: Stream) -> None:
    """Copy between the terminal and the connection until the other side ends."""

    async def send() -> None:
        while data := await process.fds[0].read():
            await stream.write(data)
        stream.close_write()

    sender = process.container.clock.spawn(send())
    try:
        while data := await process.pause(stream.read()):
            await process.write(1, data)
    finally:
        sender.cancel()
        stream.close()


async def _nc_listen(process: "Process", port: int, *, keep: bool) -> int:
    arrived: asyncio.Queue[tuple[Stream, asyncio.Future[None]]] = asyncio.Queue()

    async def accept(stream: Stream) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await arrived.put((stream, done))
        await done

    if not listen(process, port, accept=accept):
        await process.err("nc: bind: Address already in use\n")
        return 1
    while True:
        stream, done = await process.pause(arrived.get())
        with contextlib.suppress(BrokenPipeError):
            await _join(process, stream)
        if not done.done():
            done.set_result(None)
        if not keep:
            return 0


@program("ping")
async def ping(process: "Process") -> int:
    """Ask an address for an echo."""
    options, words = await parse(process, "q46n", "cWwisIt")
    if not words:
        return await usage(process, "[OPTIONS] HOST")
    addresses = await resolve(process, words[0])
    if not addresses:
        await process.err(f"ping: bad address '{words[0]}'\n")
        return 1
    count = int(options.get("c", "0")) or 10**9
    network = process.container.runtime.network
    answers = network.pingable(process.container.config.pod_ip, addresses[0])
    await process.out(f"PING {words[0]} ({addresses[0]}): 56 data bytes\n")
    received = 0
    for number in range(count):
        if number:
            await process.sleep(float(options.get("i", "1")))
        if answers:
            received += 1
            await process.out(f"64 bytes from {addresses[0]}: seq={number} ttl=64 time=0.0{60 + number % 30} ms\n")
    if not answers:
        await process.sleep(float(options.get("W", "10")))
    loss = 100 * (count - received) // count
    await process.out(
        f"\n--- {words[0]} ping statistics ---\n{count} packets transmitted, {received} packets received, {loss}% packet loss\n"
    )
    if received:
        await process.out("round-trip min/avg/max = 0.060/0.070/0.089 ms\n")
    return 0 if received else 1


@program("ip", "ifconfig", "route")
async def interfaces(process: "Process") -> int:
    """Show the pod's interface and route."""
    address = process.container.config.pod_ip
    gateway = address.rsplit(".", 1)[0] + ".1"
    words = process.argv[1:]
    if applet(process) == "route" or (words and words[0].startswith("r")):
        await process.out(
            f"default via {gateway} dev eth0 \n{gateway.rsplit('.', 1)[0]}.0/24 dev eth0 scope link  src {address} \n"
        )
    elif applet(process) == "ifconfig":
        await process.out(
            f"eth0      Link encap:Ethernet  HWaddr 02:42:0A:F4:00:02\n          inet addr:{address}  Bcast:0.0.0.0  Mask:255.255.255.0\n"
            "          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n\n"
            "lo        Link encap:Local Loopback\n          inet addr:127.0.0.1  Mask:255.0.0.0\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n\n"
        )
    else:
        await process.out(
            "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n    inet 127.0.0.1/8 scope host lo\n"
            "       valid_lft forever preferred_lft forever\n"
            f"2: eth0@if5: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue \n    inet {address}/24 brd {gateway.rsplit('.', 1)[0]}.255 scope global eth0\n"
            "       valid_lft forever preferred_lft forever\n"
        )
    return 0


@program("netstat", "ss")
async def netstat(process: "Process") -> int:
    """Show listening ports."""
    await process.out(
        "Active Internet connections (only servers)\n"
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State       \n"
    )
    for listener in process.container.runtime.network.listeners(process.container.config.pod_ip):
        place = f"{'127.0.0.1' if listener.loopback else '0.0.0.0'}:{listener.port}"
        await process.out(f"tcp        0      0 {place:<23} 0.0.0.0:*               LISTEN      \n")
    return 0
