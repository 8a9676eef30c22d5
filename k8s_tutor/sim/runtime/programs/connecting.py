"""What shows the network: ping, ip, ifconfig, route, netstat, ss."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.programs.options import applet, parse, usage
from k8s_tutor.sim.runtime.programs.registry import program
from k8s_tutor.sim.runtime.programs.resolving import resolve

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

NET_ADMIN = 1 << 12
CHANGES = {"add", "del", "delete", "set", "change", "replace", "flush", "up", "down"}


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
    if CHANGES.intersection(words):
        return await _change(process)
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


async def _change(process: "Process") -> int:
    """Change an interface, address or route: only with CAP_NET_ADMIN; what is made so is not kept."""
    security = process.container.config.security
    if process.credentials.uid == 0 and security.capabilities & NET_ADMIN:
        return 0
    name = applet(process)
    denied = "RTNETLINK answers: Operation not permitted" if name == "ip" else "SIOCSIFADDR: Operation not permitted"
    await process.err(f"{name}: {denied}\n")
    return 1


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
