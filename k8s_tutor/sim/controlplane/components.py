"""The components of the control plane and nodes, as things that can be stopped and started while the cluster lives.

A component is made anew whenever it starts, so that a stopped scheduler, controller-manager or kubelet loses what it
knew, as a process that dies does.
"""

from collections.abc import Callable
from typing import Protocol


class Part(Protocol):
    """What a component consists of: a controller, the scheduler, a kubelet."""

    def start(self) -> None:
        """Begin to work."""

    def stop(self) -> None:
        """Stop at once, as when the process dies."""


class Components:
    """Named components; each is made of parts by a function."""

    def __init__(self) -> None:
        self._makers: dict[str, Callable[[], list[Part]]] = {}
        self._running: dict[str, list[Part]] = {}

    def add(self, name: str, make: Callable[[], list[Part]]) -> None:
        """Declare a component; it does not run yet."""
        self._makers[name] = make

    def remove(self, name: str) -> None:
        """Stop a component and forget it."""
        self.stop(name)
        self._makers.pop(name, None)

    def names(self) -> list[str]:
        """Return the declared components."""
        return list(self._makers)

    def running(self, name: str) -> bool:
        """Whether the component runs."""
        return name in self._running

    def parts(self, name: str) -> list[Part]:
        """Return what the running component consists of; empty if it is stopped."""
        return list(self._running.get(name, ()))

    def start(self, name: str) -> None:
        """Start the component, unless it runs."""
        if name in self._running:
            return
        parts = self._running[name] = self._makers[name]()
        for part in parts:
            part.start()

    def stop(self, name: str) -> None:
        """Stop the component, unless it is stopped."""
        for part in self._running.pop(name, ()):
            part.stop()

    def stop_all(self) -> None:
        """Stop all, the last started first."""
        for name in reversed(tuple(self._running)):
            self.stop(name)
