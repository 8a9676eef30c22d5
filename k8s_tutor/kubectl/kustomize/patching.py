"""Patches of a kustomization: strategic ones for what they name, and JSON patches for what their target selects."""

import re
from pathlib import Path
from typing import Any

from k8s_tutor.apimachinery import labels
from k8s_tutor.apimachinery.goyaml import to_yaml
from k8s_tutor.apimachinery.patches import apply_json_patch
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.client import APIResource
from k8s_tutor.kubectl import manifests
from k8s_tutor.kubectl.changes import patched_locally
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.kustomize.resource import Resource
from k8s_tutor.kubectl.patchtypes import STRATEGIC


def patch(folder: Path, settings: Json, resources: list[Resource]) -> list[Resource]:
    """Apply all patches, and return what they leave."""
    for source in settings.get("patchesStrategicMerge") or ():
        text = source if "\n" in source else _read(folder, source)
        resources = _strategic(text, None, resources)
    for entry in [*(settings.get("patches") or ()), *(settings.get("patchesJson6902") or ())]:
        try:
            text = _read(folder, entry["path"]) if entry.get("path") else entry.get("patch", "")
        except CommandError as error:
            config = f"trouble configuring builtin PatchTransformer with config: `\n{to_yaml(entry)}`"
            raise CommandError(f"{config}: {error}") from None
        value = manifests.read_value(text.split("\n---\n")[0])
        if isinstance(value, list):
            for resource in _selected(entry.get("target") or {}, resources):
                resource.body = apply_json_patch(clone(resource.body), value)
        else:
            resources = _strategic(text, entry.get("target"), resources)
    return resources


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError:
        path = folder / name
        raise CommandError(
            f"failed to get the patch file from path({name}): evalsymlink failure on '{path}' : lstat {path}: no such "
            "file or directory"
        ) from None


def _strategic(text: str, target: Json | None, resources: list[Resource]) -> list[Resource]:
    for part in re.split(r"(?m)^---\s*$", text):
        change = manifests.read_value(part)
        if not isinstance(change, dict):
            continue
        chosen = _selected(target, resources) if target else _named(change, resources)
        for resource in chosen:
            if change.get("$patch") == "delete":
                resources = [one for one in resources if one is not resource]
                continue
            named = clone(change)
            # A patch for a target need not say what it patches, and renames nothing.
            named.update(apiVersion=resource.body["apiVersion"], kind=resource.kind)
            named.setdefault("metadata", {})["name"] = resource.name
            group, version = resource.group_version
            api = APIResource(group, version, "", "", resource.kind, namespaced=True)
            resource.body = patched_locally(api, resource.body, named, STRATEGIC)
    return resources


def _named(change: Json, resources: list[Resource]) -> list[Resource]:
    wanted = Resource(change)
    found = [one for one in resources if one.kind == wanted.kind and wanted.name in one.names]
    if not found:
        raise CommandError(
            f'no resource matches strategic merge patch "{wanted.shown}": no matches for Id {wanted.shown}; failed to '
            f"find unique target for patch {wanted.shown}"
        )
    return found


def _selected(target: Json, resources: list[Resource]) -> list[Resource]:
    return [one for one in resources if _matches(target, one)]


def _matches(target: Json, resource: Resource) -> bool:
    group, version = resource.group_version
    present: dict[str, list[Any]] = {
        "kind": [resource.kind],
        "group": [group],
        "version": [version],
        "name": resource.names,
        "namespace": [resource.namespace],
    }
    for key, values in present.items():
        if target.get(key) and not any(re.fullmatch(str(target[key]), value) for value in values):
            return False
    for key, section in (("labelSelector", "labels"), ("annotationSelector", "annotations")):
        if target.get(key) and not labels.parse(target[key]).matches(resource.metadata.get(section) or {}):
            return False
    return True
