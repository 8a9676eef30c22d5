"""Containers from created to exited."""

import pytest

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.runtime import Mount, StartError, Volume
from k8s_tutor.sim.runtime.rootfs import build

from .conftest import MakeContainer, run


async def test_pause_lives_until_told(container: MakeContainer, clock: Clock) -> None:
    pause = container("registry.k8s.io/pause:3.10")
    await clock.advance(3600)
    assert pause.running
    pause.signal(15)
    assert pause.exit_info is not None
    assert (pause.exit_info.exit_code, pause.exit_info.reason) == (0, "Completed")
    assert pause.exit_info.finished_at - pause.exit_info.started_at == 3600


async def test_a_command_that_is_not_there(container: MakeContainer) -> None:
    with pytest.raises(StartError) as caught:
        container("busybox:1.36", "nope")
    assert caught.value.reason == "StartError"
    assert caught.value.exit_code == 128
    assert caught.value.message == (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        'unable to start container process: exec: "nope": executable file not found in $PATH'
    )


async def test_another_root_has_its_own_commands_and_words(container: MakeContainer) -> None:
    node = Volume(base=build({"userland": "debian"}, "12"))
    made = container("busybox:1.36", "sleep", "1d", mounts=[Mount("/host", node)])
    done = await run(
        made, "chroot", "/host", "sh", "-c", "cat /nope; echo made > /made; cd /; ls -d mad* host; command -v bash"
    )
    assert done.out == "made\n/usr/bin/bash\n"
    assert done.err == "cat: /nope: No such file or directory\nls: cannot access 'host': No such file or directory\n"
    assert (await run(made, "cat", "/host/made")).out == "made\n"
    missing = await run(made, "chroot", "/nope")
    assert (missing.code, missing.err) == (
        1,
        "chroot: can't change root directory to '/nope': No such file or directory\n",
    )


async def test_what_is_made_in_a_groups_directory_is_the_groups(container: MakeContainer) -> None:
    shared = Volume(mode=0o2777, gid=2000)
    made = container("busybox:1.36", "sleep", "1d", mounts=[Mount("/v", shared), Mount("/s", shared, sub_path="sub/x")])
    done = await run(made, "sh", "-c", "cd /v; touch f; mkdir d; stat -c '%g %a' f d sub sub/x")
    assert done.out == "2000 644\n2000 2755\n2000 2777\n2000 2777\n"
