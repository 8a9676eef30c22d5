"""Running an open exec or attach stream: the caller's streams on one side, the container's channels on the other."""

import contextlib
import sys
import threading
from typing import Any

from k8s_tutor.client.streams import STDERR, STDOUT, Channels, exit_code
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError


def run(call: Call, channels: Channels, *, stdin: bool, tty: bool) -> int:
    """Carry data until the program ends, and return its exit code.

    Raises:
        CommandError: the program could not run, or exited with another code than 0.
    """
    call.closing(channels.close)
    if stdin and call.streams.stdin is not None:
        feeder = threading.Thread(target=_feed, args=(call, channels), daemon=True)
        feeder.start()
    with call.terminal.raw() if tty and call.terminal else contextlib.nullcontext():
        if tty and call.terminal:
            channels.resize(*call.terminal.size())
        for channel, data in channels.frames():
            if channel == STDOUT:
                write_bytes(call.streams.stdout, data)
            elif channel == STDERR:
                write_bytes(call.streams.stderr, data)
    channels.close()
    if call.cancelled.is_set():
        return 130
    return _finish(channels.status)


def _finish(status: dict[str, Any] | None) -> int:
    code = exit_code(status)
    if code is None:
        message = (status or {}).get("message", "")
        reason = (status or {}).get("reason", "")
        if reason == "InternalError" and not message.startswith("Internal error occurred: "):
            message = f"Internal error occurred: {message}"
        raise CommandError(message)
    if code:
        raise CommandError(f"command terminated with exit code {code}", exit_code=code, bare=True)
    return 0


def _feed(call: Call, channels: Channels) -> None:
    source = call.streams.stdin
    binary = getattr(source, "buffer", source)
    with contextlib.suppress(OSError, ValueError):
        while not call.cancelled.is_set():
            read = getattr(binary, "read1", None)
            data = read(32768) if read else binary.read(32768) if binary else b""
            if not data:
                break
            channels.write(0, data if isinstance(data, bytes) else data.encode())
    channels.close_stdin()


def write_bytes(stream: Any, data: bytes) -> None:
    """Write bytes to a text stream: through its buffer, or decoded."""
    buffer = getattr(stream, "buffer", None)
    if buffer is not None:
        stream.flush()
        buffer.write(data)
        buffer.flush()
    else:
        stream.write(data.decode("utf-8", "replace"))
        stream.flush()


def is_terminal(stream: Any) -> bool:
    """Whether a stream is a person's terminal."""
    return bool(stream is not None and getattr(stream, "isatty", bool)() and stream is sys.stdin)
