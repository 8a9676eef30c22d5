"""The programs there are, by name: what a file's ``program`` attribute refers to.

A program is a coroutine that runs as a process and returns its exit code, or *resident*: a function that sets up a
server (timers, listeners, signal handlers) and returns at once; the process lives until something ends it.
"""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

Run = Callable[["Process"], Awaitable[int]]
Resident = Callable[["Process"], None]


@dataclass(frozen=True, slots=True)
class Program:
    """How a named program behaves.

    Args:
        run: the coroutine function; None for a resident one.
        setup: a resident program's.
        memory: bytes it takes when it starts.
        start: CPU seconds to start it (fork and exec).
    """

    name: str
    run: Run | None = None
    setup: Resident | None = None
    memory: int = 600 << 10
    start: float = 0.0008


_programs: dict[str, Program] = {}
_loaded: list[bool] = []


def program(*names: str, memory: int = 600 << 10, start: float = 0.0008) -> Callable[[Run], Run]:
    """Register a program that runs as a task."""

    def register(run: Run) -> Run:
        for name in names:
            _programs[name] = Program(name, run=run, memory=memory, start=start)
        return run

    return register


def resident(*names: str, memory: int = 4 << 20) -> Callable[[Resident], Resident]:
    """Register a resident program."""

    def register(setup: Resident) -> Resident:
        for name in names:
            _programs[name] = Program(name, setup=setup, memory=memory)
        return setup

    return register


def find(name: str) -> Program | None:
    """Return the program of this name; the modules beside and below this one are imported first."""
    if not _loaded:
        _loaded.append(True)
        package: Any = importlib.import_module("k8s_tutor.sim.runtime.programs")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return _programs.get(name)


def names() -> list[str]:
    """Return all names, sorted."""
    find("sh")
    return sorted(_programs)
