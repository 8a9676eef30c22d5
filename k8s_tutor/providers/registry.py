"""Finds providers by name, and remembers which one the learner uses."""

import json
from pathlib import Path
from typing import Any

from k8s_tutor import paths
from k8s_tutor.errors import LocalStateError, UsageError
from k8s_tutor.plugins import discover
from k8s_tutor.providers.contract import Provider

DEFAULT = "practice"
ENTRY_POINTS = "k8s_tutor.providers"


def _classes() -> dict[str, type[Provider]]:
    return discover("k8s_tutor.providers.kinds", Provider, ENTRY_POINTS)


def names() -> list[str]:
    """Return the names of all providers."""
    return sorted(_classes())


def open_provider(name: str | None = None, /, **options: Any) -> Provider:
    """Return a provider.

    Args:
        name: ``practice``, ``kind``, ``minikube``, ``context`` or a third party's; the remembered one if None.
        options: the provider's own settings (``nodes``, ``bare``, ``context`` …), over the remembered ones.

    Raises:
        UsageError: no such provider.
    """
    saved = current()
    chosen = name or str(saved.get("provider", DEFAULT))
    classes = _classes()
    if chosen not in classes:
        raise UsageError(
            f"There is no provider «{chosen}».",
            f"Known are: {', '.join(sorted(classes))}.",
            "Type: k8s-tutor provider list",
        )
    kept = saved.get("options") if chosen == saved.get("provider", DEFAULT) else None
    return classes[chosen](**{**(kept if isinstance(kept, dict) else {}), **options})


def _file() -> Path:
    return paths.config_dir() / "provider.json"


def current() -> dict[str, Any]:
    """Return what was remembered: ``provider`` and its ``options``; empty at first."""
    file = _file()
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise LocalStateError(f"{file} cannot be read.", str(error), f"Type: rm {file}") from error
    return value if isinstance(value, dict) else {}


def remember(name: str, options: dict[str, Any]) -> None:
    """Use this provider from now on."""
    paths.write_atomically(_file(), json.dumps({"provider": name, "options": options}, indent=1) + "\n")
