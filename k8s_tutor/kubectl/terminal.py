"""The caller's real terminal, for ``exec -it`` and ``attach -it`` from the command line: its size, and raw mode."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import IO, Any

from k8s_tutor.kubectl.command import Terminal


def terminal_of(stdin: IO[Any] | None) -> Terminal | None:
    """Return the terminal behind a stream, or None if there is none (a pipe, a file, a screen of the app)."""
    try:
        descriptor = stdin.fileno() if stdin is not None else -1
        if descriptor < 0 or not os.isatty(descriptor):
            return None
    except (OSError, ValueError):
        return None

    @contextlib.contextmanager
    def raw() -> Iterator[None]:
        import termios
        import tty

        before = termios.tcgetattr(descriptor)
        try:
            tty.setraw(descriptor)
            yield
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

    def size() -> tuple[int, int]:
        found = os.get_terminal_size(sys.stdout.fileno() if sys.stdout.isatty() else descriptor)
        return found.columns, found.lines

    return Terminal(size=size, raw=raw)
