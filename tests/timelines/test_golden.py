"""Each file of ``golden/`` is what a person sees of a scenario; see ``player.py``."""

import os
from pathlib import Path

import pytest

from tests.timelines.player import ClusterFactory, Player, load

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.txt"))


def record(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
async def test_timeline(path: Path, cluster: ClusterFactory) -> None:
    scenario = load(path)
    assert {"title", "upstream", "rule"} <= set(scenario.head)
    shape = {"nodes": 1} | scenario.head.get("cluster", {})
    played = await Player(scenario, await cluster(**shape)).play()
    if os.environ.get("UPDATE_TIMELINES"):
        record(path, f"{scenario.head_text}\n---\n{played}")
    assert played == load(path).timeline


def test_there_are_enough() -> None:
    assert len(GOLDEN) >= 40
