"""Fixtures of the scheduler's tests."""

from collections.abc import Awaitable, Callable

import pytest

from k8s_tutor.sim.cluster import Cluster
from tests.scheduler.places import Places


@pytest.fixture
async def places(cluster: Callable[..., Awaitable[Cluster]]) -> Places:
    """An empty set of nodes."""
    return Places(await cluster())
