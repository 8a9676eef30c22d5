"""Discovery and OpenAPI documents as a server with stable versions answers them, stored packed, served as generated."""

from functools import lru_cache
from typing import Any

from k8s_tutor.apimachinery.schema.tables import read_data, read_raw


@lru_cache(maxsize=1)
def discovery() -> dict[str, Any]:
    """Return the discovery documents of the built-in kinds.

    Returns:
        ``groups``: the entries of ``/apis`` (APIGroup); ``resources``: APIResourceList by path (``/api/v1``,
        ``/apis/apps/v1`` …) with verbs, short names, categories, singular names, subresources and storage version
        hashes; ``aggregated``: the APIGroupDiscoveryList (v2) of ``/api`` and of ``/apis``.
    """
    documents: dict[str, Any] = read_data("discovery")
    return documents


def openapi_v2() -> bytes:
    """Return the document of ``/openapi/v2``."""
    return read_raw("openapi_v2")


@lru_cache(maxsize=1)
def openapi_v3_index() -> dict[str, Any]:
    """Return the document of ``/openapi/v3``: a path and hash for each group version."""
    hashes: dict[str, str] = read_data("openapi_v3_index")
    return {
        "paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={hash_}"} for path, hash_ in hashes.items()}
    }


def openapi_v3(group_version: str) -> bytes | None:
    """Return the document of ``/openapi/v3/{group_version}`` (``api/v1``, ``apis/apps/v1``), None where none is."""
    if group_version not in openapi_v3_index()["paths"]:
        return None
    return read_raw(f"openapi_v3/{group_version.replace('/', '__')}")
