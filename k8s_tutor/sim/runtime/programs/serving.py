"""What resident servers share: listening with the errors of real sockets, stopping on signals, logging."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from k8s_tutor.sim.network import Listener, NetworkError, Stream
from k8s_tutor.sim.network.fabric import Receive
from k8s_tutor.sim.network.http import Handler
from k8s_tutor.sim.runtime import launching

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process


def listen(
    process: "Process",
    port: int,
    http: Handler | None = None,
    *,
    accept: Callable[[Stream], Awaitable[None]] | None = None,
    datagram: Receive | None = None,
    loopback: bool = False,
) -> bool:
    """Serve a port of the pod while the process lives, UDP with ``datagram``; False if it is in use."""
    listener = Listener(port, http, accept, loopback, "UDP" if datagram else "TCP", datagram)
    try:
        end = process.container.runtime.network.listen(process.container.config.pod_ip, listener)
    except NetworkError:
        return False
    process.at_exit.append(end)
    return True


def later(process: "Process", delay: float, action: Callable[[], object]) -> None:
    """Do something after cluster seconds, unless the process has ended."""
    timer = process.container.clock.call_later(delay, action)
    process.at_exit.append(timer.cancel)


def stop_on(
    process: "Process",
    numbers: tuple[int, ...],
    code: int = 0,
    delay: float = 0.0,
    say: Callable[[], None] | None = None,
) -> None:
    """End with a code when one of these signals comes."""

    def stop(number: int) -> None:
        del number
        if say is not None:
            say()
        for each in numbers:
            process.handlers[each] = None
        if delay:
            later(process, delay, lambda: process.end(code))
        else:
            process.end(code)

    for number in numbers:
        process.handlers[number] = stop


def hand_over(process: "Process", argv: list[str]) -> None:
    """Execute another program in this process, as an entrypoint script's last line does."""
    container = process.container
    try:
        files = container.lookup(argv[0], process.cwd)
        path = launching.search(files, argv[0], process.env.get("PATH", ""), process.cwd, process.credentials)
        executable = launching.resolve(files, path, argv, process.cwd, process.credentials)
    except (launching.NotFoundInPathError, OSError):
        process.say(f"{process.argv[0]}: exec: {argv[0]}: not found\n", 2)
        process.end(127)
        return
    launching.begin(process, executable)
