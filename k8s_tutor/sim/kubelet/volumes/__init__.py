"""Volume plug-ins: one file a kind, found by scanning this package (upstream: ``pkg/volume``)."""

import functools
import importlib
import pkgutil
from typing import Any

from k8s_tutor.sim.kubelet.volumes.base import Mounted, MountError, VolumeContext, VolumePlugin

__all__ = ["MountError", "Mounted", "VolumeContext", "VolumePlugin", "plugin_for"]


@functools.cache
def _plugins() -> dict[str, VolumePlugin]:
    found: dict[str, VolumePlugin] = {}
    for module in pkgutil.iter_modules(__path__, __name__ + "."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, VolumePlugin) and value.__module__ == module.name:
                for source in value.sources:
                    found[source] = value()
    return found


def plugin_for(volume: dict[str, Any]) -> VolumePlugin:
    """Return the plug-in of a volume of a pod's spec, or what stands for kinds that nodes here cannot mount."""
    plugins = _plugins()
    for source in volume:
        if source in plugins:
            return plugins[source]
    return plugins["*"]
