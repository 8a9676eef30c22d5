"""Old objects are looked through in quiet moments only, or when none has come for long."""

import gc
import time
from collections.abc import Iterator

import pytest

from k8s_tutor.sim.collecting import LONGEST_SECONDS, PORTIONS, QUIET_SECONDS, WORTH_IT, Collecting


@pytest.fixture
def collecting() -> Iterator[Collecting]:
    before = gc.get_threshold()
    found = Collecting()
    found.prepare()
    yield found
    gc.unfreeze()
    gc.set_threshold(*before)


def test_only_when_it_is_worth_it_and_quiet(collecting: Collecting) -> None:
    assert gc.get_threshold() == PORTIONS
    collecting.begin()
    now = time.monotonic()
    assert not collecting.look(now - QUIET_SECONDS - 1)
    for _ in range(WORTH_IT):
        gc.collect(1)
    assert not collecting.look(time.monotonic())
    old = gc.get_stats()[2]["collections"]
    assert collecting.look(now - QUIET_SECONDS - 1)
    assert gc.get_stats()[2]["collections"] == old + 1
    assert not collecting.look(now - LONGEST_SECONDS)


def test_at_last_even_if_it_is_never_quiet(collecting: Collecting, monkeypatch: pytest.MonkeyPatch) -> None:
    collecting.begin()
    for _ in range(WORTH_IT):
        gc.collect(1)
    later = time.monotonic() + LONGEST_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert collecting.look(later)
