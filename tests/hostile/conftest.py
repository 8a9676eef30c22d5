"""Containers in virtual time, and what shows whom they disturb."""

import asyncio
import time

import pytest

from tests.runtime.conftest import MakeContainer, container, run, runtime

__all__ = ["MakeContainer", "container", "run", "runtime"]


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Processor seconds of each round of the event loop: what an API request may have to wait, whatever else runs here."""
    spent: list[float] = []
    one_round = asyncio.BaseEventLoop._run_once  # type: ignore[attr-defined]

    def measured(loop: asyncio.BaseEventLoop) -> None:
        begun = time.thread_time()
        one_round(loop)
        spent.append(time.thread_time() - begun)

    monkeypatch.setattr(asyncio.BaseEventLoop, "_run_once", measured)
    return spent
