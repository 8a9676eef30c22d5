"""One file, one plug-in: a package's modules are scanned for classes, and installed distributions add theirs.

A plug-in is a concrete subclass of the room's base class with a class attribute ``name``. Entry points name such a
class, or a module that holds some. Ours win over foreign ones of the same name.
"""

import importlib
import inspect
import pkgutil
from functools import cache
from importlib import metadata
from types import ModuleType

from k8s_tutor.errors import UsageError


@cache
def discover(package: str, base: type, group: str = "") -> dict[str, type]:
    """Find all plug-ins of one sort, by name.

    Args:
        package: dotted name of the package whose modules (one level) hold our own.
        base: what they derive from; abstract ones are left out.
        group: entry point group of others'.

    Raises:
        UsageError: a foreign plug-in cannot be loaded.
    """
    found: dict[str, type] = {}
    for entry in metadata.entry_points(group=group) if group else ():
        found.update(_from_elsewhere(entry, base))
    folder = importlib.import_module(package)
    for info in pkgutil.iter_modules(folder.__path__):
        found.update(_in_module(importlib.import_module(f"{package}.{info.name}"), base))
    return dict(sorted(found.items()))


def _in_module(module: ModuleType, base: type) -> dict[str, type]:
    classes = (value for value in vars(module).values() if inspect.isclass(value) and issubclass(value, base))
    return {
        str(vars(found)["name"]): found
        for found in classes
        if not inspect.isabstract(found) and "name" in vars(found) and found.__module__ == module.__name__
    }


def _from_elsewhere(entry: metadata.EntryPoint, base: type) -> dict[str, type]:
    try:
        value = entry.load()
    except Exception as error:
        raise UsageError(
            f"The plug-in {entry.name!r} ({entry.value}) cannot be loaded.",
            f"Why: {error}.",
            "Next: update or remove the package that brings it.",
        ) from error
    if isinstance(value, ModuleType):
        return _in_module(value, base)
    if inspect.isclass(value) and issubclass(value, base):
        return {entry.name: value}
    raise UsageError(
        f"The plug-in {entry.name!r} ({entry.value}) is not one.",
        f"Why: it is no {base.__name__}.",
        "Next: update or remove the package that brings it.",
    )
