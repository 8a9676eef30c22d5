"""Whatever runs in a container, the others and the API are served: no round of the event loop takes long."""

import asyncio
import gc
import time

import pytest

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.runtime import Limits
from k8s_tutor.sim.runtime.nodes import REAL_LIMIT
from k8s_tutor.sim.runtime.turns import Measured, Turns

from .conftest import MakeContainer, run

SCRIPTS = {
    "a fork bomb": "f() { f | f & }; f; sleep 1000",
    "busy loops": "for i in 1 2 3 4 5 6 7 8 9 10; do (while :; do :; done) & done; wait",
    "endless output": "yes",
    "endless output through pipes": "yes | cat | cat > /dev/null",
    "a full file system": "while true; do dd if=/dev/zero of=/tmp/f$RANDOM bs=1M count=1000; done",
    "many files": "i=0; while true; do i=$((i+1)); echo x > /tmp/f$i; done",
    "many connections": "while true; do nc 127.0.0.1 80 < /dev/null & done",
    "a growing variable": "a=x; while true; do a=$a$a; done",
    "big substitutions": "while true; do a=$(yes | head -c 1000000); done",
    "big patterns": 'a=$(yes | head -c 300000); while true; do b=${a%%z*}; b=${a#*z}; case "$a" in *z*z*) ;; esac; done',
    "a walk without end": "while true; do find / > /dev/null; done",
    "a loud log": "while true; do echo hello; done",
    "a word of many fields": "a=$(yes | head -c 9000000); while true; do for i in $a; do :; done; done",
    "a word without end": "a=$(yes | tr -d '\\n' | head -c 9000000); while true; do ls $a; done",
    "a script of many lines": "a=$(seq 30000 | sed 's/^/echo /'); eval \"$a\"",
    "a script of one line": "a=$(seq 20000 | sed 's/^/echo /' | tr '\\n' ';'); eval \"$a\"",
    "a wide format": "while true; do printf '%900000000d' 1; printf '%60000d' 1 2 3 4 5 6 7 8 9; done",
    "sorting": "yes | head -c 90000000 | sort; seq 500000 | sort -r",
    "patches of a big file": "dd if=/dev/zero of=/tmp/x bs=1M count=900; while true; do "
    "dd if=/dev/zero of=/tmp/x bs=1 count=1 conv=notrunc seek=5; done",
    "a deep tree": "cd /tmp; while mkdir a; do cd a; done; while true; do find / > /dev/null; done",
    "comparing": "seq 9000 > /tmp/a; seq 9000 | sort -r > /tmp/b; while true; do diff /tmp/a /tmp/b; done",
    "a bash array": "bash -c 'while :; do a+=(x y z); done'",
    "bash braces": "while :; do bash -c 'echo {1..99999999} {1..99999}{a..z} > /dev/null'; done",
    "the last of much": "while true; do yes | head -c 90000000 | tail -n 9999999; done",
}
GIGABYTES = 3 << 30


@pytest.mark.parametrize("what", SCRIPTS)
async def test_rounds_of_the_event_loop_stay_short(
    what: str, container: MakeContainer, clock: Clock, rounds: list[float]
) -> None:
    made = container(
        "debian:bookworm" if "bash" in what else "busybox:1.36",
        "sh",
        "-c",
        SCRIPTS[what],
        limits=Limits(memory=256 << 20, cpu=2000, pids=512, ephemeral_storage=GIGABYTES),
    )
    await clock.advance(0.02)  # whatever has to be imported
    rounds.clear()
    for _ in range(20):
        await clock.advance(0.02)
    rounds.sort()
    assert rounds[int(len(rounds) * 0.99)] < 0.05
    beside = container("busybox:1.36", "echo", "served")
    await clock.advance(0.5)
    assert beside.logs.read() == b"served\n"
    made.kill()


