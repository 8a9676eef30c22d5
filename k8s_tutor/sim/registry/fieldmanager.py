"""Keeps ``metadata.managedFields`` of everything that is written (upstream: ``apimachinery/pkg/util/managedfields``)."""

from typing import Any

from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.registry.scheme import Resource
from k8s_tutor.sim.registry.strategy import RequestContext

Json = dict[str, Any]


class ManagedFields:
    """Tracks who set which field.

    Args:
        clock: the cluster's time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def track(self, ctx: RequestContext, resource: Resource, new: Json, old: Json | None) -> None:
        """Set the new object's managedFields for an update by ``ctx.manager``."""
