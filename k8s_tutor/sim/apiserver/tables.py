"""Tables and metadata-only forms of objects (``metav1.Table``, ``PartialObjectMetadata``).

Mirrors ``apiserver/pkg/endpoints/handlers/response.go``; columns and cells are the strategy's.
"""

from collections.abc import Sequence
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.paging import Page
from k8s_tutor.sim.machinery.status import ApiError, bad_request
from k8s_tutor.sim.machinery.store import Entry
from k8s_tutor.sim.registry.strategy import Column

UNKNOWN = "<unknown>"


def transform(call: Call, page: Page, *, single: bool = False) -> Json:
    """Return the entries in the form that the client asked for."""
    if call.form.transform == "Table":
        return table(call, page)
    if single == call.form.transform.endswith("List"):
        raise _wrong_number(call, single=single)
    return partial(call, page.entries[0].obj) if single else partial_list(call, page)


def _wrong_number(call: Call, *, single: bool) -> ApiError:
    resource = call.resource
    package = f"{resource.group.split('.')[0] or 'core'}.{resource.kind}"
    kind = "unstructured.Unstructured" if resource.custom is not None else package
    shown = f"is not a list (*{kind})" if single else f"is a list (*{kind}List)"
    return ApiError(406, "NotAcceptable", f"you requested {call.form.transform}, but the requested object {shown}")


def table(call: Call, page: Page) -> Json:
    """Return a Table of the entries."""
    include = call.request.param("includeObject") or "Metadata"
    if include not in {"None", "Metadata", "Object"}:
        raise bad_request(f"unrecognized includeObject value: {include!r}".replace("'", '"'))
    rows = [row(call, entry, include) for entry in page.entries]
    return _table(call, page.metadata, columns(call), rows or call.resource.strategy.no_rows)


def bookmark_table(call: Call, obj: Json) -> Json:
    """Return a bookmark's Table: one row of nothing."""
    cells = [0 if c.type == "integer" else UNKNOWN if c.name == "Age" else "" for c in call.resource.strategy.columns]
    meta = {"resourceVersion": obj["metadata"]["resourceVersion"]}
    return _table(call, meta, columns(call), [{"cells": cells, "object": partial(call, obj)}])


def _table(call: Call, meta: Json, definitions: list[Json], rows: list[Json] | None) -> Json:
    head: Json = {"kind": "Table", "apiVersion": call.form.api_version, "metadata": meta}
    return head | {"columnDefinitions": definitions, "rows": rows}


def one_row(call: Call, shown: Sequence[Column], cells: list[Any], obj: Json) -> Json:
    """Return a Table of one object that is not stored as such."""
    meta = {"resourceVersion": obj["metadata"]["resourceVersion"]}
    return _table(call, meta, _definitions(shown), [{"cells": cells, "object": partial(call, obj)}])


def columns(call: Call) -> list[Json]:
    """Return the column definitions of the kind."""
    return _definitions(call.resource.strategy.columns)


def _definitions(shown: Sequence[Column]) -> list[Json]:
    return [
        {
            "name": column.name,
            "type": column.type,
            "format": column.format,
            "description": column.description,
            "priority": column.priority,
        }
        for column in shown
    ]


def row(call: Call, entry: Entry, include: str) -> Json:
    """Return one row of a Table."""
    strategy = call.resource.strategy
    shown: Json = {"cells": strategy.row(entry.obj, call.server.clock.now())}
    conditions = strategy.row_conditions(entry.obj)
    if conditions:
        shown["conditions"] = conditions
    if include == "None":
        return shown | {"object": None}
    if include == "Object":
        return shown | {"object": strategy.to_version(entry.obj, call.resource.api_version)}
    return shown | {"object": _without(partial(call, entry.obj), strategy.unversioned_annotations)}


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


def partial(call: Call, obj: Json) -> Json:
    """Return the object's metadata only."""
    return {"kind": "PartialObjectMetadata", "apiVersion": call.form.api_version, "metadata": obj["metadata"]}


def partial_list(call: Call, page: Page) -> Json:
    """Return a list of objects' metadata."""
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": call.form.api_version,
        "metadata": page.metadata,
        "items": [partial(call, entry.obj) for entry in page.entries] or None,  # Go's nil slice
    }
