"""OpenAPI of custom resources, for ``kubectl explain`` and clients that validate (``controller/openapi/builder``)."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import orjson

from k8s_tutor.apimachinery.schema import openapi_v3
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.registry.customs.version2 import root_of_version_2
from k8s_tutor.sim.registry.scheme import Resource

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
SOURCE = "apis/policy/v1"
V3, V2 = "#/components/schemas/", "#/definitions/"
SAMPLE = "io.k8s.api.policy.v1.PodDisruptionBudgetList"


def _path(resource: Resource) -> str:
    return f"apis/{resource.group}/{resource.version}"


def index(resources: Iterable[Resource]) -> Json:
    """Return the index entries of all group versions."""
    found: Json = {}
    for path in sorted({_path(resource) for resource in resources}):
        body = document(resources, path) or b""
        digest = hashlib.sha512(body).hexdigest().upper()
        found[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return found


def document(resources: Iterable[Resource], path: str) -> bytes | None:
    """Return the v3 document of a group version, or None if it has none."""
    served = [resource for resource in resources if _path(resource) == path]
    if not served:
        return None
    schemas: Json = dict(_meta_schemas())
    paths: Json = {}
    for resource in served:
        schemas |= _schemas(resource, V3)
        paths |= _paths(resource)
    info = {"title": "Kubernetes CRD Swagger", "version": "v0.1.0"}
    return orjson.dumps({"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}})


def v2(resources: Iterable[Resource]) -> Json | None:
    """Return definitions and paths to be added to the v2 document, or None."""
    definitions: Json = {}
    for resource in resources:
        definitions |= _schemas(resource, V2)
    return {"definitions": definitions, "paths": {}} if definitions else None


@lru_cache(maxsize=1)
def _source() -> Mapping[str, Any]:
    found: Json = orjson.loads(openapi_v3(SOURCE) or b"{}").get("components", {}).get("schemas", {})
    return found


def _meta_schemas() -> Mapping[str, Any]:
    return {name: schema for name, schema in _source().items() if name.startswith(META)}


def _text(field: str) -> str:
    """Return what built-in kinds say of a field that all kinds have."""
    return str(_source()[SAMPLE]["properties"][field]["description"])


def _name(resource: Resource) -> str:
    return ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind])


def _schemas(resource: Resource, prefix: str) -> Json:
    source: Json = resource.strategy.schema  # type: ignore[attr-defined]
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    told = root_of_version_2(source) if prefix == V2 else source
    properties: Json = {key: {"type": "string", "description": _text(key)} for key in ("apiVersion", "kind")}
    about = _text("metadata")
    meta = {"$ref": f"{prefix}{META}ObjectMeta"}
    properties["metadata"] = ({"allOf": [meta]} if prefix == V3 else meta) | {"description": about}
    schema: Json = {"type": "object"}
    if told is not None:
        own = {key: value for key, value in (told.get("properties") or {}).items() if key not in properties}
        schema = {**told, "properties": properties | own}
    schema["x-kubernetes-group-version-kind"] = [kind]
    name = _name(resource)
    items = {"type": "array", "items": {"$ref": f"{prefix}{name}"}}
    listed: Json = {
        "type": "object",
        "required": ["items"],
        "description": f"{resource.kind}List is a list of {resource.kind}",
        "properties": {
            "apiVersion": properties["apiVersion"],
            "kind": properties["kind"],
            "metadata": {"$ref": f"{prefix}{META}ListMeta"},
            "items": items,
        },
        "x-kubernetes-group-version-kind": [kind | {"kind": f"{resource.kind}List"}],
    }
    return {name: schema, f"{name}List": listed}


def _paths(resource: Resource) -> Json:
    """Return the operations that clients look for: by kind, with ``fieldValidation``."""
    base = f"/apis/{resource.group}/{resource.version}"
    if resource.namespaced:
        base += "/namespaces/{namespace}"
    collection, item = f"{base}/{resource.plural}", f"{base}/{resource.plural}/{{name}}"
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    reference = {"$ref": f"{V3}{_name(resource)}"}
    validation = [{"name": "fieldValidation", "in": "query", "schema": {"type": "string", "uniqueItems": True}}]

    def operation(action: str, *, body: bool = False) -> Json:
        made: Json = {
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": kind,
            "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": reference}}}},
        }
        if body:
            made["parameters"] = validation
            made["requestBody"] = {"content": {"application/json": {"schema": reference}}}
        return made

    return {
        collection: {"get": operation("list"), "post": operation("post", body=True)},
        item: {
            "get": operation("get"),
            "put": operation("put", body=True),
            "patch": operation("patch", body=True),
            "delete": operation("delete"),
        },
    }
