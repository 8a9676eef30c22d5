"""``awk``, ``sed`` and ``jq``: pure text work, done by the bashkit library in a thread.

The program's files are copied into a file system of the library, it runs there on the whole input, and what it wrote is
copied back. It has no network, no host files, and a time limit. Programs that stream (``sed`` after ``tail -f``) are fed
line-complete chunks where the expression allows it; else they wait for the end of their input.
"""

import asyncio
import errno
import re
import shlex
from typing import TYPE_CHECKING, Any

from k8s_tutor.sim.runtime.nodes import File, fail
from k8s_tutor.sim.runtime.programs.options import applet, usage
from k8s_tutor.sim.runtime.programs.reading import Input
from k8s_tutor.sim.runtime.programs.registry import program

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

SECONDS = 3
STDIN = "/.stdin"
MAX_INPUT = 16 << 20


@program("awk", "mawk", "gawk", "sed", "jq", memory=1200 << 10)
async def text_filter(process: "Process") -> int:
    """Run the filter on its files, or on standard input."""
    name = {"mawk": "awk", "gawk": "awk"}.get(applet(process), applet(process))
    words = process.argv[1:]
    if not words:
        return await usage(process, "missing program")
    if name == "sed" and any(word.startswith("-i") for word in words):
        return await _in_place(process, words)
    files, reads_stdin = _files(process, name, words)
    if not reads_stdin:
        return await _run(process, name, words, files, b"")
    if name == "sed" and _by_line(words):
        return await _stream(process, words, files)
    source = Input(process, process.fds[0], "-")
    enough = _enough(name, words)
    data = await (source.whole() if enough is None else _first_lines(source, enough))
    return await _run(process, name, words, files, data)


def _files(process: "Process", name: str, words: list[str]) -> tuple[dict[str, bytes], bool]:
    """Return the files that the words name, and whether standard input is read."""
    found: dict[str, bytes] = {}
    script_given = any(word in {"-e", "-f"} or word.startswith(("-e", "-f")) for word in words) and name != "jq"
    operands = 0
    skip = False
    for index, word in enumerate(words):
        if skip:
            skip = False
            continue
        if word in {"-F", "-v", "-e", "-l"} or (name == "jq" and word in {"--arg", "--argjson"}):
            skip = True
            continue
        if word.startswith("-") and len(word) > 1 and word != "-f":
            continue
        is_script_file = index > 0 and words[index - 1] == "-f"
        try:
            node = process.files.get(word, process.cwd, who=process.credentials)
        except OSError:
            node = None
        if not is_script_file and word != "-f":
            operands += 1
        if isinstance(node, File) and (operands > 1 or script_given or is_script_file):
            found[word] = node.read_at(0, MAX_INPUT)
    needed = 0 if script_given else 1
    begin_only = name == "awk" and re.fullmatch(r"\s*BEGIN\s*\{.*\}\s*", " ".join(words[-1:]), re.DOTALL) is not None
    null_input = name == "jq" and ("-n" in words or "--null-input" in words)
    names_files = any("=" not in word for word in _operands(name, words)[needed:])
    return found, not names_files and not begin_only and not null_input


def _operands(name: str, words: list[str]) -> list[str]:
    found: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in {"-F", "-v", "-e", "-f", "-l"} and name != "jq":
            skip = True
        elif not word.startswith("-") or word == "-":
            found.append(word)
    return found


def _by_line(words: list[str]) -> bool:
    """Tell whether a sed program treats each line alone, without addresses by number, so that chunks may be fed."""
    script = " ".join(word for word in words if not word.startswith("-") or word == "-")
    return re.fullmatch(r"\s*(s(.).*?\2.*?\2[gpiI]*\s*;?\s*)+", script) is not None


def _enough(name: str, words: list[str]) -> int | None:
    """Return after how many lines a program ends by itself (``sed 5q``, ``awk 'NR==5{exit}'``); None: at the end."""
    script = " ".join(words)
    if name == "sed":
        found = re.search(r"(?:^|[\s;{])(\d+)\s*\{?[^}]*?q\b", script)
        return int(found[1]) if found else None
    found = re.search(r"NR\s*(==|>=|>)\s*(\d+)\s*\{[^}]*\bexit\b", script)
    return int(found[2]) + (found[1] == ">") if found and name == "awk" else None


