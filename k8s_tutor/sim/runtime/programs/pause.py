"""``pause``: holds a pod's namespaces, ends on SIGTERM or SIGINT; and what a file of another machine gives."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.programs.registry import program, resident
from k8s_tutor.sim.runtime.programs.serving import stop_on
from k8s_tutor.sim.runtime.signals import SIGINT, SIGTERM

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


@resident("pause", memory=200 << 10)
def pause(process: "Process") -> None:
    """Wait for a signal."""
    if "-v" in process.argv[1:]:
        process.say("pause.c v3.10\n")
        process.end(0)
        return
    stop_on(process, (SIGINT, SIGTERM))


@program("exec-format-error", memory=100 << 10)
async def exec_format_error(process: "Process") -> int:
    """Say what the kernel says to a file that is no program."""
    await process.err(f"exec {process.argv[0]}: exec format error\n")
    return 255
