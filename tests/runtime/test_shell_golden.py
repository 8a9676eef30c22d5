"""Shell lines as learners type them: what a container prints is what a real shell printed.

``shell/busybox.txt`` was recorded from busybox 1.35, ``debian.txt`` from dash and coreutils, ``bash.txt`` and
``bash_only.txt`` (what only bash knows) from bash 5.2, each case in an empty directory; ``pid1_*.txt`` from shells that
were PID 1 of a namespace of their own, some with a signal from outside (tools/record_shell.py).
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.runtime.signals import NUMBERS

from .conftest import MakeContainer, run

FOLDER = Path(__file__).parent / "shell"
SHELLS = {"busybox": ("busybox:1.35", "sh"), "debian": ("debian:bookworm", "sh"), "bash": ("debian:bookworm", "bash")}


@dataclass(frozen=True)
class Case:
    """One recorded run."""

    shell: str
    script: str
    code: int
    out: str
    err: str


def recorded(name: str) -> list[Case]:
    cases = []
    for block in (FOLDER / f"{name}.txt").read_text("utf-8").split("=" * 20 + "\n")[1:]:
        lines = block.splitlines()
        script = "\n".join(line[2:] for line in lines if line.startswith("$ "))
        code = next(int(line[5:]) for line in lines if line.startswith("exit "))
        texts = {
            mark: "".join(json.loads(f'"{line[2:]}"') for line in lines if line.startswith(f"{mark} ")) for mark in "|!"
        }
        shell = next(shell for shell in SHELLS if shell in name)
        cases.append(Case(shell, script, code, texts["|"], texts["!"]))
    return cases


CASES = [case for name in ("busybox", "debian", "bash", "bash_only") for case in recorded(name)]
FIRST = [case for name in ("pid1_busybox", "pid1_debian", "pid1_bash") for case in recorded(name)]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.shell}-{index}" for index, case in enumerate(CASES)])
async def test_as_recorded(case: Case, container: MakeContainer) -> None:
    image, shell = SHELLS[case.shell]
    made = container(image, "sleep", "100000", working_dir="/work", env={"HOME": "/root"})
    done = await run(made, shell, "-c", case.script)
    assert (done.out, plain(done.err), done.code) == (case.out, plain(case.err), case.code), case.script


def plain(text: str) -> str:
    """Return messages without the numbers of processes, which no two runs share."""
    return re.sub(r"(line \d+: )[ \d]{5,} ([A-Z])", r"\1PID \2", text)


@pytest.mark.parametrize("case", FIRST, ids=[f"{case.shell}-{index}" for index, case in enumerate(FIRST)])
async def test_as_process_1(case: Case, container: MakeContainer, clock: Clock) -> None:
    image, shell = SHELLS[case.shell]
    after, name, script = 0.0, "", case.script
    if script.startswith("% "):
        head, script = script.split("\n", 1)
        after, name = float(head.split()[1]), head.split()[2]
    made = container(image, shell, "-c", script, working_dir="/work")
    await clock.advance(after)
    if name:
        made.signal(NUMBERS[name])
    await clock.advance(10)
    texts = [made.logs.read(stream=stream).decode() for stream in ("stdout", "stderr")]
    code = made.exit_info.exit_code if made.exit_info else None
    assert (*texts, code) == (case.out, case.err, case.code), case.script