PATTERNS = (
    ("grep", "-E", "(a+)+b", "/tmp/a"),
    ("grep", "-o", "-E", "(a|a)*(a|a)*(a|a)*(a|a)*b", "/tmp/a"),
    ("expr", "a" * 60, ":", r"\(a*\)*b"),
    ("sh", "-c", "case $(cat /tmp/a) in *a*a*a*a*a*a*a*a*a*a*a*a*b) echo no;; esac"),
    ("sh", "-c", "x=$(cat /tmp/a); echo ${x##*a*a*a*a*a*a*a*a*a*a*a*a*b}"),
    ("sh", "-c", "x=$(cat /tmp/a); echo ${x//*a*a*a*a*a*a*a*a*a*a*a*a*b/c}"),
)


@pytest.mark.parametrize("command", PATTERNS)
async def test_patterns_that_are_tried_again_and_again_are_given_up(
    command: tuple[str, ...], container: MakeContainer, rounds: list[float]
) -> None:
    made = container("busybox:1.36", "sleep", "9999")
    await run(made, "sh", "-c", f"echo {'a' * 200} > /tmp/a")
    rounds.clear()
    done = await run(made, *command)
    assert done.code != 0
    assert max(rounds) < 0.3
    assert made.running


async def test_programs_get_their_share_of_the_machine_and_no_more() -> None:
    """In real time: what computes without end, in many processes, leaves half of the processor to others."""
    clock = Clock(rate=1)
    turns = Turns(clock)

    async def burn() -> int:
        while True:
            end = time.perf_counter() + 0.001
            while time.perf_counter() < end:
                pass
            if turns.over():
                await turns.take("greedy")

    async def modest() -> int:
        for _ in range(20):
            await turns.take("modest")
        return 0

    greedy = [clock.spawn(Measured(burn(), turns)) for _ in range(20)]
    begun, used = time.perf_counter(), time.thread_time()
    await asyncio.sleep(1.5)
    share = (time.thread_time() - used) / (time.perf_counter() - begun)
    assert share < 0.95  # a third of it was the free burst
    await asyncio.wait_for(clock.spawn(Measured(modest(), turns)), 1)
    for task in greedy:
        task.cancel()
    await asyncio.gather(*greedy, return_exceptions=True)
    clock.close()


async def test_ended_processes_leave_no_garbage(container: MakeContainer, clock: Clock) -> None:
    """What only a collection frees comes in heaps, and heaps take long to look through."""
    made = container("busybox:1.36", "sh", "-c", "while true; do (echo $(ls /) | cat) & sleep 1; done > /dev/null")
    await clock.advance(5)
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        await clock.advance(100)
        assert len(gc.get_objects()) - before < 2000
    finally:
        gc.enable()
    made.kill()


async def test_the_file_system_fills_up_to_its_limit_only(container: MakeContainer, clock: Clock) -> None:
    made = container(
        "busybox:1.36",
        "sh",
        "-c",
        "dd if=/dev/zero of=/tmp/big bs=1M count=9000; sleep 999",
        limits=Limits(ephemeral_storage=GIGABYTES),
    )
    await clock.advance(60)
    assert 0 < made.usage().disk_bytes <= GIGABYTES
    other = container("busybox:1.36", "sh", "-c", "echo fine > /tmp/x; cat /tmp/x")
    await clock.advance(1)
    assert other.logs.read() == b"fine\n"


async def test_what_is_really_in_memory_is_limited_too(container: MakeContainer, clock: Clock) -> None:
    made = container("busybox:1.36", "sh", "-c", "cat /dev/urandom | tr a b > /tmp/noise; sleep 999")
    await clock.advance(5)
    sizes = [made.files.get("/tmp/noise").size]
    for _ in range(20):
        await clock.advance(1)
        sizes.append(made.files.get("/tmp/noise").size)
    assert sizes[-1] <= REAL_LIMIT + (1 << 20)
    assert b"No space left on device" in made.logs.read()


async def test_entries_are_limited_and_come_back(container: MakeContainer) -> None:
    made = container("busybox:1.36", "sleep", "99999")
    done = await run(made, "sh", "-c", "cd /tmp; mkdir m; cd m; seq 25000 | xargs touch 2>&1 | tail -n 1; ls | wc -l")
    assert done.out.startswith("touch: 25000: No space left on device\n")
    assert int(done.out.split()[-1]) > 15000
    assert (await run(made, "sh", "-c", "rm -r /tmp/m && touch /tmp/y && ls /tmp")).out == "y\n"
