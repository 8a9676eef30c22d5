"""Hostile containers harm themselves only."""

import time

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.runtime import Limits

from .conftest import MakeContainer, run


async def test_a_fork_bomb_meets_its_limit(container: MakeContainer, clock: Clock) -> None:
    bomb = container("busybox:1.36", "sh", "-c", "f() { f | f & }; f; sleep 5; echo survived", limits=Limits(pids=64))
    peak = 0
    for _ in range(50):
        await clock.advance(0.01)
        peak = max(peak, len(bomb.processes))
    assert 8 < peak <= 64
    assert b"can't fork: Resource temporarily unavailable" in bomb.logs.read()
    bomb.kill()
    await clock.advance(0)
    assert bomb.exited
    assert len(bomb.processes) == 0


async def test_endless_output_is_rotated_and_held_back(container: MakeContainer, clock: Clock) -> None:
    loud = container("busybox:1.36", "yes")
    started = time.monotonic()
    while loud.logs.total_bytes < 1 << 30 and time.monotonic() - started < 60:
        await clock.advance(1)
    assert loud.logs.total_bytes >= 1 << 30
    assert loud.logs.size <= 10 << 20
    assert loud.logs.read(tail=2) == b"y\ny\n"


async def test_a_busy_loop_is_a_figure(container: MakeContainer, clock: Clock) -> None:
    loop = container("busybox:1.36", "sh", "-c", "while :; do :; done", limits=Limits(cpu=200))
    await clock.advance(120)
    assert loop.running
    assert 150 < loop.usage().cpu_millicores <= 210
    other = container("busybox:1.36", "echo", "fine")
    await clock.advance(0.5)
    assert other.logs.read() == b"fine\n"


async def test_nothing_of_the_host_is_there(container: MakeContainer) -> None:
    made = container("debian:bookworm", "sleep", "9999")
    script = "cat /etc/hostname; ls /home; ls /work /root/go; cat /proc/1/environ | tr '\\0' '\\n' | grep -c PATH; ls ../../../../../../work"
    done = await run(made, "sh", "-c", script)
    assert done.out.splitlines()[0] == made.hostname
    assert done.err.count("No such file or directory") == 3
    python = container("python:3.12", "sleep", "9999")
    for text in (
        "import subprocess",
        "open('/etc/shadow').read()",
        "().__class__.__bases__",
        "__import__('os').system('id')",
        "print.__globals__",
        "import os; os.system('id')",
        "eval('1')",
        "'{0.__class__}'.format(1)",
    ):
        assert (await run(python, "python", "-c", text)).code == 1, text
    awk = await run(
        made, "awk", 'BEGIN { while (("cat /etc/passwd" | getline line) > 0) print line; system("ls /work") }'
    )
    assert "/work/main" not in awk.out
    assert (await run(made, "sh", "-c", "awk 'BEGIN { getline x < \"/etc/os-release\"; print x }'")).out.strip() in {
        "",
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"',
    }


async def test_an_endless_awk_ends(container: MakeContainer) -> None:
    made = container("busybox:1.36", "sleep", "9999")
    started = time.monotonic()
    done = await run(made, "awk", "BEGIN { while (1) i++ }")
    assert done.code != 0
    assert time.monotonic() - started < 30


async def test_many_connections(container: MakeContainer, clock: Clock) -> None:
    nginx = container("nginx:1.27")
    client = container(
        "busybox:1.36",
        "sh",
        "-c",
        f"while true; do nc {nginx.config.pod_ip} 80 < /dev/null & done",
        limits=Limits(pids=100),
    )
    await clock.advance(2)
    assert client.running
    response = await nginx.runtime.network.http(None, "GET", f"http://{nginx.config.pod_ip}/", timeout=1)
    assert response.status == 200


async def test_recursion_without_end_is_a_crash_of_its_own(container: MakeContainer) -> None:
    made = container("busybox:1.36", "sleep", "9999")
    done = await run(made, "sh", "-c", "f() { f; }; f")
    assert done.code in {2, 139}
    assert (await run(made, "sh", "-c", "(" * 200 + "echo deep" + ")" * 200)).code == 2
    assert made.running
