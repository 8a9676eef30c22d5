"""The shell around kubectl in the prompt: pipes, lists, substitution, here-documents and the usual text tools.

The bash interpreter of bashkit runs the line in its own file system, into which only the working folder is mounted, so
nothing outside it can be read or written. ``kubectl`` (and ``k``) is a command of that shell which runs `main.run` in a
thread with the pipe's ends as its streams; a line that is nothing but one kubectl call goes there directly.
"""

import asyncio
import io
import os
import shlex
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from k8s_tutor.client import Client
from k8s_tutor.client.client import Guard
from k8s_tutor.kubectl.command import Call, Terminal
from k8s_tutor.kubectl.main import run
from k8s_tutor.kubectl.notfound import explained

PROGRAMS = ("kubectl", "k")
_SYNTAX = frozenset("|&;<>()$`\\\"'*?[]{}~#\n!=%")
_PRELUDE = """
less() { cat "$@"; }
more() { cat "$@"; }
vi() { echo "$FUNCNAME: this prompt has no editor inside: use kubectl edit, sed -i or cat > file <<EOF" >&2; return 1; }
vim() { vi; }
nano() { vi; }
curl() { echo "$FUNCNAME: this prompt reaches only the cluster's API: try it inside a container (kubectl exec), or use kubectl port-forward and $FUNCNAME in another terminal" >&2; return 1; }
wget() { curl; }
"""
_DAY = 86400.0


class ShellLine:
    """A shell session in a folder; variables, functions and the current folder last from line to line.

    Args:
        workdir: the only folder the line can see.
        kubeconfig: what kubectl reads (and ``config`` writes).
        client_factory: gives a shared client, see `main.run`.
        env: variables of the session.
        edit: the editor of ``kubectl edit``, see `main.run`.
        terminal: the caller's terminal for ``exec -it``.
        before: called with the words of every kubectl call before it runs; raise to refuse it.
        guard: asked before every request, see `Client.guarded`.
    """

    def __init__(
        self,
        workdir: Path,
        kubeconfig: Path,
        *,
        client_factory: Callable[[], Client] | None = None,
        env: Mapping[str, str] | None = None,
        edit: Callable[[str, str], str] | None = None,
        terminal: Terminal | None = None,
        before: Callable[[list[str]], None] | None = None,
        guard: Guard | None = None,
    ) -> None:
        self._root = workdir.resolve()
        self._kubeconfig = kubeconfig
        self._factory = client_factory
        self._env = dict(env or {})
        self._edit = edit
        self._terminal = terminal
        self._before = before
        self._guard = guard
        self._shell: Any = None
        self._calls: set[Call] = set()
        self._lock = threading.Lock()
        self._cancelled = threading.Event()

    @property
    def cwd(self) -> Path:
        """The current folder."""
        if self._shell is None:
            return self._root
        folder = Path(self._shell.shell_state().cwd)
        return folder if folder.is_relative_to(self._root) else self._root

    def run(self, text: str, stdout: IO[str], stderr: IO[str], stdin: IO[Any] | None = None) -> int:
        """Run a line (or several) and return its exit code; blocks until it ended or was cancelled."""
        self._cancelled.clear()
        words = _single_call(text)
        if words is not None:
            return self._kubectl(words, stdin, stdout, stderr, self.cwd, self._env)
        return asyncio.run(self._execute(text, stdout, stderr))

    def cancel(self) -> None:
        """End the line that runs; safe from any thread."""
        self._cancelled.set()
        with self._lock:
            calls = list(self._calls)
        for call in calls:
            call.cancel()
        if self._shell is not None:
            self._shell.cancel()

    def _kubectl(
        self,
        words: list[str],
        stdin: IO[Any] | None,
        stdout: IO[str],
        stderr: IO[str],
        cwd: Path,
        env: Mapping[str, str],
    ) -> int:
        started: list[Call] = []

        def start(call: Call) -> None:
            started.append(call)
            with self._lock:
                self._calls.add(call)
            if self._cancelled.is_set():
                call.cancel()

        if self._before is not None:
            self._before(words)
        try:
            return run(
                words,
                kubeconfig=self._kubeconfig,
                client_factory=self._factory,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                cwd=cwd,
                env={**os.environ, **env, "KUBECONFIG": str(self._kubeconfig)},
                edit=self._edit,
                on_start=start,
                terminal=self._terminal,
                guard=self._guard,
            )
        finally:
            with self._lock:
                self._calls.difference_update(started)

    def _session(self) -> Any:
        if self._shell is None:
            from bashkit import Bash, FileSystem

            root = str(self._root)
            variables = {"HOME": root, "USER": "learner", "TERM": "dumb", **self._env}
            self._shell = Bash(
                username="learner",
                hostname="k8s-tutor",
                cwd=root,
                env=variables,
                timeout_seconds=_DAY,
                max_commands=1_000_000,
                max_loop_iterations=1_000_000,
            )
            self._shell.mount(root, FileSystem.real(root, writable=True))
            self._shell.execute_sync(_PRELUDE)
        return self._shell

    async def _execute(self, text: str, stdout: IO[str], stderr: IO[str]) -> int:
        shell = self._session()
        loop = asyncio.get_running_loop()

        async def command(context: Any) -> int:
            return await asyncio.to_thread(self._in_pipe, context, loop)

        for name in PROGRAMS:
            shell.add_command(name, command)
        shell.clear_cancel()

        async def to_out(data: bytes) -> None:
            stdout.write(data.decode("utf-8", "replace"))
            stdout.flush()

        async def to_err(data: bytes) -> None:
            stderr.write(explained(data.decode("utf-8", "replace")))
            stderr.flush()

        result = await shell.execute(text, stdout=to_out, stderr=to_err)
        if self._cancelled.is_set():
            return 130
        if result.error and not result.exit_code:
            stderr.write(f"{result.error}\n")
            return 1
        return int(result.exit_code)

    def _in_pipe(self, context: Any, loop: asyncio.AbstractEventLoop) -> int:
        cwd = Path(context.cwd)
        folder = cwd if cwd.is_relative_to(self._root) else self._root
        source = io.TextIOWrapper(io.BufferedReader(_PipeIn(context.stdin, loop)), encoding="utf-8", errors="replace")
        out, err = _text_end(context.stdout, loop), _text_end(context.stderr, loop)
        code = self._kubectl(list(context.argv), source, out, err, folder, dict(context.env))
        out.flush()
        err.flush()
        return code


