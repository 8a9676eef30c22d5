"""How containers live and end: signals, exit codes, memory, CPU, logs, termination messages."""

import pytest

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.runtime import ExitInfo, Limits

from .conftest import MakeContainer, Sink, run


async def test_exit_codes_and_reasons(container: MakeContainer, clock: Clock) -> None:
    ends: list[ExitInfo] = []
    for script in ("echo hi", "sleep 2; exit 3", "kill -9 $$", "nope"):
        container("busybox:1.36", "sh", "-c", script).on_exit(ends.append)
    await clock.advance(5)
    found = {(end.exit_code, end.reason, end.finished_at - end.started_at) for end in ends}
    # PID 1 cannot kill itself: `kill -9 $$` does nothing in a container, and the shell ends as if nothing was.
    assert found == {(0, "Completed", 0.0), (3, "Error", 2.0), (127, "Error", 0.0)}


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("sleep 600", None),
        ("while true; do sleep 1; done", None),
        ("trap 'exit 0' TERM; while true; do sleep 1; done", 0),
        ("trap 'echo bye; exit 7' TERM; sleep 600 & wait", 7),
        ("trap '' TERM; while true; do sleep 1; done", None),
        ("exec sleep 600", None),
    ],
)
async def test_sigterm_to_pid_1(container: MakeContainer, clock: Clock, script: str, code: int | None) -> None:
    made = container("busybox:1.36", "sh", "-c", script)
    await clock.advance(5)
    made.signal(15)
    await clock.advance(3)
    assert (made.exit_info.exit_code if made.exit_info else None) == code
    if code is None:
        made.kill()
        await clock.advance(0)
        assert made.exit_info is not None
        assert (made.exit_info.exit_code, made.exit_info.reason) == (137, "Error")


async def test_real_nginx_ends_at_once(container: MakeContainer, clock: Clock) -> None:
    nginx = container("nginx:1.27")
    nginx.signal(15)
    await clock.advance(0)
    assert nginx.exit_info is not None
    assert nginx.exit_info.exit_code == 0
    assert nginx.logs.read().decode().startswith("/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty")


@pytest.mark.parametrize(
    ("image", "command"),
    [
        ("busybox:1.36", ["sh", "-c", "tail /dev/zero"]),
        ("busybox:1.36", ["sh", "-c", "x=a; while true; do x=$x$x; done"]),
        ("polinux/stress", ["stress", "--vm", "1", "--vm-bytes", "150M", "--vm-hang", "1"]),
        ("python:3.12", ["python", "-c", "x = []\nwhile True: x.append('a' * 1000000)"]),
        ("busybox:1.36", ["sh", "-c", "cat /dev/zero | sort"]),
    ],
)
async def test_out_of_memory(container: MakeContainer, clock: Clock, image: str, command: list[str]) -> None:
    made = container(image, *command, limits=Limits(memory=20 << 20))
    await clock.advance(10)
    assert made.exit_info is not None, made.usage()
    assert (made.exit_info.exit_code, made.exit_info.reason) == (137, "OOMKilled")


async def test_stress_within_its_limit_runs_and_is_seen(container: MakeContainer, clock: Clock) -> None:
    made = container("polinux/stress", "stress", "--vm", "1", "--vm-bytes", "150M", "--vm-hang", "1",
                     limits=Limits(memory=200 << 20))  # fmt: skip
    await clock.advance(30)
    assert made.running
    assert 150 << 20 < made.usage().memory_bytes < 160 << 20
    assert "stress: info: [1] dispatching hogs: 0 cpu, 0 io, 1 vm, 0 hdd" in made.logs.read().decode()


async def test_cpu_is_throttled_to_the_limit(container: MakeContainer, clock: Clock) -> None:
    free = container("polinux/stress", "stress", "--cpu", "2")
    tied = container("polinux/stress", "stress", "--cpu", "2", limits=Limits(cpu=500))
    await clock.advance(60)
    assert free.usage().cpu_millicores == pytest.approx(2000, rel=0.02)
    assert tied.usage().cpu_millicores == pytest.approx(500, rel=0.02)
    assert free.usage().throttled_periods == 0
    assert tied.usage().throttled_periods > 500


async def test_a_limit_makes_the_same_work_take_longer(container: MakeContainer, clock: Clock) -> None:
    pi = ["perl", "-Mbignum=bpi", "-wle", "print bpi(2000)"]
    free, tied = container("perl", *pi), container("perl", *pi, limits=Limits(cpu=250))
    await clock.advance(100)
    for made in (free, tied):
        assert made.exit_info is not None
        text = made.logs.read().decode()
        assert text.startswith("3.14159265358979323846264338327950288419716939937510")
        assert text.endswith("2592520\n") or len(text) == 2002
    assert free.exit_info is not None
    assert tied.exit_info is not None
    taken = [made.finished_at - made.started_at for made in (free.exit_info, tied.exit_info)]
    assert taken[1] == pytest.approx(taken[0] * 4, rel=0.05)


async def test_logs_keep_times_streams_and_partial_lines(container: MakeContainer, clock: Clock) -> None:
    made = container("busybox:1.36", "sh", "-c", "echo one; sleep 2; echo two >&2; printf three")
    await clock.advance(1)
    assert made.logs.read() == b"one\n"
    await clock.advance(5)
    lines = made.logs.lines()
    assert [(line.text, line.stream) for line in lines] == [
        (b"one\n", "stdout"),
        (b"two\n", "stderr"),
        (b"three", "stdout"),
    ]
    assert lines[1].time - lines[0].time == pytest.approx(2)
    assert made.logs.read(tail=1) == b"three"
    assert made.logs.read(since=lines[1].time) == b"two\nthree"
    assert made.logs.read(tail=3, timestamps=True).startswith(b"2027-01-15T08:00:00.000000000Z one\n")
    assert made.logs.read(limit_bytes=5) == b"one\nt"


