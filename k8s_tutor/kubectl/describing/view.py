"""The page a description is written on (kubectl, ``pkg/describe``: ``PrefixWriter``), with the client for related objects."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.tabwriter import aligned

MAX_ANNOTATION = 140
SKIPPED_ANNOTATIONS = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})


class View:
    """Collects a description and aligns it.

    Args:
        call: the call, for its client.
        show_events: end with the object's events.
    """

    def __init__(self, call: Call, *, show_events: bool = True) -> None:
        self.call = call
        self.show_events = show_events
        self._done: list[str] = []
        self._open: list[str] = []

    def write(self, level: int, text: str) -> None:
        """Add text, indented by two spaces a level."""
        self._open.append("  " * level + text.replace("\x1b", "^[").replace("\r", "\\r"))

    def line(self, level: int, text: str) -> None:
        """Add a line."""
        self.write(level, text + "\n")

    def field(self, level: int, name: str, value: object) -> None:
        """Add ``name:`` and its value in the next column."""
        self.write(level, f"{name}:\t{value}\n")

    def flush(self) -> None:
        """Align what is there; later lines do not widen its columns."""
        self._done.append(aligned("".join(self._open)))
        self._open = []

    def text(self) -> str:
        """Return the whole description."""
        self.flush()
        return "".join(self._done)

    def tabbed(self) -> str:
        """Return what was written with its tabs, as rollouts show templates."""
        return "".join(self._open)

    def now(self) -> datetime:
        """The cluster's time."""
        return self.call.client.now()

    def get(self, path: str, **query: Any) -> Json | None:
        """Read a related object; None if there is none or it may not be read."""
        try:
            found: Json = self.call.client.get(path, **query)
        except ApiError:
            return None
        return found

    def list(self, path: str, **query: Any) -> list[Json]:
        """Read related objects; none if they may not be read."""
        try:
            return self.call.client.list(path, **query)
        except ApiError:
            return []

    def labels(self, title: str, labels: Json | None, *, indent: str = "", level: int = 0) -> None:
        """Add labels, one a line in one column."""
        self.column(
            title, [f"{key}={value}" for key, value in sorted((labels or {}).items())], indent=indent, level=level
        )

    def column(self, title: str, values: Iterable[str], *, indent: str = "", level: int = 0) -> None:
        """Add a title and values under each other, ``<none>`` if there are none."""
        self.write(level, f"{indent}{title}:\t")
        values = list(values)
        if not values:
            self.write(0, "<none>\n")
        for at, value in enumerate(values):
            self.write(level if at else 0, (f"{indent}\t" if at else "") + value + "\n")

    def annotations(self, title: str, annotations: Json | None) -> None:
        """Add annotations; long or several-line ones go under their key."""
        self.write(0, f"{title}:\t")
        shown = {key: value for key, value in (annotations or {}).items() if key not in SKIPPED_ANNOTATIONS}
        if not shown:
            self.write(0, "<none>\n")
        for at, key in enumerate(sorted(shown)):
            lead = "\t" if at else ""
            value = shown[key].removesuffix("\n")
            if len(value) + len(key) + 2 <= MAX_ANNOTATION and "\n" not in value:
                self.write(0, f"{lead}{key}: {value}\n")
                continue
            self.write(0, f"{lead}{key}:\n")
            for part in value.split("\n"):
                limit = MAX_ANNOTATION - 2
                self.write(0, f"\t  {part[:limit] + '...' if len(part) > limit else part}\n")

    def heading(self, body: Json, *, namespace: bool = True, labels: bool = True) -> None:
        """Add name, namespace, labels and annotations."""
        metadata = body.get("metadata", {})
        self.field(0, "Name", metadata.get("name", ""))
        if namespace:
            self.field(0, "Namespace", metadata.get("namespace", ""))
        if labels:
            self.labels("Labels", metadata.get("labels"))
            self.annotations("Annotations", metadata.get("annotations"))


def controller(body: Json) -> str:
    """Return ``Kind/name`` of the object that manages this one, or nothing."""
    for owner in body.get("metadata", {}).get("ownerReferences") or ():
        if owner.get("controller"):
            return f"{owner['kind']}/{owner['name']}"
    return ""


def controlled_by(view: View, body: Json) -> None:
    """Add the managing object, if there is one."""
    owner = controller(body)
    if owner:
        view.field(0, "Controlled By", owner)
