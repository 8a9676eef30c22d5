"""Writes the field tables, discovery and OpenAPI documents of the practice cluster from Kubernetes' own sources.

Usage: ``python -m tools.generate_schemas [--modules DIR]``, DIR holding ``kubernetes@v1.37.2``, ``api@v0.37.2`` and so on (by default
the Go module cache, filled by ``go mod download``).  Go types give names, types, omission rules and protobuf numbers;
OpenAPI gives list types, map keys, defaults, required fields and descriptions.  Only stable versions are served, as a
cluster does by default.
"""

import argparse
import json
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

from tools.field_tables import TableBuilder
from tools.openapi_documents import write_openapi

KUBERNETES = "v1.37.2"
STAGING = "v0.37.2"
MODULES = ("api", "apimachinery", "apiextensions-apiserver", "kube-aggregator", "metrics")
DATA = Path(__file__).resolve().parent.parent / "k8s_tutor" / "apimachinery" / "schema" / "data"


def module_folders(base: Path | None) -> dict[str, Path]:
    """Return the folder of each module."""
    wanted = {"kubernetes": KUBERNETES} | dict.fromkeys(MODULES, STAGING)
    if base:
        return {name: base / f"{name}@{version}" for name, version in wanted.items()}
    folders = {}
    for name, version in wanted.items():
        command = ["go", "mod", "download", "-json", f"k8s.io/{name}@{version}"]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        folders[name] = Path(json.loads(answer.stdout)["Dir"])
    return folders


def stable(version: str) -> bool:
    """Tell whether a version is served by default."""
    return "alpha" not in version and "beta" not in version


def read_discovery(folder: Path) -> dict[str, Any]:
    """Return ``{"/api/v1": APIResourceList, …}`` and the groups, without alpha and beta versions."""
    groups, lists = [], {"/api/v1": json.loads((folder / "api__v1.json").read_text())}
    for group in json.loads((folder / "apis.json").read_text())["groups"]:
        versions = [item for item in group["versions"] if stable(item["version"])]
        if not versions:
            continue
        groups.append({"name": group["name"], "versions": versions, "preferredVersion": versions[0]})
        for version in versions:
            path = f"apis/{version['groupVersion']}"
            lists[f"/{path}"] = json.loads((folder / f"{path.replace('/', '__')}.json").read_text())
    return {"groups": groups, "resources": lists, "aggregated": read_aggregated(folder, groups, lists["/api/v1"])}


def read_aggregated(folder: Path, groups: list[dict[str, Any]], core: dict[str, Any]) -> dict[str, Any]:
    """Return the aggregated documents (v2) of ``/api`` and ``/apis``."""
    document = json.loads((folder / "aggregated_v2.json").read_text())
    served = {group["name"] for group in groups}
    document["items"] = [item for item in document["items"] if item["metadata"]["name"] in served]
    for item in document["items"]:
        item["versions"] = [version for version in item["versions"] if stable(version["version"])]
    return {"/api": _aggregate_core(document, core), "/apis": document}


def _aggregate_core(like: dict[str, Any], core: dict[str, Any]) -> dict[str, Any]:
    resources: dict[str, dict[str, Any]] = {}
    for item in core["resources"]:
        kind = {"group": item.get("group", ""), "version": item.get("version", ""), "kind": item["kind"]}
        name, _, subresource = item["name"].partition("/")
        if subresource:
            entry = {"subresource": subresource, "responseKind": kind, "verbs": item["verbs"]}
            resources[name].setdefault("subresources", []).append(entry)
            continue
        resources[name] = {
            "resource": name,
            "responseKind": kind,
            "scope": "Namespaced" if item["namespaced"] else "Cluster",
            "singularResource": item["singularName"],
            "verbs": item["verbs"],
        }
        resources[name] |= {key: item[key] for key in ("shortNames", "categories") if key in item}
    version = {"version": "v1", "resources": list(resources.values()), "freshness": "Current"}
    head = {key: like[key] for key in ("kind", "apiVersion", "metadata")}
    return {**head, "items": [{"metadata": {}, "versions": [version]}]}


def write(name: str, value: object) -> None:
    """Write ``value`` as compressed JSON into the data folder."""
    raw = json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=False).encode()
    packed = zlib.compress(raw, 9)
    (DATA / f"{name}.json.z").write_bytes(packed)
    print(f"{name}: {len(raw):,} bytes, {len(packed):,} packed")


def main() -> int:
    """Generate everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", type=Path)
    folders = module_folders(parser.parse_args().modules)
    DATA.mkdir(parents=True, exist_ok=True)
    discovery = read_discovery(folders["kubernetes"] / "api" / "discovery")
    write("discovery", discovery)
    specification = folders["kubernetes"] / "api" / "openapi-spec"
    builder = TableBuilder(folders, specification, [path.split("/", 2)[2] for path in discovery["resources"]])
    write("types", builder.tables())
    write("descriptions", builder.descriptions())
    write_openapi(folders["kubernetes"], DATA, discovery)
    return 0


if __name__ == "__main__":
    sys.exit(main())
