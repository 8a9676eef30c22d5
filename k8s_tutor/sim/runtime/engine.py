"""The container runtime of the whole cluster (containerd's part): images by reference, containers by configuration."""

import itertools
from pathlib import Path
from typing import Protocol

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.network import Network
from k8s_tutor.sim.runtime.container import Container
from k8s_tutor.sim.runtime.contract import CatalogueError, ContainerConfig, ImageInfo
from k8s_tutor.sim.runtime.images import BUILT_IN, Catalogue
from k8s_tutor.sim.runtime.programs.filters import TextTools
from k8s_tutor.sim.runtime.turns import Turns

BARE = BUILT_IN / "bare"
UPTIME_AT_START = 86400.0 * 3


class Surroundings(Protocol):
    """What the runtime needs of a cluster."""

    clock: Clock

    @property
    def network(self) -> Network:
        """Connects containers."""
        ...

    @property
    def images(self) -> tuple[Path, ...]:
        """Folders with further image profiles."""
        ...


class Runtime:
    """Makes containers.

    Args:
        kit: the cluster; its ``images`` folders are added to the built-in catalogue; if its ``shape`` is bare, images are
            those that the recordings of a real node were made with.
        catalogue: instead of that.
    """

    def __init__(self, kit: Surroundings, catalogue: Catalogue | None = None) -> None:
        self.clock = kit.clock
        self.network: Network = kit.network
        bare = getattr(getattr(kit, "shape", None), "bare", False)
        self._folders = (*((BARE,) if bare else ()), *kit.images) if catalogue is None else ()
        self._catalogue = catalogue
        self.booted = self.clock.now() - UPTIME_AT_START
        self._serial = itertools.count(1)
        self._running: set[Container] = set()
        self.text_tools = TextTools()
        self.turns = Turns(kit.clock)

    @property
    def catalogue(self) -> Catalogue:
        """The images there are (read when first asked for)."""
        if self._catalogue is None:
            self._catalogue = Catalogue.load(*self._folders)
        return self._catalogue

    def image_info(self, reference: str) -> ImageInfo | None:
        """Return an image's configuration, or None if it cannot be pulled (``pull_error`` says why)."""
        try:
            return self.catalogue.image(reference).info
        except CatalogueError:
            return None

    def pull_error(self, reference: str) -> str:
        """Return what containerd says when the image cannot be pulled; empty if it can."""
        try:
            self.catalogue.image(reference)
        except CatalogueError as error:
            return str(error)
        return ""

    def create(self, config: ContainerConfig) -> Container:
        """Return a container, ready to start.

        Raises:
            CatalogueError: there is no such image.
        """
        return Container(self, config, self.catalogue.image(config.image))

    def next_serial(self) -> int:
        """Return a number that no container had before."""
        return next(self._serial)

    @property
    def running(self) -> frozenset[Container]:
        """The containers that run."""
        return frozenset(self._running)

    def container_started(self, container: Container) -> None:
        """Keep track."""
        self._running.add(container)

    def container_ended(self, container: Container) -> None:
        """Keep track."""
        self._running.discard(container)

    def container_removed(self, container: Container) -> None:
        """Keep track."""
        self._running.discard(container)

    async def close(self) -> None:
        """Kill what runs."""
        for container in tuple(self._running):
            container.kill()
        await self.clock.settle()
