"""Whatever runs in a container, the others and the API are served: no round of the event loop takes long."""

import pytest

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.runtime import Limits

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
}
GIGABYTES = 3 << 30


@pytest.mark.parametrize("what", SCRIPTS)
async def test_rounds_of_the_event_loop_stay_short(
    what: str, container: MakeContainer, clock: Clock, rounds: list[float]
) -> None:
    made = container(
        "busybox:1.36",
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
