"""The kubeconfig of a call as a document: read, find and make entries, write it back whole or not at all."""

import os
import tempfile
from pathlib import Path

import yaml

from k8s_tutor.apimachinery.goyaml import to_yaml
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.decoding import mismatch
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.manifests import go_words, read_value

SECTIONS = {"contexts": "context", "clusters": "cluster", "users": "user"}
_HEAD = r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'
_KINDS = {"clusters": "NamedCluster", "contexts": "NamedContext", "users": "NamedAuthInfo"}


def read(call: Call) -> Json:
    """Read the kubeconfig; an empty one if there is none."""
    document = checked(call.kubeconfig)
    for section in SECTIONS:
        document[section] = document.get(section) or []
    document.setdefault("current-context", "")
    if not document.get("preferences"):
        document.pop("preferences", None)
    for one in document["contexts"]:
        # A context always names its cluster and its user, if only as nobody.
        one["context"] = {"cluster": "", "user": "", **(one.get("context") or {})}
    return {"apiVersion": "v1", "kind": "Config", **document}


def checked(file: Path) -> Json:
    """Read a kubeconfig as it is; what kubectl could not load is refused in its words (client-go, ``clientcmd``).

    Raises:
        CommandError: broken, of another type, or not readable.
    """
    try:
        text = file.read_text(encoding="utf-8")
        found = read_value(text)
    except FileNotFoundError:
        return {}
    except yaml.YAMLError as error:
        raise _unloadable(file, go_words(error, text)) from None
    except (OSError, UnicodeError) as error:
        raise _unloadable(file, " ".join(str(error).split())) from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _unloadable(file, f"couldn't get version/kind; json parse error: {mismatch(found, '', _HEAD)}")
    version = found.get("apiVersion") or "v1"
    if version != "v1":
        scheme = "k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50"
        raise _unloadable(
            file, f'no kind "{found.get("kind", "")}" is registered for version "{version}" in scheme "{scheme}"'
        )
    for section, kind in sorted(_KINDS.items()):
        if not isinstance(found.get(section) or [], list):
            raise _unloadable(file, mismatch(found[section], f"Config.{section}", f"[]v1.{kind}"))
    return found


def _unloadable(file: Path, why: str) -> CommandError:
    return CommandError(f'error loading config file "{file}": {why}')


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
