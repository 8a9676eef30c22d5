"""GET and LIST.

Lists are joined from the entries' cached JSON. A list of a past version is undone from the store's window of
recent events.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import orjson

from k8s_tutor.sim.apiserver import tables
from k8s_tutor.sim.apiserver.call import Call
from k8s_tutor.sim.apiserver.http.message import Response
from k8s_tutor.sim.apiserver.options import ListOptions, list_options, revision
from k8s_tutor.sim.apiserver.paging import LATEST, Page, first_page, make_token, read_token
from k8s_tutor.sim.apiserver.selection import Selection, selection
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Entry, type_prefix

if TYPE_CHECKING:
    from k8s_tutor.apimachinery.unstructured import Json


def get(call: Call) -> Response:
    """GET one object (or its ``status``)."""
    entry = call.server.rest.entry(call.resource, call.namespace, call.info.name)
    wanted = revision(call.request.param("resourceVersion")) if call.request.raw_query else 0
    _check_not_ahead(call, wanted)
    return show(call, entry)


def show(call: Call, entry: Entry, status: int = 200) -> Response:
    """Answer with a stored object in the form that was asked for."""
    if call.form.transform:
        return call.json(tables.transform(call, Page([entry], str(entry.revision)), single=True), status)
    if not same_version(call):
        value = call.resource.strategy.to_version(entry.obj, call.resource.api_version)
        return call.json(value | {"kind": call.resource.kind}, status)
    return call.encoded(entry.encoded, status)


def same_version(call: Call) -> bool:
    """Whether objects are served in the version in which they are stored."""
    stored = call.server.scheme.resources.get(call.resource.name)
    return stored is call.resource


def list_(call: Call) -> Response:
    """LIST a collection."""
    options = list_options(call.request, watch=False)
    chosen = selection(call.request, call.resource)
    page = select(call, options, chosen)
    if call.form.transform:
        return call.json(tables.transform(call, page))
    return call.encoded(_join(call, page))


def select(call: Call, options: ListOptions, chosen: Selection) -> Page:
    """Return the entries of a list request."""
    store = call.server.rest.store
    wanted = revision(options.version)
    namespace = call.info.namespace if call.resource.namespaced and call.info.namespace else None
    name = call.resource.name
    version = store.revision
    if options.token:
        asked, start = read_token(options)
        version = version if asked == LATEST else asked
        entries: Iterable[Entry] = _at(call, namespace, version, start)
    elif options.match == "Exact" or (options.limit and wanted and options.match != "NotOlderThan"):
        _check_not_ahead(call, wanted)
        version = wanted
        entries = _at(call, namespace, version)
    else:
        _check_not_ahead(call, wanted)
        entries = _named(call, chosen, namespace) if chosen.name else store.entries(name, namespace)
    # The watch cache, which serves resourceVersion 0, does not page.
    limit = 0 if options.version == "0" else options.limit
    if not limit:
        found = list(entries) if chosen.everything else [entry for entry in entries if chosen.fits(entry.obj)]
        return Page(found, str(version))
    return first_page(list(entries), chosen, limit, namespace, version)


def _named(call: Call, chosen: Selection, namespace: str | None) -> Iterable[Entry]:
    store = call.server.rest.store
    if namespace is None and call.resource.namespaced:
        return [e for e in store.entries(call.resource.name) if e.obj["metadata"]["name"] == chosen.name]
    entry = store.get(call.resource.name, namespace or "", chosen.name or "")
    return [entry] if entry else []


def _at(call: Call, namespace: str | None, version: int, start: str = "") -> Iterable[Entry]:
    """Return a collection as it was; ``start`` is where a continue token lets it go on."""
    path = start[1:] if namespace is None and call.resource.namespaced else f"{namespace or ''}{start}"
    try:
        return call.server.rest.store.entries_at(call.resource.name, namespace, version, path)
    except ApiError:
        if not start:
            raise ApiError(410, "Expired", "The resourceVersion for the provided list is too old.") from None
        text = (
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
            "without the continue parameter, or use the continue token in this response to retrieve the remainder of "
            "the results. Continuing with the provided token results in an inconsistent list - objects that were "
            "created, modified, or deleted between the time the first chunk was returned and now may show up in the list."
        )
        raise ApiError(410, "Expired", text, token=make_token(LATEST, start)) from None


def _check_not_ahead(call: Call, wanted: int) -> None:
    current = call.server.rest.store.revision
    if wanted > current:
        text = f"Too large resource version: {wanted}, current: {current}"
        cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
        details: Json = {"causes": [cause], "retryAfterSeconds": 1}
        raise ApiError(504, "Timeout", f"Timeout: {text}", details, {"Retry-After": "1"})


def _join(call: Call, page: Page) -> bytes:
    """Return the list's JSON, put together from the entries'."""
    resource = call.resource
    meta = page.metadata
    if resource.custom is not None:
        meta.setdefault("continue", "")
        items = b",".join([version_encoded(call, entry) for entry in page.entries])
    elif same_version(call):
        items = b",".join([entry.item for entry in page.entries])
    else:
        items = b",".join([version_encoded(call, entry) for entry in page.entries])
    head = type_prefix(f"{resource.kind}List", resource.api_version)
    return head + b'"metadata":' + orjson.dumps(meta) + b',"items":[' + items + b"]}"


def version_encoded(call: Call, entry: Entry) -> bytes:
    """Return an object's JSON in the served version."""
    if same_version(call):
        return entry.encoded
    resource = call.resource
    return orjson.dumps(resource.strategy.to_version(entry.obj, resource.api_version) | {"kind": resource.kind})
