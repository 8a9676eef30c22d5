"""client-go, over protobuf: what controllers written in Go stand on."""

from pathlib import Path

import pytest

from tests.clients.conftest import Practice

PARTS = ["protobuf", "informers", "apply", "dynamic", "election", "discovery", "eviction"]


# Compiling client-go the first time takes minutes; afterwards Go's own cache has it.
@pytest.mark.timeout(1200)
@pytest.mark.needs("go")
def test_client_go(practice: Practice, namespace: str, go_program: Path) -> None:
    said = practice.run(go_program, namespace)
    assert said.splitlines() == [f"{part} ok" for part in PARTS]
