"""Volumes: shared, projected with live update, limited, read only, subPath."""

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.runtime import Limits, Mount, Volume

from .conftest import MakeContainer, run


async def test_containers_share_a_volume(container: MakeContainer) -> None:
    volume = Volume()
    one = container("busybox:1.36", "sleep", "9999", mounts=[Mount("/data", volume)])
    two = container("nginx:1.27", mounts=[Mount("/usr/share/nginx/html", volume)])
    await run(one, "sh", "-c", "echo shared > /data/index.html")
    response = await one.runtime.network.http(None, "GET", f"http://{two.config.pod_ip}/")
    assert (response.status, response.text) == (200, "shared\n")
    assert "shared" in (await run(two, "cat", "/usr/share/nginx/html/index.html")).out


async def test_a_projected_volume_updates_at_once_but_not_by_sub_path(container: MakeContainer, clock: Clock) -> None:
    config = Volume()
    config.write({"a.txt": b"old\n", "b.txt": b"b\n"}, now=clock.now())
    made = container("busybox:1.36", "sleep", "9999",
                     mounts=[Mount("/etc/config", config, True), Mount("/etc/one.txt", config, True, "a.txt")])  # fmt: skip
    show = ("sh", "-c", "cat /etc/config/a.txt /etc/one.txt; ls /etc/config")
    assert (await run(made, *show)).out == "old\nold\na.txt\nb.txt\n"
    config.write({"a.txt": b"new\n", "c.txt": b"c\n"}, now=clock.now() + 60)
    assert (await run(made, *show)).out == "new\nold\na.txt\nc.txt\n"
    done = await run(
        made, "sh", "-c", "readlink /etc/config/a.txt; readlink /etc/config/..data; echo x > /etc/config/a.txt"
    )
    assert done.out.startswith("..data/a.txt\n..2027_01_15_08_01_0")
    assert done.err == "sh: can't create /etc/config/a.txt: Read-only file system\n"


async def test_a_full_volume_and_a_full_container(container: MakeContainer) -> None:
    small = Volume(1 << 20, memory=True)
    made = container(
        "busybox:1.36", "sleep", "9999", mounts=[Mount("/cache", small)], limits=Limits(ephemeral_storage=8 << 20)
    )
    done = await run(made, "dd", "if=/dev/zero", "of=/cache/x", "bs=1M", "count=10")
    assert "dd: error writing '/cache/x': No space left on device" in done.err
    assert done.code == 1
    assert made.usage().memory_bytes >= 1 << 20
    done = await run(made, "sh", "-c", "yes > /tmp/fill")
    assert done.code != 0
    assert "No space left on device" in done.err
    assert 7 << 20 < made.usage().disk_bytes <= 8 << 20


async def test_proc_and_cgroup_files(container: MakeContainer) -> None:
    made = container("busybox:1.36", "sleep", "9999", limits=Limits(cpu=500, memory=64 << 20))
    done = await run(
        made,
        "sh",
        "-c",
        "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max; tr '\\0' ' ' < /proc/1/cmdline; ls /proc/self/fd | head -3",
    )
    assert done.out == "67108864\n50000 100000\nsleep 9999 0\n1\n2\n"
    done = await run(made, "sh", "-c", "echo to the log > /proc/1/fd/1")
    assert made.logs.read() == b"to the log\n"


async def test_a_huge_file_does_not_swell_a_snapshot(container: MakeContainer) -> None:
    made = container("busybox:1.36", "sleep", "9999")
    await run(made, "dd", "if=/dev/zero", "of=/big", "bs=1M", "count=64")
    state = made.snapshot()
    assert len(str(state)) < 10000
    again = container("busybox:1.36", "sleep", "9999", start=False)
    again.restore(state)
    again.start()
    assert (await run(again, "sh", "-c", "wc -c < /big")).out == f"{64 << 20}\n"
