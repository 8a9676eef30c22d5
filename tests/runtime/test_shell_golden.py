"""Shell lines as learners type them: what a container prints is what a real shell printed.

``shell/busybox.txt`` was recorded from busybox 1.35, ``shell/debian.txt`` from dash and coreutils
(tools/record_shell.py); each case ran in an empty directory.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import MakeContainer, run

FOLDER = Path(__file__).parent / "shell"
IMAGES = {"busybox": "busybox:1.35", "debian": "debian:bookworm"}


@dataclass(frozen=True)
class Case:
    """One recorded run."""

    shell: str
    script: str
    code: int
    out: str
    err: str


def recorded(shell: str) -> list[Case]:
    cases = []
    for block in (FOLDER / f"{shell}.txt").read_text("utf-8").split("=" * 20 + "\n")[1:]:
        lines = block.splitlines()
        script = "\n".join(line[2:] for line in lines if line.startswith("$ "))
        code = next(int(line[5:]) for line in lines if line.startswith("exit "))
        texts = {
            mark: "".join(json.loads(f'"{line[2:]}"') for line in lines if line.startswith(f"{mark} ")) for mark in "|!"
        }
        cases.append(Case(shell, script, code, texts["|"], texts["!"]))
    return cases


CASES = recorded("busybox") + recorded("debian")


@pytest.mark.parametrize("case", CASES, ids=[f"{case.shell}-{index}" for index, case in enumerate(CASES)])
async def test_as_recorded(case: Case, container: MakeContainer) -> None:
    made = container(IMAGES[case.shell], "sleep", "100000", working_dir="/work", env={"HOME": "/root"})
    done = await run(made, "sh", "-c", case.script)
    assert (done.out, done.err, done.code) == (case.out, case.err, case.code), case.script
