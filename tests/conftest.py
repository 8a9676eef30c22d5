"""Fixtures of all rooms: a clock that stands still, clusters in virtual time, an HTTPS server, the real kubectl."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.cluster import Cluster, Shape

START = 1_800_000_000.0  # 2027-01-15T08:00:00Z
ClusterFactory = Callable[..., Awaitable[Cluster]]


@pytest.fixture
async def clock() -> AsyncIterator[Clock]:
    """Cluster time that moves only by ``advance``."""
    clock = Clock(rate=0, start=START)
    yield clock
    clock.close()


@pytest.fixture
async def cluster(clock: Clock) -> AsyncIterator[ClusterFactory]:
    """``await cluster(nodes=1, bare=True, **options)`` gives a started and settled cluster in virtual time."""
    made: list[Cluster] = []

    async def make(nodes: int = 0, *, bare: bool = True, **options: Any) -> Cluster:
        cluster = Cluster(Shape(nodes, bare), clock=clock, **options)
        made.append(cluster)
        await cluster.start()
        await clock.settle()
        return cluster

    yield make
    for cluster in made:
        await cluster.stop()
