"""What a debugging container may do: the profiles of ``kubectl debug``, and the user's own (``cmd/debug/profiles.go``)."""

import json

import yaml

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import APIResource
from k8s_tutor.kubectl.changes import patched_locally
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.manifests import read_value
from k8s_tutor.kubectl.patchtypes import STRATEGIC

PROFILES = ("legacy", "general", "baseline", "netadmin", "restricted", "sysadmin")
HOST_NAMESPACES = frozenset({"legacy", "general", "netadmin", "sysadmin"})
HOST_ROOT = frozenset({"legacy", "general", "sysadmin"})
_FIXED = ("name", "command", "image", "lifecycle", "volumeDevices")
_POD = APIResource("", "v1", "pods", "pod", "Pod", namespaced=True)


def apply(profile: str, container: Json, *, on_node: bool = False) -> None:
    """Give a container the rights of a profile."""
    if profile in {"baseline", "restricted"} or (profile == "general" and on_node):
        container.pop("securityContext", None)
    if profile == "general" and not on_node:
        _add(container, "SYS_PTRACE")
    elif profile == "netadmin":
        _add(container, "NET_ADMIN", "NET_RAW")
    elif profile == "sysadmin":
        container.setdefault("securityContext", {})["privileged"] = True
    elif profile == "restricted":
        container["securityContext"] = {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }


def _add(container: Json, *capabilities: str) -> None:
    there = container.setdefault("securityContext", {}).setdefault("capabilities", {}).setdefault("add", [])
    there += [one for one in capabilities if one not in there]


def own(call: Call) -> Json | None:
    """Read the part of a container that ``--custom`` names.

    Raises:
        CommandError: it is missing, no container, or says what only the command line may say.
    """
    name = call.flag("custom")
    if not name:
        return None
    try:
        text = (call.cwd / name).read_text(encoding="utf-8")
    except OSError as error:
        why = f"open {name}: {(error.strerror or '').lower()}"
        raise CommandError(f"must pass a container spec json file for custom profile: {why}") from None
    try:
        found = read_value(text)
    except (yaml.YAMLError, json.JSONDecodeError):
        found = None
    if not isinstance(found, dict):
        raise CommandError(f"{name} does not contain a valid container spec")
    if any(found.get(key) for key in _FIXED):
        raise CommandError("name, command, image, lifecycle and volume devices are not modifiable via custom profile")
    return found


def merged(container: Json, part: Json | None) -> Json:
    """Merge the user's own profile over a container, as the API server would."""
    if part is None:
        return container
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [container]}}
    patch = {"spec": {"containers": [{**part, "name": container["name"]}]}}
    made: Json = patched_locally(_POD, pod, patch, STRATEGIC)["spec"]["containers"][0]
    return made
