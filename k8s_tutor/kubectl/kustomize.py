"""A small kustomize, for ``apply -k``.

Resources, bases, name prefixes and suffixes, namespace, labels, annotations, images, replicas, config map and secret
generators, and patches. Other fields are refused with their name rather than left out.
"""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.client import APIResource
from k8s_tutor.kubectl import manifests
from k8s_tutor.kubectl.changes import patched_locally
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.podspecs import template_of
from k8s_tutor.kubectl.text import quoted

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_KNOWN = {
    "apiVersion",
    "kind",
    "resources",
    "bases",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "commonLabels",
    "commonAnnotations",
    "labels",
    "images",
    "replicas",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "metadata",
}
_CLUSTER = {
    "Namespace",
    "Node",
    "PersistentVolume",
    "ClusterRole",
    "ClusterRoleBinding",
    "StorageClass",
    "PriorityClass",
}
_CLUSTER |= {"CustomResourceDefinition", "IngressClass"}


def build(folder: Path, shown: str) -> list[manifests.Document]:
    """Build a kustomization.

    Args:
        folder: where its file is.
        shown: the folder as the user named it.

    Raises:
        CommandError: it is missing, broken, or uses what is not supported here.
    """
    return [manifests.Document(body, shown) for body in _objects(folder, shown)]


def _objects(folder: Path, shown: str) -> list[Json]:
    settings = _settings(folder, shown)
    objects: list[Json] = []
    for name in [*(settings.get("resources") or ()), *(settings.get("bases") or ())]:
        path = folder / name
        if path.is_dir():
            objects += _objects(path, f"{shown}/{name}")
        else:
            objects += [document.object for document in manifests.documents([name], folder, None)]
    hashes: dict[tuple[str, str], str] = {}
    objects += _generated(folder, settings, hashes)
    for patch in _patches(folder, settings):
        objects = [_patched(body, patch) for body in objects]
    for body in objects:
        _transform(body, settings)
    _rename(objects, settings, hashes)
    return objects


def _settings(folder: Path, shown: str) -> Json:
    found = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if found is None:
        raise CommandError(
            f"unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{folder}'"
        )
    value = manifests.read_value(found.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise CommandError(f"invalid Kustomization: {shown}: it is not a mapping")
    unknown = sorted(set(value) - _KNOWN)
    if unknown:
        raise CommandError(f"invalid Kustomization: {shown}: unsupported field {quoted(unknown[0])}")
    return value


def _generated(folder: Path, settings: Json, hashes: dict[tuple[str, str], str]) -> Iterator[Json]:
    for kind, key in (("ConfigMap", "configMapGenerator"), ("Secret", "secretGenerator")):
        for entry in settings.get(key) or ():
            data: dict[str, str] = {}
            for literal in entry.get("literals") or ():
                name, _, value = literal.partition("=")
                data[name] = value.strip("'\"")
            for source in entry.get("files") or ():
                name, _, path = source.rpartition("=")
                data[name or Path(path).name] = (folder / path).read_text(encoding="utf-8")
            for source in entry.get("envs") or ():
                lines = (folder / source).read_text(encoding="utf-8").splitlines()
                data |= dict(line.partition("=")[::2] for line in lines if line.strip() and not line.startswith("#"))
            if kind == "Secret":
                data = {name: base64.b64encode(value.encode()).decode() for name, value in data.items()}
            body: Json = {"apiVersion": "v1", "kind": kind, "metadata": {"name": entry["name"]}, "data": data}
            if kind == "Secret":
                body["type"] = entry.get("type", "Opaque")
            options = {**(settings.get("generatorOptions") or {}), **(entry.get("options") or {})}
            if not options.get("disableNameSuffixHash"):
                digest = hashlib.sha256(repr(sorted(data.items())).encode()).hexdigest()[:10]
                hashes[kind, entry["name"]] = "-" + digest.translate(str.maketrans("013ae", "ghkmt"))
            yield body


def _patches(folder: Path, settings: Json) -> Iterator[tuple[Json | None, Any]]:
    for source in settings.get("patchesStrategicMerge") or ():
        text = (folder / source).read_text(encoding="utf-8") if "\n" not in source else source
        yield None, manifests.read_value(text)
    for entry in [*(settings.get("patches") or ()), *(settings.get("patchesJson6902") or ())]:
        text = (folder / entry["path"]).read_text(encoding="utf-8") if entry.get("path") else entry.get("patch", "")
        yield entry.get("target"), manifests.read_value(text)


def _patched(body: Json, patch: tuple[Json | None, Any]) -> Json:
    target, change = patch
    if target is None:
        target = {"kind": change.get("kind"), "name": (change.get("metadata") or {}).get("name")}
    name = body.get("metadata", {}).get("name")
    if any(target.get(key) not in {None, value} for key, value in (("kind", body.get("kind")), ("name", name))):
        return body
    if isinstance(change, list):
        from k8s_tutor.apimachinery.patches import apply_json_patch

        made: Json = apply_json_patch(clone(body), change)
        return made
    group, _, version = body["apiVersion"].rpartition("/")
    resource = APIResource(group, version, "", "", body["kind"], namespaced=True)
    return patched_locally(resource, body, change, "application/strategic-merge-patch+json")


def _transform(body: Json, settings: Json) -> None:
    metadata = body.setdefault("metadata", {})
    if settings.get("namespace") and body.get("kind") not in _CLUSTER:
        metadata["namespace"] = settings["namespace"]
    labels = dict(settings.get("commonLabels") or {})
    for entry in settings.get("labels") or ():
        if entry.get("includeSelectors"):
            labels |= entry.get("pairs") or {}
        else:
            metadata["labels"] = {**(metadata.get("labels") or {}), **(entry.get("pairs") or {})}
    if labels:
        _label(body, labels)
    if settings.get("commonAnnotations"):
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **settings["commonAnnotations"]}
    for entry in settings.get("replicas") or ():
        if metadata.get("name") == entry.get("name") and "replicas" in (body.get("spec") or {}):
            body["spec"]["replicas"] = entry.get("count", 1)
    template = template_of(body)
    for container in _containers(template):
        container["image"] = _image(container.get("image", ""), settings.get("images") or [])


