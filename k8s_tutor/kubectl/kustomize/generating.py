"""Generators of ConfigMaps and Secrets, and the hash that ends their names (kustomize, ``api/hasher``)."""

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.kustomize.resource import Resource

_DIGITS = str.maketrans("013ae", "ghkmt")  # a hash without digits and vowels that spell something


def generate(folder: Path, settings: Json, below: list[Resource]) -> list[Resource]:
    """Return the objects that a kustomization makes; those that merge with one below change it instead."""
    made: list[Resource] = []
    for kind, key in (("ConfigMap", "configMapGenerator"), ("Secret", "secretGenerator")):
        for entry in settings.get(key) or ():
            resource = _made(folder, kind, entry, settings.get("generatorOptions") or {})
            behavior = entry.get("behavior", "create")
            there = next((one for one in below if one.kind == kind and entry.get("name") in one.names), None)
            if behavior == "create":
                if there is not None:
                    raise CommandError(f"may not add resource with an already registered id: {resource.shown}")
                made.append(resource)
            elif there is None:
                raise CommandError(f"id {resource.shown} does not exist; cannot merge or replace")
            else:
                _join(there.body, resource.body, merge=behavior == "merge")
    return made


def _join(there: Json, new: Json, *, merge: bool) -> None:
    for section in ("data", "binaryData"):
        joined = {**((there.get(section) or {}) if merge else {}), **(new.get(section) or {})}
        there.pop(section, None)
        if joined:
            there[section] = joined
    for key in ("labels", "annotations"):
        if new["metadata"].get(key):
            there["metadata"][key] = {**(there["metadata"].get(key) or {}), **new["metadata"][key]}


def _made(folder: Path, kind: str, entry: Json, common: Json) -> Resource:
    own = entry.get("options") or {}
    options = {**common, **own}
    metadata: Json = {"name": entry["name"]}
    if entry.get("namespace"):
        metadata["namespace"] = entry["namespace"]
    for key in ("labels", "annotations"):
        joined = {**(common.get(key) or {}), **(own.get(key) or {})}
        if joined:
            metadata[key] = joined
    body: Json = {"apiVersion": "v1", "kind": kind, "metadata": metadata}
    data = dict(_entries(folder, entry))
    if kind == "Secret":
        body["type"] = entry.get("type") or "Opaque"
        body["data"] = {name: base64.b64encode(value).decode() for name, value in data.items()}
    else:
        for name, value in data.items():
            try:
                body.setdefault("data", {})[name] = value.decode()
            except UnicodeDecodeError:
                body.setdefault("binaryData", {})[name] = base64.b64encode(value).decode()
    if options.get("immutable"):
        body["immutable"] = True
    return Resource(body, hashed=not options.get("disableNameSuffixHash"))


def _entries(folder: Path, entry: Json) -> Iterator[tuple[str, bytes]]:
    environments = [*(entry.get("envs") or ()), *([entry["env"]] if entry.get("env") else [])]
    for source in environments:
        for line in _read(folder / source).decode("utf-8", "replace").splitlines():
            text = line.strip()
            if text and not text.startswith("#"):
                name, equals, value = text.partition("=")
                yield name, (value if equals else os.environ.get(name, "")).encode()
    for source in entry.get("files") or ():
        name, _, path = source.rpartition("=")
        yield name or Path(path).name, _read(folder / path)
    for literal in entry.get("literals") or ():
        name, equals, value = literal.partition("=")
        if not equals or not name:
            raise CommandError(f"invalid literal source {literal}, expected key=value")
        quotes = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        yield name, (value[1:-1] if quotes else value).encode()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise CommandError(
            f"loading KV pairs: file sources: [{path.name}]: evalsymlink failure on '{path}' : lstat {path}: no such "
            "file or directory"
        ) from None


def add_hashes(resources: list[Resource]) -> None:
    """End the names of generated objects with the hash of what they hold."""
    for resource in resources:
        if resource.hashed:
            resource.rename(f"{resource.name}-{_hash(resource.body)}")


def _hash(body: Json) -> str:
    keys = ("data", "binaryData") if body["kind"] == "ConfigMap" else ("data", "stringData", "type")
    # The name is not part of it: kustomize looks for it under a key that no object has.
    content: dict[str, Any] = {"kind": body["kind"], "name": "", "data": ""}
    content |= {key: body[key] for key in keys if body.get(key)}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for char in "<>&\u2028\u2029":  # as Go's encoding/json escapes them
        text = text.replace(char, f"\\u{ord(char):04x}")
    return hashlib.sha256(text.encode()).hexdigest()[:10].translate(_DIGITS)
