"""A learner's manifests, however broken: kubectl's words where kubectl has some, never a traceback, never a hang."""

import os
import time
from pathlib import Path

import pytest

from tests.badinput.conftest import Said, Tutor

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "
PIECES = "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMB = f"{CONFIG_MAP}bomb}}\na: &a [x, x, x, x, x, x, x, x, x]\n{PIECES}"

BROKEN = {
    "not-closed": (
        "metadata:\n  name: [a\n",
        "error parsing not-closed.yaml: error converting YAML to JSON: yaml: line ",
    ),
    "tabs": ("kind: Pod\n\tmetadata:\n", "error converting YAML to JSON: yaml: line 2: found a tab character"),
    "list": ("- kind: Pod\n", "invalid object to validate"),
    "text": ("just text\n", "invalid object to validate"),
    "empty": ("", "error: no objects passed to apply"),
    "comment": ("# nothing\n", "error: no objects passed to apply"),
    "kind": ("apiVersion: v1\nkind: Pood\nmetadata: {name: a}\n", 'no matches for kind "Pood" in version "v1"'),
    "group": (
        "apiVersion: apps/v1\nkind: Pod\nmetadata: {name: a}\n",
        'no matches for kind "Pod" in version "apps/v1"',
    ),
    "version": ("kind: Pod\nmetadata: {name: a}\n", "apiVersion not set"),
    "no-kind": ("apiVersion: v1\nmetadata: {name: a}\n", "kind not set"),
    "no-name": (f"{CONFIG_MAP[:-7]}{{}}\n", "resource name may not be empty"),
    "type": (f"{CONFIG_MAP}a}}\ndata: [1]\n", "json: cannot unmarshal array into Go struct field ConfigMap.data"),
    "field": (f"{CONFIG_MAP}a}}\ndatta: {{}}\n", 'unknown field "datta"'),
    "bomb": (BOMB, "yaml: document contains excessive aliasing"),
    "deep": ("[" * 50_000, "exceeded maximum nesting depth"),
}
GOOD = {
    "bom": (f"\ufeff{CONFIG_MAP}bom}}\n", ["configmap/bom created"]),
    "several": (
        f"{CONFIG_MAP}a}}\n---\n---\n# nothing\n---\n{CONFIG_MAP}b}}\n",
        ["configmap/a created", "configmap/b created"],
    ),
    "kind-list": (
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: l}}\n",
        ["configmap/l created"],
    ),
    "windows": (f"{CONFIG_MAP}w}}\n".replace("\n", "\r\n"), ["configmap/w created"]),
    "json": ('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "j"}}', ["configmap/j created"]),
}


@pytest.fixture
def apply(tutor: Tutor, practice_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tutor:
    """Apply a file of this name and content, from the folder it lies in."""
    monkeypatch.setenv("HOME", str(practice_home))
    monkeypatch.chdir(tmp_path)

    def call(name: str, content: str | bytes) -> Said:
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
        return tutor("kubectl", "apply", "-f", name)

    return call


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_manifest(apply: Tutor, name: str) -> None:
    content, words = BROKEN[name]
    begun = time.monotonic()
    apply(f"{name}.yaml", content).told(1, words)
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("name", GOOD)
def test_an_unusual_but_right_manifest(apply: Tutor, name: str) -> None:
    content, words = GOOD[name]
    apply(f"{name}.yaml", content).told(0, *words)


def test_bytes_that_are_no_text(apply: Tutor) -> None:
    said = apply("binary.yaml", b"\xff\xfe\x00b\x00")
    assert said.code == 1
    assert said.err.startswith("error: ")
    assert "Traceback" not in said.err


def test_fifty_megabytes(apply: Tutor) -> None:
    line = f"  k: {'x' * 1024 * 1024}\n"
    apply("big.yaml", f"{CONFIG_MAP}big}}\ndata:\n{line * 50}").told(1, 'error reading "big.yaml"', "larger than")
    Path("big.yaml").unlink()


def test_files_that_cannot_be_read(
    tutor: Tutor, practice_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(practice_home))
    monkeypatch.chdir(tmp_path)
    tutor("kubectl", "apply", "-f", "missing.yaml").told(1, 'error: the path "missing.yaml" does not exist')
    (tmp_path / "empty").mkdir()
    tutor("kubectl", "apply", "-f", "empty").told(1, "error")
    os.mkfifo("pipe.txt")
    tutor("kubectl", "apply", "-f", "https://example.com/x.yaml").told(1, "error")
