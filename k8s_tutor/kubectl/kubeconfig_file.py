"""The kubeconfig of a call as a document: read, find and make entries, write it back whole or not at all."""

import os
import tempfile
from pathlib import Path

import yaml

from k8s_tutor.apimachinery.goyaml import to_yaml
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError

SECTIONS = {"contexts": "context", "clusters": "cluster", "users": "user"}


def read(call: Call) -> Json:
    """Read the kubeconfig; an empty one if there is none."""
    try:
        found = yaml.safe_load(call.kubeconfig.read_text(encoding="utf-8"))
    except FileNotFoundError:
        found = None
    except (OSError, yaml.YAMLError) as error:
        raise CommandError(f'error loading config file "{call.kubeconfig}": {" ".join(str(error).split())}') from None
    document: Json = found if isinstance(found, dict) else {}
    for section in SECTIONS:
        document[section] = document.get(section) or []
    document.setdefault("current-context", "")
    if not document.get("preferences"):
        document.pop("preferences", None)
    for one in document["contexts"]:
        # A context always names its cluster and its user, if only as nobody.
        one["context"] = {"cluster": "", "user": "", **(one.get("context") or {})}
    return {"apiVersion": "v1", "kind": "Config", **document}


def save(call: Call, document: Json) -> None:
    """Write the kubeconfig, whole or not at all."""
    path = call.kubeconfig
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(to_yaml(document))
    Path(temporary).replace(path)


def entry(document: Json, section: str, name: str) -> Json | None:
    """Find an entry's content by name."""
    for one in document[section]:
        if one.get("name") == name:
            found: Json = one.setdefault(SECTIONS[section], {})
            return found
    return None


def put(document: Json, section: str, name: str) -> tuple[Json, bool]:
    """Return an entry's content, making it if needed, and whether it was made."""
    found = entry(document, section, name)
    if found is not None:
        return found, False
    made: Json = {}
    document[section].append({"name": name, SECTIONS[section]: made})
    return made, True
