"""A program run inside a container for a check: output, exit code, within limits of time and size."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.objects import Object
from k8s_tutor.client import ApiError
from k8s_tutor.client.streams import STDERR, STDOUT, exit_code

TIMEOUT: Final = 10.0
MAX_OUTPUT: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Output:
    """What a program gave; ``refused`` says why it did not run or did not end."""

    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""
    refused: str = ""


def run_in(
    context: CheckContext, pod: Object, command: Sequence[str], container: str = "", timeout: float = TIMEOUT
) -> Output:
    """Run a command in a container of a pod, waiting at most ``timeout`` real seconds."""
    if context.client is None:
        return Output(refused="nothing runs here")
    metadata = pod["metadata"]
    try:
        channels = context.client.exec(metadata["namespace"], metadata["name"], command, container=container)
    except ApiError as error:
        return Output(refused=error.message)
    parts: dict[int, list[bytes]] = {STDOUT: [], STDERR: []}
    size, late = 0, threading.Event()

    def give_up() -> None:
        late.set()
        channels.close()

    alarm = threading.Timer(timeout, give_up)
    alarm.daemon = True
    alarm.start()
    try:
        for channel, data in channels.frames():
            parts.setdefault(channel, []).append(data)
            size += len(data)
            if size > MAX_OUTPUT:
                return Output(refused=f"it printed more than {MAX_OUTPUT // 1024} KB")
    finally:
        alarm.cancel()
        channels.close()
    if late.is_set():
        return Output(refused=f"it did not end within {timeout:g} s")
    status = channels.status
    code = exit_code(status)
    if code is None:
        return Output(refused=str((status or {}).get("message", "it could not be started")))
    stdout, stderr = (b"".join(parts[channel]).decode("utf-8", "replace") for channel in (STDOUT, STDERR))
    return Output(code, stdout, stderr)
