"""Verbs and describers are found by the names of their files; only the one that is needed is imported."""

import importlib
from functools import lru_cache
from pathlib import Path

from k8s_tutor.kubectl.command import Verb

_ROOT = Path(__file__).parent


@lru_cache
def names() -> tuple[str, ...]:
    """Return the names of all verbs: ``api_resources.py`` is ``api-resources``."""
    files = (
        path.stem for path in (_ROOT / "verbs").iterdir() if path.suffix == ".py" and not path.stem.startswith("_")
    )
    return tuple(sorted(stem.rstrip("_").replace("_", "-") for stem in files if stem != "complete"))


def verb(name: str) -> type[Verb] | None:
    """Import a verb by name; None if there is none."""
    if name == "__complete":
        name = "complete"
    elif name not in names():
        return None
    stem = name.replace("-", "_")
    file = _ROOT / "verbs" / f"{stem}.py"
    module = importlib.import_module(f"k8s_tutor.kubectl.verbs.{stem if file.exists() else stem + '_'}")
    found: type[Verb] = module.VERB
    return found
