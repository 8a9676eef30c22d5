"""The official JavaScript client."""

import os
from pathlib import Path

import pytest

from tests.clients.conftest import HERE, Practice

PARTS = ["configMaps", "serverSideApply", "pods", "deployments"]


@pytest.mark.needs("node")
def test_the_javascript_client(
    practice: Practice, namespace: str, node_modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "CLIENT_NODE", str(node_modules))
    said = practice.run("node", HERE / "js" / "life.mjs", namespace)
    assert said.splitlines() == [f"{part} ok" for part in PARTS]
