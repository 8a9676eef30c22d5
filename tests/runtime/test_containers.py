"""Containers from created to exited."""

import pytest

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.runtime import StartError

from .conftest import MakeContainer


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
