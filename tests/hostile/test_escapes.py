"""Containers read, write and reach nothing of the machine: a canary file, a listening socket, and Python's audit events."""

import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import MakeContainer, run

CANARY = "canary-of-the-host"
CHANGES = frozenset((
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.system", "os.exec",
    "os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect", "socket.bind", "socket.getaddrinfo",
))  # fmt: skip
ROOTS = tuple(str(Path(path).resolve()) for path in (sys.prefix, sys.base_prefix, Path(__file__).parents[2]))
_watched: list[str] | None = None


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    """Remember what touches the machine; reading the program's own modules and data is no escape."""
    if _watched is None or threading.current_thread() is not threading.main_thread():
        return
    if event == "open" and isinstance(arguments[0], str):
        path, mode = arguments[0], str(arguments[1] or "")
        if not path.startswith(ROOTS) or any(letter in mode for letter in "wax+"):
            _watched.append(f"open {path} {mode}")
    elif event in CHANGES:
        _watched.append(f"{event} {arguments}")


sys.addaudithook(_hook)


@pytest.fixture
def touched() -> Iterator[list[str]]:
    """What touched the machine meanwhile."""
    global _watched  # noqa: PLW0603 - an audit hook cannot be taken away again
    found: list[str] = []
    _watched = found
    yield found
    _watched = None


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def _attempts(path: str, port: int) -> list[tuple[str, ...]]:
    folder = path.rsplit("/", 1)[0]
    shell = [
        f"cat {path}; cat ../../../../../..{path}; head -1 {path}; . {path}; grep . {path}; wc {path}; ls -R {folder}",
        f"echo x > {path}.new; mkdir -p {folder}/made; echo x > {path}; rm -f {path}; touch {path}; tee {path} < /dev/null",
        f"ln -s {folder} /tmp/l; cat /tmp/l/canary; ln {path} /tmp/h; cp {path} /tmp/c; cat /tmp/c; mv {path} /tmp/m",
        f"awk '{{print}}' {path}; sed '' {path}; sed -n 'w {path}.sed' /etc/passwd; awk 'BEGIN{{print 1 > \"{path}.awk\"}}'",
        f'awk \'BEGIN{{system("cat {path}"); while ((getline l < "{path}") > 0) print l}}\'; tar cf - {folder}',
        f"dd if={path}; dd if=/dev/zero of={path} count=1; sort {path}; cat /proc/self/root{path}; cat /proc/1/cwd{path}",
        f"wget -q -O - http://127.0.0.1:{port}/; nc -w 1 127.0.0.1 {port} < /dev/null; wget -O - file://{path}",
        f"wget -q -O - http://localhost:{port}/; cat < /dev/tcp/127.0.0.1/{port}; nslookup example.com; ping -c 1 1.1.1.1",
    ]
    python = [
        f"print(open('{path}').read())",
        f"open('{path}.py', 'w').write('x')",
        f"import socket; socket.create_connection(('127.0.0.1', {port}))",
        "import os; os.system('id')",
        f"import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:{port}').read())",
    ]
    return [
        *(("busybox:1.36", "sh", "-c", text) for text in shell),
        *(("debian:bookworm", "bash", "-c", text) for text in shell),
        *(("python:3.12", "python", "-c", text) for text in python),
        ("curlimages/curl:8.9.1", "curl", "-s", f"file://{path}"),
        ("curlimages/curl:8.9.1", "curl", "-s", "-m", "1", f"http://127.0.0.1:{port}/"),
    ]


async def test_nothing_of_the_machine_is_read_written_or_reached(
    container: MakeContainer, tmp_path: Path, touched: list[str]
) -> None:
    canary = tmp_path / "canary"
    canary.write_text(CANARY)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        before = _files(tmp_path)
        touched.clear()
        made = {image: container(image, "sleep", "9999") for image in {a[0] for a in _attempts("", 0)}}
        for image, *command in _attempts(str(canary), listener.getsockname()[1]):
            done = await run(made[image], *command)
            assert CANARY not in done.out, command
        events = list(touched)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert canary.read_text() == CANARY
    assert _files(tmp_path) == before
    assert events == []
