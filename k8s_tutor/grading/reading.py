"""Reads a submission's manifests: every YAML and JSON file, every document; what cannot be read is told, not fatal.

Helm charts and kustomizations beside are recognised and left out: their templates are no manifests.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from k8s_tutor.checks.manifests import Manifest, read_manifests
from k8s_tutor.errors import PackError
from k8s_tutor.grading.submissions import MANIFESTS, SKIPPED

MAX_FILE = 1_000_000
MAX_OBJECTS = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """All objects of a submission, and what could not be read."""

    manifests: tuple[Manifest, ...]
    notes: tuple[str, ...]


def read_submission(root: Path) -> Reading:
    """Read every manifest below a folder."""
    manifests: list[Manifest] = []
    notes: list[str] = []
    for file in _files(root):
        name = str(file.relative_to(root))
        if file.stat().st_size > MAX_FILE:
            notes.append(f"{name}: larger than {MAX_FILE // 1_000_000} MB, not read")
            continue
        try:
            manifests += read_manifests(file, name)
        except PackError as error:
            notes.append(" ".join(error.render().split()))
        if len(manifests) > MAX_OBJECTS:
            notes.append(f"more than {MAX_OBJECTS} objects: the rest is not read")
            break
    return Reading(tuple(manifests[:MAX_OBJECTS]), tuple(notes))


def _files(root: Path) -> Iterator[Path]:
    charts = {chart.parent for chart in root.rglob("Chart.yaml")}
    for file in sorted(root.rglob("*")):
        if file.suffix.lower() not in MANIFESTS or file.is_symlink() or not file.is_file():
            continue
        parts = file.relative_to(root).parts
        if any(part in SKIPPED or part.startswith(".") for part in parts) or file.name.startswith("kustomization"):
            continue
        if not any(chart in file.parents for chart in charts):
            yield file
