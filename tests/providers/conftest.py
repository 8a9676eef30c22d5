"""A home of one's own for every test of this room."""

from pathlib import Path

import pytest

KUBECONFIG = """apiVersion: v1
kind: Config
clusters:
- name: near
  cluster: {server: "https://127.0.0.1:6443", certificate-authority: ca.crt}
- name: far
  cluster: {server: "https://k8s.example.com:6443"}
users:
- name: me
  user: {token: secret}
contexts:
- name: near
  context: {cluster: near, user: me}
- name: far
  context: {cluster: far, user: me}
- name: torn
  context: {cluster: gone, user: me}
current-context: near
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HOME in a fresh folder, without XDG overrides."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def kubeconfig(home: Path) -> Path:
    """The user's own kubeconfig, with a near and a far cluster."""
    file = home / ".kube" / "config"
    file.parent.mkdir()
    file.write_text(KUBECONFIG)
    return file
