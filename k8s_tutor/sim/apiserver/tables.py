"""Tables and metadata-only forms of objects (``metav1.Table``, ``PartialObjectMetadata``).

Mirrors ``apiserver/pkg/endpoints/handlers/response.go``; columns and cells are the strategy's.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.machinery.status import bad_request
from k8s_tutor.sim.machinery.store import Entry

if TYPE_CHECKING:
    from k8s_tutor.sim.apiserver.reading import Page

META_V1 = "meta.k8s.io/v1"


def transform(
    call: Call, entries: Sequence[Entry], version: str, *, page: "Page | None" = None, single: bool = False
) -> Json:
    """Return the entries in the form that the client asked for."""
    if call.form.transform == "Table":
        return table(call, entries, version, page=page)
    if single:
        return partial(entries[0].obj)
    return partial_list(entries, version, page=page)


def table(call: Call, entries: Sequence[Entry], version: str, *, page: "Page | None" = None) -> Json:
    """Return a Table of the entries."""
    meta: Json = {"resourceVersion": version}
    if page is not None and page.token:
        meta["continue"] = page.token
        if page.remaining is not None:
            meta["remainingItemCount"] = page.remaining
    include = call.request.param("includeObject") or "Metadata"
    if include not in {"None", "Metadata", "Object"}:
        raise bad_request(f"unrecognized includeObject value: {include!r}".replace("'", '"'))
    return {
        "kind": "Table",
        "apiVersion": META_V1,
        "metadata": meta,
        "columnDefinitions": columns(call),
        "rows": [row(call, entry, include) for entry in entries],
    }


def columns(call: Call) -> list[Json]:
    """Return the column definitions of the kind."""
    return [
        {
            "name": column.name,
            "type": column.type,
            "format": column.format,
            "description": column.description,
            "priority": column.priority,
        }
        for column in call.resource.strategy.columns
    ]


def row(call: Call, entry: Entry, include: str) -> Json:
    """Return one row of a Table."""
    now = call.server.clock.now()
    cells = call.resource.strategy.row(entry.obj, now)
    if include == "None":
        return {"cells": cells, "object": None}
    if include == "Object":
        resource = call.resource
        return {"cells": cells, "object": resource.strategy.to_version(entry.obj, resource.api_version)}
    return {"cells": cells, "object": _without(partial(entry.obj), call.resource.strategy.unversioned_annotations)}


def _without(shown: Json, annotations: frozenset[str]) -> Json:
    """Return metadata without these annotations."""
    present = shown["metadata"].get("annotations")
    if not annotations or not present or annotations.isdisjoint(present):
        return shown
    meta = dict(shown["metadata"])
    meta["annotations"] = {key: value for key, value in present.items() if key not in annotations}
    if not meta["annotations"]:
        del meta["annotations"]
    return shown | {"metadata": meta}


def partial(obj: Json) -> Json:
    """Return the object's metadata only."""
    return {"kind": "PartialObjectMetadata", "apiVersion": META_V1, "metadata": obj["metadata"]}


def partial_list(entries: Sequence[Entry], version: str, *, page: "Page | None" = None) -> Json:
    """Return a list of objects' metadata."""
    meta: Json = {"resourceVersion": version}
    if page is not None and page.token:
        meta["continue"] = page.token
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": META_V1,
        "metadata": meta,
        "items": [partial(entry.obj) for entry in entries],
    }
