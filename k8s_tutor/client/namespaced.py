"""A copy of a kubeconfig whose current context has another namespace: an exercise's, while the cluster's own file stays."""

from pathlib import Path
from typing import Any

from k8s_tutor.errors import ClusterUnavailableError
from k8s_tutor.paths import write_atomically


def write_namespaced(source: Path, target: Path, namespace: str) -> None:
    """Copy a kubeconfig, with another namespace in its current context.

    Raises:
        ClusterUnavailableError: the source is missing or no kubeconfig.
        LocalStateError: the target cannot be written.
    """
    import yaml

    try:
        data: Any = yaml.load(source.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        current = data.get("current-context", "")
        for entry in data["contexts"]:
            if entry["name"] == current:
                entry["context"]["namespace"] = namespace
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ClusterUnavailableError(
            f"The kubeconfig {source} cannot be used.",
            f"Why: {error}.",
            "Next: k8s-tutor cluster start writes a fresh one.",
        ) from None
    _make_absolute(data, source.parent)
    text = yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False)
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        write_atomically(target, text)


def _make_absolute(data: Any, folder: Path) -> None:
    """Paths in a kubeconfig are relative to its folder, and the copy lies elsewhere."""
    for section, inner in (("clusters", "cluster"), ("users", "user")):
        for entry in data.get(section) or ():
            values = entry.get(inner) or {}
            for key in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
                if values.get(key):
                    values[key] = str(folder / values[key])
