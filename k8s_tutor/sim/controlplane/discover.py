"""Finds controllers by scanning their package, so that adding one touches one file."""

import importlib
import pkgutil

from k8s_tutor.sim.controllers.base import Controller


def controllers() -> list[type[Controller]]:
    """Return all controller classes of ``k8s_tutor.sim.controllers``, by name."""
    from k8s_tutor.sim import controllers as package

    found: set[type[Controller]] = set()  # some share an account, and so their name
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Controller) and value.name:
                found.add(value)
    return sorted(found, key=lambda controller: (controller.name, controller.__name__))
