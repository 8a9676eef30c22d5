"""Odd terminals, Ctrl-C at any moment, two tutors at once: programs of their own, as a person runs them."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from k8s_tutor.course import ProgressStore
from k8s_tutor.providers import open_provider
from tests.badinput.conftest import Tutor, environment

# A shell that starts the tests in the background makes them deaf to interrupts, and so would be what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Program:
    """The tutor on a terminal of its own (a pty of 80×24)."""

    def __init__(self, home: Path, *words: str, **variables: str) -> None:
        self._master, slave = pty.openpty()
        import fcntl
        import struct
        import termios

        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "k8s_tutor", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(home, **variables),
            start_new_session=True,
            cwd=home,
        )
        os.close(slave)
        self.screen = ""

    def until(self, holds: Callable[[str], bool], seconds: float = 60.0) -> str:
        """Read what it prints until something holds of all of it."""
        end = time.monotonic() + seconds
        while not holds(self.screen):
            left = end - time.monotonic()
            assert left > 0, self.screen[-2000:]
            if select.select([self._master], [], [], min(left, 0.2))[0]:
                try:
                    self.screen += os.read(self._master, 65536).decode("utf-8", "replace")
                except OSError:
                    break
        return self.screen

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        os.kill(self.process.pid, signal.SIGINT)

    def read(self, seconds: float) -> None:
        """Read what it prints within some time."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and (left := end - time.monotonic()) > 0:
            if select.select([self._master], [], [], min(left, 0.1))[0]:
                with contextlib.suppress(OSError):
                    self.screen += os.read(self._master, 65536).decode("utf-8", "replace")

    def ended(self) -> int:
        """Wait for its end; returns the exit code."""
        end = time.monotonic() + 60
        while self.process.poll() is None:
            assert time.monotonic() < end, self.screen[-2000:]
            self.read(0.5)
        while select.select([self._master], [], [], 0.1)[0]:
            try:
                piece = os.read(self._master, 65536)
            except OSError:
                break
            if not piece:
                break
            self.screen += piece.decode("utf-8", "replace")
        # Before the interpreter itself is up nothing of ours could catch an interrupt.
        assert "Traceback" not in self.screen or "Fatal Python error: init" in self.screen, self.screen[-3000:]
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)


@pytest.fixture
def run(home: Path) -> Iterator[Callable[..., Program]]:
    """Start the tutor on a terminal; it and the clusters of this HOME are gone afterwards."""
    made: list[Program] = []

    def start(*words: str, **variables: str) -> Program:
        made.append(Program(home, *words, **variables))
        return made[-1]

    yield start
    for program in made:
        program.close()
    open_provider("practice").remove()


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_no_utf8_locale(tutor_process: Tutor, locale: str) -> None:
    said = tutor_process("--lang", "ru", "list", env={"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    said.told(0, "00-welcome")
    tutor_process("99", env={"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}).told(2, "no lesson")


def test_ctrl_c_while_it_loads_while_it_watches_and_at_the_plain_prompt(run: Callable[..., Program]) -> None:
    program = run("check", "pods/first-manifest", "--watch")
    program.until(lambda screen: "[not yet]" in screen)
    program.interrupt()
    assert program.ended() == 130
    plain = run("--plain")
    plain.until(lambda screen: "02-pods $ " in screen)
    plain.type("kubectl get pods -w\n")
    time.sleep(1.0)
    plain.interrupt()
    plain.until(lambda screen: screen.count("02-pods $ ") >= 2)
    # CPython sees a signal that comes between readline's prompt and its select at the next one only.
    while plain.process.poll() is None:
        plain.interrupt()
        plain.read(1.0)
    assert plain.ended() == 130
    for delay in (0.15, 0.3):
        early = run("cluster", "status")
        time.sleep(delay)
        early.interrupt()
        assert early.ended() in (0, 130, -signal.SIGINT) or "Fatal Python error: init" in early.screen


def test_the_app_restores_the_terminal_when_it_is_interrupted(run: Callable[..., Program]) -> None:
    app = run()
    app.until(lambda screen: "\x1b[?1049h" in screen and "$" in screen)
    app.type("\x03")
    app.until(lambda screen: "Ctrl+C again" in screen)
    app.interrupt()
    code = app.ended()
    assert "\x1b[?1049l" in app.screen
    assert code in (0, 130)


def test_two_tutors_at_once_lose_nothing(home: Path, run: Callable[..., Program]) -> None:
    first, second = run("--plain"), run("--plain", "pods")
    first.until(lambda screen: " $ " in screen)
    second.until(lambda screen: " $ " in screen)
    first.type("kubectl get ns default\n")
    second.type("kubectl get ns kube-system\n")
    first.until(lambda screen: "Active" in screen)
    second.until(lambda screen: "Active" in screen)
    first.type("quit\n")
    second.type("quit\n")
    assert first.ended() == 0
    assert second.ended() == 0
    with ProgressStore() as store:
        lines = store.commands("kubernetes")
        assert {"kubectl get ns default", "kubectl get ns kube-system"} <= set(lines)
