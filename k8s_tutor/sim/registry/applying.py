"""Server-side apply, for requests and for components in this process (upstream: ``fieldmanager.Apply``)."""

from k8s_tutor.apimachinery.apply import ApplyConflictError, ApplyError, apply
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.apimachinery.unstructured_errors import unstructured_error
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.registry.fieldmanager import reset_fields
from k8s_tutor.sim.registry.scheme import Resource


def applied(
    resource: Resource, old: Json | None, config: Json, *, manager: str, force: bool, time: str, subresource: str = ""
) -> Json:
    """Return the object after an apply, decoded, with its managedFields; not yet defaulted or validated.

    Args:
        resource: in whose version both objects are.
        old: the present object, None if there is none.
        config: what is applied.
        manager: the field manager.
        force: take over fields of others.
        time: now, RFC 3339.
        subresource: through which it is applied.

    Raises:
        ApiError: 409 on conflicts, 400 or 500 for what is no object of the kind.
    """
    schema = resource.schema
    if schema is None:
        raise ApiError(500, "", f"no schema for {resource.name}")
    try:
        merged = apply(
            old,
            config,
            manager,
            force,
            schema,
            api_version=resource.api_version,
            time=time,
            subresource=subresource,
            reset=reset_fields(resource, subresource),
        )
    except ApplyConflictError as conflict:
        causes = [
            {"reason": "FieldManagerConflict", "message": f"conflict with {owner}", "field": path}
            for owner, path in conflict.conflicts
        ]
        raise ApiError(409, "Conflict", str(conflict), {"causes": causes}) from None
    except ApplyError as error:
        raise ApiError(error.code, "BadRequest" if error.code == 400 else "", str(error)) from None
    managed = merged["metadata"].pop("managedFields", None)
    conformed = resource.conform(merged)
    if conformed.type_error:
        raise _not_converted(resource, config, conformed.type_error)
    if managed:
        conformed.obj["metadata"]["managedFields"] = _same_times(managed, old)
    return conformed.obj


def _not_converted(resource: Resource, config: Json, why: str) -> ApiError:
    meta = config.get("metadata") or {}
    kind = f"{resource.api_version if resource.group else '/' + resource.version}, Kind={resource.kind}"
    text = (
        f"failed to convert new object ({meta.get('namespace', '')}/{meta.get('name', '')}; {kind}) to proper version: "
        f"unable to convert unstructured object to {kind}: {unstructured_error(why)}"
    )
    return ApiError(500, "", text)


def _same_times(managed: list[Json], old: Json | None) -> list[Json]:
    """Keep the old entries where nothing but the time differs, so that applying the same again changes nothing."""
    before: list[Json] = ((old or {}).get("metadata") or {}).get("managedFields") or []

    def timeless(entries: list[Json]) -> list[Json]:
        return sorted(({k: v for k, v in e.items() if k != "time"} for e in entries), key=repr)

    return before if timeless(before) == timeless(managed) else managed