class _PipeIn(io.RawIOBase):
    """The reading end of a pipe of the shell, for a thread."""

    def __init__(self, source: Any, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._source = source
        self._loop = loop
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = asyncio.run_coroutine_threadsafe(_next(self._source), self._loop).result() or b""
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class _PipeOut(io.RawIOBase):
    """The writing end of a pipe of the shell, for a thread."""

    def __init__(self, target: Any, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._target = target
        self._loop = loop

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        content = bytes(data)
        if content:
            asyncio.run_coroutine_threadsafe(_send(self._target, content), self._loop).result()
        return len(content)


def _text_end(target: Any, loop: asyncio.AbstractEventLoop) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(_PipeOut(target, loop)), encoding="utf-8", newline="")


async def _next(source: Any) -> bytes | None:
    found: bytes | None = await source.read_chunk()
    return found


async def _send(target: Any, data: bytes) -> None:
    await target.write(data)


def _single_call(text: str) -> list[str] | None:
    """Return the words of a line that is one kubectl call and nothing for a shell to do, else None."""
    stripped = text.strip()
    if not stripped.startswith(tuple(f"{name} " for name in PROGRAMS)) and stripped not in PROGRAMS:
        return None
    quoted_or_plain = _outside_quotes(stripped)
    if quoted_or_plain is None or any(char in _SYNTAX - frozenset("=%!{}[]") for char in quoted_or_plain):
        return None
    if any(char in quoted_or_plain for char in "{}[]"):
        return None
    return shlex.split(stripped)[1:]


def _outside_quotes(text: str) -> str | None:
    """Return what stands outside single quotes (and simple double ones); None if the shell must read them."""
    out, at = [], 0
    while at < len(text):
        char = text[at]
        if char in "'\"":
            end = text.find(char, at + 1)
            if end < 0:
                return None
            inside = text[at + 1 : end]
            if char == '"' and any(mark in inside for mark in "$`\\!"):
                return None
            at = end + 1
        else:
            out.append(char)
            at += 1
    return "".join(out)
