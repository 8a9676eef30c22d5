"""Stores the OpenAPI documents a cluster with stable versions only would serve.

Version 3 documents exist one per group version and are taken as they are; the version 2 document is one file, from
which the paths of versions that are not served, and what only they refer to, are left out.
"""

import hashlib
import json
import re
import zlib
from pathlib import Path
from typing import Any

from tools.openapi_enums import add_enums, read_enums

VERSION = "1.37"
_CBOR = re.compile(r"application/[a-z+-]*cbor[a-z-]*")
_REFERENCE = re.compile(r'"#/definitions/([^"]+)"')


def write_openapi(sources: Path, data: Path, discovery: dict[str, Any]) -> None:
    """Write ``openapi_v2.json.z``, ``openapi_v3/*.json.z`` and the index of the latter."""
    specification = sources / "api" / "openapi-spec"
    enums = read_enums(sources / "pkg" / "generated" / "openapi" / "zz_generated.openapi.go")
    served = {path.strip("/") for path in discovery["resources"]}
    groups = {path.rpartition("/")[0] for path in served}
    folder = data / "openapi_v3"
    folder.mkdir(exist_ok=True)
    index = {}
    for file in sorted((specification / "v3").glob("*.json")):
        path = file.name.removesuffix("_openapi.json").replace("__", "/")
        if path == "logs" or (path.startswith("apis/") and path not in served | groups):
            continue
        document = _without_cbor(json.loads(file.read_text()))
        document["info"]["version"] = VERSION
        add_enums(document.get("components", {}).get("schemas", {}), enums)
        raw = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        index[path] = hashlib.sha512(raw).hexdigest().upper()
        (folder / f"{path.replace('/', '__')}.json.z").write_bytes(zlib.compress(raw, 9))
    packed = zlib.compress(json.dumps(index, separators=(",", ":")).encode(), 9)
    (data / "openapi_v3_index.json.z").write_bytes(packed)
    document = _without_cbor(json.loads((specification / "swagger.json").read_text()))
    add_enums(document["definitions"], enums)
    _write_v2(document, data / "openapi_v2.json.z", served, groups)
    print(f"openapi v3: {len(index)} documents")


def _without_cbor(value: Any) -> Any:
    """Leave out the media types of a feature that is off by default."""
    if isinstance(value, dict):
        return {key: _without_cbor(item) for key, item in value.items() if "cbor" not in key}
    if isinstance(value, list):
        return [_without_cbor(item) for item in value if not (isinstance(item, str) and _CBOR.fullmatch(item))]
    return value


def _write_v2(document: dict[str, Any], target: Path, served: set[str], groups: set[str]) -> None:
    document["paths"] = {path: item for path, item in document["paths"].items() if _is_served(path, served, groups)}
    definitions = document["definitions"]
    waiting = set(_REFERENCE.findall(json.dumps([document["paths"], document.get("parameters")])))
    kept: set[str] = set()
    while waiting:
        name = waiting.pop()
        kept.add(name)
        waiting |= set(_REFERENCE.findall(json.dumps(definitions[name]))) - kept
    document["info"]["version"] = VERSION
    used = set(re.findall(r'"#/parameters/([^"]+)"', json.dumps(document["paths"])))
    document["parameters"] = {name: item for name, item in document.get("parameters", {}).items() if name in used}
    document["definitions"] = {name: item for name, item in definitions.items() if name in kept}
    raw = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    target.write_bytes(zlib.compress(raw, 9))
    print(f"openapi v2: {len(raw):,} bytes, {len(kept)} of {len(definitions)} definitions")


def _is_served(path: str, served: set[str], groups: set[str]) -> bool:
    parts = path.strip("/").split("/")
    if parts[0] == "api":
        return True
    if parts[0] != "apis" or len(parts) == 1:
        return parts[0] != "logs"
    return "/".join(parts[:2]) in groups if len(parts) == 2 else "/".join(parts[:3]) in served