async def test_lines_that_were_written_at_once(container: MakeContainer, clock: Clock) -> None:
    made = container("busybox:1.36", "sh", "-c", "printf 'a\\nb\\nc\\n'; sleep 1; printf 'd\\ne'")
    await clock.advance(3)
    assert made.logs.read(tail=4) == b"b\nc\nd\ne"
    assert made.logs.read(tail=2) == b"d\ne"
    assert made.logs.read(tail=0) == b""
    stamped = made.logs.read(timestamps=True).decode().splitlines()
    assert [line.split(" ")[1] for line in stamped] == ["a", "b", "c", "d", "e"]
    assert len({line.split(" ")[0] for line in stamped}) == 2


async def test_following_a_log_ends_with_the_container(container: MakeContainer, clock: Clock) -> None:
    made = container("busybox:1.36", "sh", "-c", "for i in 1 2 3; do echo $i; sleep 1; done")
    found: list[bytes] = []

    async def follow() -> None:
        async for text in made.logs.follow():
            found.append(text)  # noqa: PERF401 - seen while it goes on

    task = clock.spawn(follow())
    await clock.advance(1.5)
    assert b"".join(found) == b"1\n2\n"
    await clock.advance(5)
    assert task.done()
    assert b"".join(found) == b"1\n2\n3\n"


async def test_termination_message(container: MakeContainer, clock: Clock) -> None:
    told = container("busybox:1.36", "sh", "-c", "echo why > /dev/termination-log; exit 1")
    silent = container("busybox:1.36", "sh", "-c", "echo last words; exit 1")
    await clock.advance(1)
    assert told.termination_message() == "why\n"
    assert silent.termination_message() == ""
    assert silent.termination_message(fallback_to_logs=True) == "last words\n"


async def test_environment_hostname_and_user(container: MakeContainer) -> None:
    from k8s_tutor.sim.runtime import SecurityContext

    made = container("busybox:1.36", "sleep", "9999", hostname="web-0", env={"COLOR": "blue"},
                     security=SecurityContext(run_as_user=1000, run_as_group=3000, fs_group=2000))  # fmt: skip
    done = await run(
        made, "sh", "-c", "echo $COLOR $HOSTNAME; hostname; id; whoami; touch /etc/x; echo x > /tmp/y; ls -ln /tmp/y"
    )
    assert done.out.splitlines()[:3] == ["blue web-0", "web-0", "uid=1000 gid=3000 groups=3000,2000"]
    assert "touch: /etc/x: Permission denied" in done.err
    assert "1000" in done.out.splitlines()[-1]


async def test_read_only_root(container: MakeContainer) -> None:
    from k8s_tutor.sim.runtime import Mount, SecurityContext, Volume

    made = container("busybox:1.36", "sleep", "9999", security=SecurityContext(read_only_root_filesystem=True),
                     mounts=[Mount("/data", Volume())])  # fmt: skip
    done = await run(made, "sh", "-c", "echo a > /x; echo b > /data/y && cat /data/y")
    assert done.err == "sh: can't create /x: Read-only file system\n"
    assert done.out == "b\n"


async def test_snapshot_brings_back_files_and_logs(container: MakeContainer, clock: Clock) -> None:
    first = container("busybox:1.36", "sh", "-c", "echo started; sleep 9999")
    await run(first, "sh", "-c", "mkdir -p /a/b; echo kept > /a/b/c; rm /etc/group; ln -s c /a/b/d; chmod 600 /a/b/c")
    await clock.advance(1)
    state = first.snapshot()
    second = container("busybox:1.36", "sh", "-c", "sleep 9999", start=False)
    second.restore(state)
    second.start()
    done = await run(second, "sh", "-c", "cat /a/b/d; ls /etc/group; ls -l /a/b/c | cut -c1-10")
    assert done.out == "kept\n-rw-------\n"
    assert done.err == "ls: /etc/group: No such file or directory\n"
    assert second.logs.read() == b"started\n"
    assert second.id == first.id


async def test_exec_words_of_runc(container: MakeContainer) -> None:
    from k8s_tutor.sim.runtime import ExecError

    made = container("busybox:1.36", "sleep", "9999")
    with pytest.raises(ExecError) as caught:
        await made.exec(["nope"], None, Sink(), Sink())
    assert caught.value.message.startswith('failed to exec in container: failed to start exec "')
    assert caught.value.message.endswith(
        'OCI runtime exec failed: exec failed: unable to start container process: exec: "nope": executable file not found in $PATH'
    )
    pause = container("registry.k8s.io/pause:3.10")
    with pytest.raises(ExecError, match="executable file not found"):
        await pause.exec(["sh"], None, Sink(), Sink())


async def test_a_client_that_leaves_takes_its_command_along(container: MakeContainer, clock: Clock) -> None:
    made = container("busybox:1.36", "sleep", "9999")
    task = clock.spawn(made.exec(["sleep", "1000"], None, Sink(), Sink()))
    await clock.advance(1)
    assert len(made.processes) == 2
    task.cancel()
    await clock.advance(0)
    assert len(made.processes) == 1
