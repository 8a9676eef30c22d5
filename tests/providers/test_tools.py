"""kind and minikube through executables that speak their command lines and failures."""

from pathlib import Path

import pytest

from k8s_tutor.errors import ClusterUnavailableError
from k8s_tutor.providers import open_provider
from tests.providers import fakes


@pytest.fixture
def programs(tmp_path: Path, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fake kind and minikube on PATH."""
    fakes.install(tmp_path, kubeconfig, monkeypatch)


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("name", ["kind", "minikube"])
class TestLife:
    """What both do alike."""

    def test_made_used_and_deleted(self, name: str, kubeconfig: Path) -> None:
        provider = open_provider(name)
        before = kubeconfig.read_bytes()
        assert not provider.status().running
        provider.start()
        assert provider.status().running
        assert provider.kubeconfig().read_bytes() == before
        assert provider.kubeconfig().stat().st_mode & 0o777 == 0o600
        provider.start()  # again: the running one is used
        provider.reset()
        assert provider.status().running
        provider.stop()
        assert not provider.status().running
        assert kubeconfig.read_bytes() == before

    def test_without_docker(self, name: str, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FAKE_DOCKER", "down")
        with pytest.raises(ClusterUnavailableError) as told:
            open_provider(name).start()
        assert "ocker" in told.value.why
        assert not open_provider(name).status().running


@pytest.mark.parametrize("name", ["kind", "minikube"])
def test_not_installed(home: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("PATH", str(home))
    with pytest.raises(ClusterUnavailableError, match=f"{name} is not here") as told:
        open_provider(name).start()
    assert "provider use practice" in told.value.next_step


@pytest.mark.usefixtures("programs")
def test_another_kind_cluster_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "fake-state" / "kind-mine"
    other.touch()
    provider = open_provider("kind")
    provider.start()
    provider.stop()
    assert other.exists()
