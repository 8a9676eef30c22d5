"""Imports, while nothing happens, what the first pods will need: the modules that a start leaves out to be ready soon.

Validation, volumes, the shell and the programs are imported where they are first used. The first burst of pods after a
start would wait for all of them at once. Here they come one by one, with pauses in which requests are served.
"""

import asyncio
import importlib
import pkgutil
from collections.abc import Iterator

PAUSE = 0.005
RESOURCES = ("pod", "service", "config_map", "secret", "replica_set", "deployment", "stateful_set", "daemon_set", "job")
PACKAGES = ("resources.shared", "kubelet.volumes", "runtime.shell", "runtime.programs")


async def warm() -> None:
    """Import all of it."""
    for name in _modules():
        await asyncio.sleep(PAUSE)
        importlib.import_module(name)


def _modules() -> Iterator[str]:
    root = __package__
    for name in RESOURCES:
        yield f"{root}.resources.{name}"
    for name in PACKAGES:
        package = f"{root}.{name}"
        yield package
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            yield module.name
