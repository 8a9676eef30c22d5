"""Where a field lies in an object: paths like ``spec/template/spec/containers/image`` that go through lists by themselves.

``pod:`` stands for the PodSpec of whatever has one (kustomize, ``fieldspec``; its tables in ``builtinpluginconsts``).
"""

from collections.abc import Iterator
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.podspecs import template_of


def holders(body: Json, path: str) -> Iterator[tuple[Json, str]]:
    """Yield the mappings that hold the path's last key, with that key; the key itself need not be there."""
    whole: Any = body
    if path.startswith("pod:"):
        whole, path = (template_of(body) or {}).get("spec"), path.removeprefix("pod:")
    *steps, last = path.split("/")
    yield from ((found, last) for found in _at(whole, steps) if isinstance(found, dict))


def make(body: Json, path: str) -> Json:
    """Return the mapping at a path, making what is missing on the way; the path must not go through lists."""
    found = body
    for step in path.split("/"):
        if not isinstance(found.get(step), dict):
            found[step] = {}
        found = found[step]
    return found


def _at(value: Any, steps: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _at(one, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict) and steps[0] in value:
        yield from _at(value[steps[0]], steps[1:])
