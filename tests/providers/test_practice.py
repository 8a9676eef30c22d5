"""The practice provider's process: started once, kept while the program stays the same, taken over by a newer one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s_tutor.providers import open_provider
from k8s_tutor.providers.kinds.practice import SHAPE, PracticeProvider


@pytest.fixture
def practice(home: Path) -> Iterator[PracticeProvider]:
    provider = open_provider("practice", nodes=0, bare=True)
    assert isinstance(provider, PracticeProvider)
    yield provider
    provider.stop()


def test_a_second_start_uses_the_running_process(practice: PracticeProvider) -> None:
    practice.start()
    process = practice.status().details["pid"]
    open_provider("practice").start()
    assert practice.status().details["pid"] == process


def test_a_process_of_another_version_is_replaced(practice: PracticeProvider) -> None:
    practice.start()
    process = practice.status().details["pid"]
    file = practice.folder / SHAPE
    file.write_text(json.dumps(json.loads(file.read_text()) | {"program": "0.0.1"}))
    open_provider("practice").start()
    assert practice.status().details["pid"] != process
    assert json.loads(file.read_text())["program"] != "0.0.1"
