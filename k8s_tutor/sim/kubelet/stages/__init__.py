"""The parts of a pod's life that are stages, as data: how long steps take, and which phase follows from which counts.

``timing.yaml`` holds the delays of a node, as recorded on a real one; ``phase.yaml`` the decision table behind
``status.phase``, read from the top: the first line whose conditions all hold decides.
"""

import functools
from importlib import resources
from typing import Any

import yaml

from k8s_tutor.apimachinery.unstructured import Json


@functools.cache
def load(name: str) -> Any:
    """Return the content of a file of this package."""
    text = resources.files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - the safe loader, in C


def timing(name: str) -> float:
    """Return a delay in seconds by its name in ``timing.yaml``."""
    return float(load("timing")[name])


def decide(table: str, facts: Json) -> str:
    """Return the result of the first line of a decision table whose conditions the facts fulfil."""
    for line in load(table):
        if all(_holds(facts[name], wanted) for name, wanted in line.get("when", {}).items()):
            return str(line["then"])
    raise LookupError(f"no line of {table} fits {facts}")


def _holds(value: int | bool, wanted: int | bool | str) -> bool:
    if wanted == "some":
        return value > 0
    if wanted == "none":
        return value == 0
    return value == wanted
