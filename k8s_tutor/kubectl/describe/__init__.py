"""Descriptions: a file a kind, found by the kind's name in lower case.

A file has ``GROUP`` and ``describe(view, body)``. `description` falls back to printing every field, as kubectl does for
kinds it does not know.
"""

import importlib
from collections.abc import Callable
from pathlib import Path

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import APIResource
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.describing.view import View

_FOLDER = Path(__file__).parent


def description(call: Call, resource: APIResource, body: Json, *, show_events: bool = True) -> str:
    """Return the description of an object."""
    body.setdefault("kind", resource.kind)
    body.setdefault("apiVersion", resource.group_version)
    view = View(call, show_events=show_events)
    _describer(resource)(view, body)
    return view.text()


def _describer(resource: APIResource) -> Callable[[View, Json], None]:
    stem = resource.kind.lower()
    if (_FOLDER / f"{stem}.py").exists():
        module = importlib.import_module(f"k8s_tutor.kubectl.describe.{stem}")
        if resource.group == module.GROUP:
            found: Callable[[View, Json], None] = module.describe
            return found
    from k8s_tutor.kubectl.describing.generic import describe

    return describe
