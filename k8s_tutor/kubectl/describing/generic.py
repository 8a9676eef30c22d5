"""Any object, field by field: for kinds without a description of their own (custom resources, leases …)."""

import re

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.describing.events import write_events
from k8s_tutor.kubectl.describing.view import View
from k8s_tutor.kubectl.text import go_value

_ACRONYMS = {"api", "url", "uid", "guid"}
_SKIPPED = {
    ".metadata.managedFields",
    ".metadata.name",
    ".metadata.namespace",
    ".metadata.labels",
    ".metadata.annotations",
}


def describe(view: View, body: Json) -> None:
    """Add every field in the order of names."""
    view.heading(body)
    _content(view, 0, body, "")
    write_events(view, body)


def _content(view: View, level: int, content: Json, prefix: str) -> None:
    for name in sorted(content):
        path, value = f"{prefix}.{name}", content[name]
        if path in _SKIPPED:
            continue
        if isinstance(value, dict):
            view.line(level, f"{label(name)}:")
            _content(view, level + 1, value, path)
        elif isinstance(value, list):
            view.line(level, f"{label(name)}:")
            for child in value:
                if isinstance(child, dict):
                    _content(view, level + 1, child, path)
                else:
                    view.line(level + 1, go_value(child))
        else:
            view.line(level, f"{label(name)}:\t{go_value(value)}")


def label(name: str) -> str:
    """Return a field's name in words: ``apiVersion`` is ``API Version``."""
    if re.search(r"[^A-Za-z-]", name):
        return name
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]|-", name)
    words: list[str] = []
    while parts:
        part = parts.pop(0)
        if len(part) > 1 and part.isupper() and parts and parts[0][0].isupper():
            # An acronym keeps together with the word after it.
            part += parts.pop(0)
        if part.lower() in _ACRONYMS:
            words.append(part.upper())
        elif part == part.lower():
            words.append(part.title())
        else:
            words.append(part)
    return " ".join(words)
