"""Keeps ``metadata.managedFields`` of everything that is written (upstream: ``apimachinery/pkg/util/managedfields``).

Tracking runs before mutating admission, as upstream: what admission fills in (priority, tolerations, the token volume)
is owned by nobody. Fields that a request cannot set (status of the main resource) are not counted either.
"""

from functools import lru_cache

from k8s_tutor.apimachinery.apply import managed_before, track_update
from k8s_tutor.apimachinery.apply.fieldsets import FieldSet, make_set
from k8s_tutor.apimachinery.apply.shapes import misshapen
from k8s_tutor.apimachinery.encoding import LIVE, encoded
from k8s_tutor.apimachinery.schema import Type, type_for
from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.clock import Clock
from k8s_tutor.sim.registry.scheme import Resource, Scheme
from k8s_tutor.sim.registry.strategy import RequestContext


class ManagedFields:
    """Tracks who set which field.

    Args:
        clock: the cluster's time.
        scheme: the served resources, for objects that are written in another version than the stored one.
    """

    def __init__(self, clock: Clock, scheme: Scheme) -> None:
        self._clock = clock
        self._scheme = scheme

    def track(self, ctx: RequestContext, resource: Resource, new: Json, old: Json | None) -> None:
        """Set the new object's managedFields for an update by ``ctx.manager``."""
        version = ctx.api_version or resource.api_version
        kind = resource.schema if version == resource.api_version else self._type(version, resource)
        if kind is None:
            return
        shown = new if version == resource.api_version else resource.strategy.to_version(new, version)
        meta = new["metadata"]
        if resource.custom is not None and misshapen(shown, kind):
            # Upstream clears them when they cannot be told; an update of what is not kept anyway then changes nothing.
            kept = (old or {"metadata": {}})["metadata"].get("managedFields")
            meta.pop("managedFields", None)
            if kept:
                meta["managedFields"] = kept
            return
        before = old if old is None or shown is new else resource.strategy.to_version(old, version)
        entries = track_update(
            before,
            encoded(shown, kind, form=LIVE, old=old if shown is new else None),
            managed_before(old, new, ctx.subresource),
            ctx.manager,
            "Update",
            version,
            ctx.subresource,
            rfc3339(self._clock.now()),
            kind,
            reset_fields(resource, ctx.subresource),
        )
        if entries:
            meta["managedFields"] = entries
        else:
            meta.pop("managedFields", None)

    def _type(self, api_version: str, resource: Resource) -> Type | None:
        group, _, version = api_version.rpartition("/")
        found = self._scheme.find(group, version, resource.plural)
        return found.schema if found is not None else type_for(group, version, resource.kind)


def reset_fields(resource: Resource, subresource: str) -> FieldSet | None:
    """Return the fields that a request of this kind cannot set."""
    if subresource == "status":
        return _all_but_status(resource.name)
    if not subresource and resource.strategy.resets_spec:
        return _spec_and_status()
    return _status() if not subresource and resource.strategy.has_status else None


@lru_cache(maxsize=1)
def _spec_and_status() -> FieldSet:
    return make_set(("spec",), ("status",))


@lru_cache(maxsize=1)
def _status() -> FieldSet:
    return make_set(("status",))


@lru_cache(maxsize=256)
def _all_but_status(_: str) -> FieldSet:
    return make_set(("spec",))
