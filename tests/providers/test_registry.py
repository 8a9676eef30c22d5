"""Which provider is used: the default, a remembered one, and what is refused."""

from pathlib import Path

import pytest

from k8s_tutor import paths
from k8s_tutor.errors import LocalStateError, UsageError
from k8s_tutor.providers import current, names, open_provider, remember


def test_practice_is_the_default(home: Path) -> None:
    assert open_provider().name == "practice"
    assert {"practice", "kind", "minikube", "context"} <= set(names())


def test_remembers(home: Path) -> None:
    remember("context", {"context": "near", "confirmed": True})
    assert open_provider().name == "context"
    assert current()["options"]["context"] == "near"


def test_an_unknown_one(home: Path) -> None:
    with pytest.raises(UsageError, match="no provider «k3s»"):
        open_provider("k3s")


def test_a_damaged_file(home: Path) -> None:
    (paths.config_dir() / "provider.json").write_text("{")
    with pytest.raises(LocalStateError, match="cannot be read"):
        open_provider()


def test_what_a_provider_cannot_do(home: Path) -> None:
    from k8s_tutor.errors import RefusedError

    with pytest.raises(RefusedError, match="cannot do this"):
        open_provider("kind").advance(60)
