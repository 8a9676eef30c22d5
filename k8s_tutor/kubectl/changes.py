"""Patches between two states of an object: strategic for built-in kinds, JSON merge for custom resources."""

from typing import Any

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.patches import strategic_diff, strategic_merge
from k8s_tutor.apimachinery.patches.merge_patch import merge_patch
from k8s_tutor.apimachinery.patches.strategic_diff import two_way_diff
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.client import APIResource
from k8s_tutor.kubectl.patchtypes import MERGE, STRATEGIC


def three_way(resource: APIResource, original: Json, modified: Json, current: Json) -> tuple[Json, str]:
    """Return the patch that apply sends, and its content type."""
    found = schema.type_for(resource.group, resource.version, resource.kind)
    if found is not None:
        return strategic_diff(original, modified, current, found), STRATEGIC
    additions = _merge_diff(current, modified, removals=False)
    deletions = _merge_diff(original, modified, additions=False)
    return _joined(deletions, additions), MERGE


def two_way(resource: APIResource, before: Json, after: Json) -> tuple[Json, str]:
    """Return the patch that makes ``after`` of ``before``, and its content type."""
    found = schema.type_for(resource.group, resource.version, resource.kind)
    if found is not None:
        return two_way_diff(before, after, found), STRATEGIC
    return _merge_diff(before, after), MERGE


def patched_locally(resource: APIResource, current: Json, patch: Any, content_type: str) -> Json:
    """Apply a patch without the server (dry runs)."""
    result: Json
    if content_type == STRATEGIC:
        found = schema.type_for(resource.group, resource.version, resource.kind)
        if found is not None:
            result = strategic_merge(clone(current), clone(patch), found)
            return result
    result = merge_patch(clone(current), patch)
    return result


def _merge_diff(before: Json, after: Json, *, additions: bool = True, removals: bool = True) -> Json:
    patch: Json = {}
    for key in after:
        if key not in before:
            if additions:
                patch[key] = after[key]
        elif isinstance(before[key], dict) and isinstance(after[key], dict):
            inner = _merge_diff(before[key], after[key], additions=additions, removals=removals)
            if inner:
                patch[key] = inner
        elif before[key] != after[key] and additions:
            patch[key] = after[key]
    if removals:
        patch |= {key: None for key in before if key not in after}
    return patch


def _joined(first: Json, second: Json) -> Json:
    joined = dict(first)
    for key, value in second.items():
        mine = joined.get(key)
        joined[key] = _joined(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return joined
