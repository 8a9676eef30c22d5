"""A real cluster is guarded: named, confirmed, near; and the user's kubeconfig is only read."""

from pathlib import Path

import pytest
import yaml

from k8s_tutor.errors import ClusterUnavailableError, RefusedError, UsageError
from k8s_tutor.providers import open_provider
from k8s_tutor.providers.kinds.context import is_loopback


def test_needs_a_name(home: Path) -> None:
    with pytest.raises(UsageError):
        open_provider("context")


def test_needs_a_yes(kubeconfig: Path) -> None:
    provider = open_provider("context", context="near")
    with pytest.raises(RefusedError, match="was not confirmed"):
        provider.start()
    with pytest.raises(ClusterUnavailableError):
        provider.kubeconfig()


def test_a_far_server_needs_more_than_yes(kubeconfig: Path) -> None:
    with pytest.raises(RefusedError, match=r"not a cluster on this machine: https://k8s\.example\.com"):
        open_provider("context", context="far", confirmed=True).start()
    shared = open_provider("context", context="far", confirmed=True, shared=True)
    shared.start()
    assert shared.status().running


def test_copies_the_one_context_and_leaves_the_file_alone(kubeconfig: Path) -> None:
    before = kubeconfig.read_bytes()
    provider = open_provider("context", context="near", confirmed=True)
    provider.start()
    own = yaml.safe_load(provider.kubeconfig().read_text())
    assert [c["name"] for c in own["contexts"]] == ["near"]
    assert own["clusters"][0]["cluster"]["certificate-authority"] == str(kubeconfig.parent / "ca.crt")
    assert provider.kubeconfig().stat().st_mode & 0o777 == 0o600
    assert kubeconfig.read_bytes() == before
    provider.stop()
    assert not provider.status().running


def test_is_never_reset(kubeconfig: Path) -> None:
    with pytest.raises(RefusedError, match="somebody's real cluster"):
        open_provider("context", context="near", confirmed=True).reset()


@pytest.mark.parametrize(("name", "words"), [("nowhere", "no context"), ("torn", "not in")])
def test_says_what_is_missing(kubeconfig: Path, name: str, words: str) -> None:
    with pytest.raises((UsageError, ClusterUnavailableError), match=words):
        open_provider("context", context=name, confirmed=True).start()


@pytest.mark.parametrize("text", ["a: [", "\tx: 1"])
def test_a_kubeconfig_that_is_no_yaml(home: Path, text: str) -> None:
    file = home / "broken"
    file.write_text(text)
    with pytest.raises(ClusterUnavailableError, match="not YAML"):
        open_provider("context", context="x", confirmed=True, source=str(file)).start()


@pytest.mark.parametrize(
    ("server", "near"),
    [
        ("https://127.0.0.1:6443", True),
        ("https://[::1]:6443", True),
        ("https://localhost", True),
        ("https://127.0.0.1.example.com", False),
        ("https://10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback(server: str, near: bool) -> None:
    assert is_loopback(server) is near
