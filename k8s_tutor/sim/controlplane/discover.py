"""Finds controllers by scanning their package, so that adding one touches one file."""

import importlib
import pkgutil

from k8s_tutor.sim.controllers.base import Controller


def controllers() -> list[type[Controller]]:
    """Return all controller classes of ``k8s_tutor.sim.controllers``, by name."""
    from k8s_tutor.sim import controllers as package

    found: dict[str, type[Controller]] = {}
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Controller) and value.name:
                found[value.name] = value
    return [found[name] for name in sorted(found)]