async def _first_lines(source: Input, count: int) -> bytes:
    data = b""
    while data.count(b"\n") < count and (more := await source.read()):
        data += more
    lines = data.split(b"\n", count)
    if len(lines) <= count:
        return data
    source.unread(lines[-1])
    return data[: len(data) - len(lines[-1])]


async def _stream(process: "Process", words: list[str], files: dict[str, bytes]) -> int:
    rest = b""
    while data := await process.read(0):
        data = rest + data
        end = data.rfind(b"\n") + 1
        whole, rest = data[:end], data[end:]
        if whole:
            code = await _run(process, "sed", words, files, whole)
            if code:
                return code
    return await _run(process, "sed", words, files, rest) if rest else 0


async def _run(process: "Process", name: str, words: list[str], files: dict[str, bytes], data: bytes) -> int:
    await process.keep(len(data), MAX_INPUT)
    await process.work(5e-4 + len(data) * 2e-8)
    code, out, err, _ = await process.container.runtime.text_tools.run(
        process, " ".join(map(shlex.quote, [name, *words])), files, data
    )
    await process.write(1, out)
    if err:
        await process.write(2, err)
    return code


async def _in_place(process: "Process", words: list[str]) -> int:
    """``sed -i``: the result becomes the file."""
    rest = [word for word in words if not word.startswith("-i")]
    combined = next((word for word in words if re.fullmatch(r"-i[nEr]+", word)), "")
    if combined:
        rest.insert(0, "-" + combined[2:])
    operands = _operands("sed", rest)
    scripted = any(word in {"-e", "-f"} for word in rest)
    targets = operands if scripted else operands[1:]
    program_words = [word for word in rest if word not in targets]
    status = 0
    container = process.container
    for target in targets:
        try:
            text = process.files.read_file(target, process.cwd, process.credentials)
            if len(text) > MAX_INPUT:
                raise fail(errno.ENOMEM)
        except OSError as error:
            await process.err(
                f"sed: {target}: {error.strerror}\n"
                if process.userland == "busybox"
                else f"sed: can't read {target}: {error.strerror}\n"
            )
            status = 1
            continue
        code, out, err, _ = await container.runtime.text_tools.run(
            process, " ".join(map(shlex.quote, ["sed", *program_words])), {}, text
        )
        if err:
            await process.write(2, err)
        if code:
            return code
        process.files.write_file(target, out, process.cwd, process.credentials)
    return status


class TextTools:
    """Runs filters in the library, one after the other per call, with a time limit."""

    def __init__(self) -> None:
        self._slots: asyncio.Semaphore | None = None

    async def run(
        self, process: "Process", line: str, files: dict[str, bytes], data: bytes
    ) -> tuple[int, bytes, bytes, Any]:
        """Return exit code, output, errors of one command line."""
        from bashkit import Bash, ExecutionProfile, FileSystem

        if self._slots is None:
            self._slots = asyncio.Semaphore(2)
        folder = FileSystem()
        recursive = True
        folder.mkdir(process.cwd, recursive)
        bash = Bash(
            max_commands=10**9,
            max_loop_iterations=10**9,
            timeout_seconds=SECONDS,
            profile=ExecutionProfile.Interactive,
        )
        folder.write_file(STDIN, data)
        for path, text in files.items():
            whole = path if path.startswith("/") else f"{process.cwd.rstrip('/')}/{path}"
            parent = whole.rsplit("/", 1)[0]
            if parent:
                folder.mkdir(parent, recursive)
            folder.write_file(whole, text)
        # In place of the library's own root, so that nothing of it is to be seen.
        bash.mount("/", folder)
        found: list[bytes] = []
        errors: list[bytes] = []

        async def out(chunk: bytes) -> None:
            found.append(chunk)

        async def err(chunk: bytes) -> None:
            errors.append(chunk)

        async with self._slots:
            result = await bash.execute(
                f"cd {shlex.quote(process.cwd)}; {line} < {STDIN}", stdout=out, stderr=err, capture=0
            )
        return result.exit_code, b"".join(found), b"".join(errors), folder
