"""Golden timelines in virtual time: ``timelines/*.yaml`` says what is done, the text below it what is seen.

Set UPDATE_TIMELINES=1 to write them anew; then read the difference.
"""

import os
from pathlib import Path

import pytest
import yaml

from k8s_tutor.apimachinery.unstructured import Json
from tests.kubelet.conftest import Node
from tests.kubelet.timeline import Timeline

FOLDER = Path(__file__).parent / "timelines"
MARK = "\n--- seen\n"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
async def test_timeline(node: Node, path: Path) -> None:
    head, _, expected = _read(path).partition(MARK)
    scenario = yaml.safe_load(head)
    timeline = Timeline(node)
    begun = node.clock.now()
    for action in scenario["actions"]:
        await node.clock.advance(max(0.0, begun + action["at"] - node.clock.now()))
        _act(node, action)
    await node.clock.advance(begun + scenario["seconds"] - node.clock.now())
    if os.environ.get("UPDATE_TIMELINES"):
        _write(path, head + MARK + timeline.text)
    else:
        assert timeline.text == expected


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _act(node: Node, action: Json) -> None:
    if "pod" in action:
        spec = {"nodeName": node.name, "terminationGracePeriodSeconds": 5, "automountServiceAccountToken": False}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec | action["pod"]}
        node.create("pods", body)
    elif "create" in action:
        node.create(action["resource"], action["create"])
    elif "delete" in action:
        node.client.delete("pods", action["delete"], "default", grace=action.get("grace"))
