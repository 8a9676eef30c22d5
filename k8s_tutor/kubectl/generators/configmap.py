"""``create configmap``."""

import base64
from typing import Any

from k8s_tutor.apimachinery.goyaml import to_json
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.generators.base import COMMON, Generator, api
from k8s_tutor.kubectl.generators.sources import FLAGS, check_key, content_hash, entries
from k8s_tutor.kubectl.text import quoted


class ConfigMap(Generator):
    """Makes a ConfigMap of literals and files."""

    name = "configmap"
    aliases = ("cm",)
    usage = "create configmap NAME [--from-file=[key=]source] [--from-literal=key1=value1] [options]"
    short = "Create a config map from a local file, directory or literal value"
    resource = api("", "v1", "configmaps", "ConfigMap")
    failure = "failed to create configmap: "
    flags = (*FLAGS, *COMMON)

    def make(self, call: Call, name: str) -> dict[str, Any]:
        texts: dict[str, str] = {}
        binaries: dict[str, str] = {}
        for key, data in entries(call):
            check_key(key, "ConfigMap")
            for section, found in (("Data", texts), ("BinaryData", binaries)):
                if key in found:
                    raise CommandError(
                        f"cannot add key {quoted(key)}, another key by that name already exists in {section} for "
                        f"ConfigMap {quoted(name)}"
                    )
            try:
                texts[key] = data.decode("utf-8")
            except UnicodeDecodeError:
                binaries[key] = base64.b64encode(data).decode()
        body: dict[str, Any] = {"metadata": {"name": name}}
        if texts:
            body["data"] = texts
        if binaries:
            body["binaryData"] = binaries
        if call.flag("append-hash"):
            parts = {"data": texts or None, "kind": "ConfigMap", "name": name}
            if binaries:
                parts["binaryData"] = binaries
            body["metadata"]["name"] = f"{name}-{content_hash(to_json(parts, indent=None))}"
        return body


GENERATOR = ConfigMap
