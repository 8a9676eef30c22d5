"""Gives a student's own image the behaviour that the homework describes, by what the manifest says of it.

A homework's ``images`` maps patterns of repositories to a profile (docs/image-profiles.md). For every image of a
submission that a pattern fits, a profile is written that listens on the ports its containers name and starts whatever
command they give; images that the cluster's catalogue knows keep their own.
"""

import fnmatch
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from k8s_tutor.course import Exercise
from k8s_tutor.grading.assigning import Answer

SERVICE = "/service"
DEFAULT_PORT = 80


def write_profiles(
    patterns: Mapping[str, Any], tasks: Sequence[Exercise], answers: Mapping[str, Answer], scratch: Path
) -> Path:
    """Write the profiles of a submission's own images; returns their folder."""
    folder = scratch / "images"
    folder.mkdir(exist_ok=True)
    ports: dict[str, list[int]] = {}
    commands: dict[str, list[str]] = {}
    for task in tasks:
        for manifest in answers[task.id].objects:
            for container in _containers(manifest.object):
                image = _repository(str(container.get("image", "")))
                ports.setdefault(image, []).extend(_ports(container))
                commands.setdefault(image, []).extend(map(str, (container.get("command") or ())[:1]))
    for number, image in enumerate(sorted(ports)):
        wanted = next((profile for pattern, profile in patterns.items() if fnmatch.fnmatch(image, pattern)), None)
        if image and wanted is not None:
            profile = _profile(image, wanted, sorted(set(ports[image])) or [DEFAULT_PORT], commands[image])
            (folder / f"{number}.yaml").write_text(json.dumps(profile), encoding="utf-8")
    return folder


def _profile(image: str, wanted: Mapping[str, Any], ports: list[int], commands: list[str]) -> dict[str, Any]:
    program = {"listen": ports, **wanted.get("program", {})}
    names = {SERVICE, *(name if name.startswith("/") else f"/usr/local/bin/{name}" for name in commands)}
    shells = {"/bin/sh", "/bin/bash", "/usr/local/bin/sh", "/usr/local/bin/bash"}
    own = {key: value for key, value in wanted.items() if key != "program"}
    return {
        "names": [image],
        "fallback": True,
        "userland": "debian",
        "cmd": [SERVICE],
        "ports": ports,
        "programs": dict.fromkeys(sorted(names - shells), program),
        **own,
    }


def _containers(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every container of a Pod or of a workload's template."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in ("containers", "initContainers") and isinstance(item, list):
                yield from (container for container in item if isinstance(container, Mapping))
            else:
                yield from _containers(item)
    elif isinstance(value, list):
        for item in value:
            yield from _containers(item)


def _ports(container: Mapping[str, Any]) -> Iterator[int]:
    for port in container.get("ports") or ():
        number = port.get("containerPort") if isinstance(port, Mapping) else None
        if isinstance(number, int):
            yield number


def _repository(image: str) -> str:
    """Return an image's name without tag and digest."""
    name = image.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name
