"""A learner's manifests: read with care, unpacked from lists, and judged by the schema as the API server would."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k8s_tutor.apimachinery.conforming import conform
from k8s_tutor.checks.objects import Object
from k8s_tutor.checks.pattern import object_type
from k8s_tutor.course.model import Mark
from k8s_tutor.course.yamltext import Document, parse, read


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object of a file, and where it begins."""

    object: Object
    source: Mark

    @property
    def kind(self) -> str:
        return str(self.object.get("kind", ""))


def read_manifests(path: Path, file: str = "") -> list[Manifest]:
    """Read the objects of a file.

    Raises:
        PackError: it cannot be read, or holds something that is no Kubernetes object.
    """
    return [manifest for document in read(path, file) for manifest in _objects(document)]


def parse_manifests(text: bytes | str, file: str = "input") -> list[Manifest]:
    """As ``read_manifests``, from text."""
    return [manifest for document in parse(text, file) for manifest in _objects(document)]


def _objects(document: Document) -> Iterator[Manifest]:
    data = document.data
    if not isinstance(data, dict):
        found = "a list" if isinstance(data, list) else "plain text"
        hint = (
            "Next: separate objects by a line `---`." if isinstance(data, list) else "Next: begin with `apiVersion:`."
        )
        raise document.error((), f"{found}, where a Kubernetes object (a map with kind) is expected", hint)
    for name in ("apiVersion", "kind"):
        if not isinstance(data.get(name), str) or not data[name]:
            raise document.error((name,), "is missing or no text", f"Next: every object says its {name}.")
    if data["kind"].endswith("List") and isinstance(data.get("items"), list):
        for index, item in enumerate(data["items"]):
            if not isinstance(item, dict):
                raise document.error(("items", index), "is no object")
            yield Manifest(item, document.mark(("items", index)))
        return
    metadata: Any = data.get("metadata")
    if not isinstance(metadata, dict):
        raise document.error(("metadata",), "is missing or no map", "Next: every object has a name under metadata.")
    yield Manifest(data, document.mark())


def shape_problems(manifest: Manifest) -> list[str]:
    """Return what the API server's strict decoding would say about an object of a built-in kind; nothing for others."""
    type_ = object_type(manifest.object)
    if type_ is None:
        return []
    found = conform(manifest.object, type_)
    problems = list(map(str, found.strict_errors))
    return [str(found.type_error), *problems] if found.type_error else problems
