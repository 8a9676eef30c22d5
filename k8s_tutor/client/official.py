"""Loading only the modules of the official ``kubernetes`` package that are needed.

``import kubernetes`` reads 800 typed models, the dynamic client, informers and OAuth libraries (250-550 ms). The parts
used here (configuration, REST pool, websocket stream) stand alone once their parent packages exist, so the parents are
put in place empty while a part is imported, and taken away afterwards: a later ordinary ``import kubernetes`` in the
same process gets the whole package, untouched. Measured in docs/decisions/0003-client-import.md.
"""

import importlib
import importlib.util
import sys
import threading
from pathlib import Path
from types import ModuleType

_PARENTS = ("kubernetes", "kubernetes.client", "kubernetes.utils", "kubernetes.stream")
_lock = threading.RLock()
_loaded: dict[str, ModuleType] = {}


def part(name: str) -> ModuleType:
    """Import one module of the package, such as ``kubernetes.client.rest``, without its siblings.

    Raises:
        ModuleNotFoundError: the package is not installed.
    """
    with _lock:
        if name not in _loaded:
            whole = "kubernetes" in sys.modules
            _loaded[name] = importlib.import_module(name) if whole else _import_alone(name)
        return _loaded[name]


def whole(name: str) -> ModuleType:
    """Import a module that needs all of the package (kubeconfigs with credential plugins)."""
    with _lock:
        return importlib.import_module(name)


def _import_alone(name: str) -> ModuleType:
    spec = importlib.util.find_spec("kubernetes")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the official client is not installed", name="kubernetes")
    root = Path(spec.origin).parent
    for parent in _PARENTS:
        stub = ModuleType(parent)
        stub.__path__ = [str(root.joinpath(*parent.split(".")[1:]))]
        sys.modules[parent] = stub
    sys.modules.update({key: module for key, module in _kept.items() if key not in sys.modules})
    try:
        return importlib.import_module(name)
    finally:
        for key in [key for key in sys.modules if key == "kubernetes" or key.startswith("kubernetes.")]:
            module = sys.modules.pop(key)
            if key not in _PARENTS:
                _kept[key] = module


_kept: dict[str, ModuleType] = {}