def _label(body: Json, labels: dict[str, str]) -> None:
    metadata = body["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
    spec = body.get("spec") or {}
    template = template_of(body)
    if template is not None and template is not body:
        inner = template.setdefault("metadata", {})
        inner["labels"] = {**(inner.get("labels") or {}), **labels}
        if isinstance(spec.get("selector"), dict):
            selector = spec["selector"]
            selector["matchLabels"] = {**(selector.get("matchLabels") or {}), **labels}
    elif body.get("kind") == "Service" and spec.get("selector"):
        spec["selector"] = {**spec["selector"], **labels}


def _containers(template: Json | None) -> list[Json]:
    spec = (template or {}).get("spec") or {}
    return [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]


def _image(image: str, settings: list[Json]) -> str:
    name, colon, tag = image.partition(":")
    for entry in settings:
        if entry.get("name") == name:
            name = entry.get("newName", name)
            if entry.get("digest"):
                return f"{name}@{entry['digest']}"
            if entry.get("newTag") is not None:
                colon, tag = ":", str(entry["newTag"])
    return f"{name}{colon}{tag}"


def _rename(objects: list[Json], settings: Json, hashes: dict[tuple[str, str], str]) -> None:
    prefix, suffix = settings.get("namePrefix") or "", settings.get("nameSuffix") or ""
    renamed: dict[tuple[str, str], str] = {}
    for body in objects:
        kind, name = body.get("kind", ""), body["metadata"].get("name", "")
        ending = hashes.get((kind, name), "")
        affixed = name if kind in {"Namespace", "CustomResourceDefinition"} else f"{prefix}{name}{suffix}"
        renamed[kind, name] = affixed + ending
        body["metadata"]["name"] = affixed + ending
    for body in objects:
        _follow_names(template_of(body), renamed)


def _follow_names(template: Json | None, renamed: dict[tuple[str, str], str]) -> None:
    """Volumes and environments follow renamed config maps, secrets and claims."""
    spec = (template or {}).get("spec") or {}

    def follow(reference: Json | None, kind: str, key: str = "name") -> None:
        if reference and (kind, reference.get(key)) in renamed:
            reference[key] = renamed[kind, reference[key]]

    for volume in spec.get("volumes") or ():
        follow(volume.get("configMap"), "ConfigMap")
        follow(volume.get("secret"), "Secret", "secretName")
        follow(volume.get("persistentVolumeClaim"), "PersistentVolumeClaim", "claimName")
    for container in _containers(template):
        for source in container.get("envFrom") or ():
            follow(source.get("configMapRef"), "ConfigMap")
            follow(source.get("secretRef"), "Secret")
        for variable in container.get("env") or ():
            source = variable.get("valueFrom") or {}
            follow(source.get("configMapKeyRef"), "ConfigMap")
            follow(source.get("secretKeyRef"), "Secret")
