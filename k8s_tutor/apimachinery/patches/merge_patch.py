"""JSON merge patch (RFC 7386), and the three-way one that ``kubectl apply`` makes for custom resources.

Mirrors ``evanphx/json-patch`` and ``k8s.io/apimachinery/pkg/util/jsonmergepatch``.
"""

from typing import Any

from k8s_tutor.apimachinery.unstructured import clone


def merge_patch(document: Any, patch: Any) -> Any:
    """Return ``document`` with ``patch`` merged in: null deletes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return clone(patch)
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merge_patch(result.get(key), value)
        elif isinstance(document, dict) and isinstance(document.get(key), dict):
            result[key] = clone(value)
        else:
            # Upstream reads a value that replaces no object, and drops the nulls of objects in its lists.
            result[key] = _without_nulls(value)
    return result


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def merge_diff(original: dict[str, Any], modified: dict[str, Any]) -> dict[str, Any]:
    """Return the merge patch that makes ``modified`` of ``original``."""
    patch: dict[str, Any] = {key: None for key in original if key not in modified}
    for key, value in modified.items():
        if key not in original:
            patch[key] = value
        elif isinstance(value, dict) and isinstance(original[key], dict):
            if inner := merge_diff(original[key], value):
                patch[key] = inner
        elif original[key] != value:
            patch[key] = value
    return patch


def three_way_merge_diff(original: dict[str, Any], modified: dict[str, Any], current: dict[str, Any]) -> dict[str, Any]:
    """Return the patch for ``current``: what ``modified`` adds or changes, minus what it no longer has of ``original``."""
    additions = _keep_nulls(merge_diff(current, modified), keep=False)
    deletions = _keep_nulls(merge_diff(original, modified), keep=True)
    result = _overlay(deletions, additions)
    return result if isinstance(result, dict) else {}


def _keep_nulls(patch: dict[str, Any], *, keep: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in patch.items():
        if isinstance(value, dict):
            if inner := _keep_nulls(value, keep=keep):
                found[key] = inner
            elif not keep and not value:
                found[key] = {}
        elif (value is None) is keep:
            found[key] = value
    return found


def _overlay(under: Any, over: Any) -> Any:
    if isinstance(under, dict) and isinstance(over, dict):
        return {**under, **{key: _overlay(under.get(key), value) for key, value in over.items()}}
    return over
