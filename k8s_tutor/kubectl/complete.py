"""Completion of a kubectl line: verbs, flags, kinds, names, namespaces, containers, contexts, from the live cluster.

What the cluster says is kept for a few seconds, so that typing does not ask it at every key.
"""

import re
import shlex
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from k8s_tutor.client import ApiError, Client, ConnectionFailedError, NoMatchError
from k8s_tutor.kubectl import registry
from k8s_tutor.kubectl.command import COMMON_FLAGS, Verb
from k8s_tutor.kubectl.flags import Flag

TTL = 5.0
OUTPUTS = ("wide", "yaml", "json", "name", "jsonpath=", "custom-columns=", "go-template=")
#: Verbs whose first argument is the name of a pod (or TYPE/NAME).
POD_VERBS = {"logs", "exec", "attach", "port-forward", "cp", "debug"}
NODE_VERBS = {"cordon", "uncordon", "drain"}
TYPED_VERBS = {
    "get",
    "describe",
    "delete",
    "edit",
    "label",
    "annotate",
    "scale",
    "patch",
    "expose",
    "autoscale",
    "wait",
    "explain",
    "taint",
    "set",
    "rollout",
}
_ROLLOUT_KINDS = ("deployment", "daemonset", "statefulset")


class Completion(NamedTuple):
    """A word that could stand at the cursor, and what it is."""

    text: str
    description: str = ""


_cache: dict[tuple[str, str, str], tuple[float, list[str]]] = {}


def complete(line: str, cursor: int, client: Client | None) -> list[Completion]:
    """Return what could stand at the cursor of a line that starts with ``kubectl`` (or ``k``).

    Args:
        line: the whole line.
        cursor: where the cursor is.
        client: to ask the cluster; None completes only what needs no cluster.
    """
    text = re.split(r"[|;&]|\$\(", line[:cursor])[-1].lstrip()
    words = _words(text)
    if not words or words[0] not in {"kubectl", "k"}:
        return _matching([Completion("kubectl", "the Kubernetes command line")], words[-1] if words else "")
    current = "" if text.endswith((" ", "\t")) or len(words) == 1 else words[-1]
    before = words[1:] if not current else words[1:-1]
    try:
        return _matching(_candidates(before, current, client), current)
    except (ApiError, ConnectionFailedError, NoMatchError):
        return []


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _matching(found: Iterable[Completion], current: str) -> list[Completion]:
    seen: dict[str, Completion] = {}
    for one in found:
        if one.text.startswith(current):
            seen.setdefault(one.text, one)
    return list(seen.values())


def _candidates(before: list[str], current: str, client: Client | None) -> list[Completion]:
    verb, rest = _verb(before)
    if verb is None:
        return [] if rest else _verbs()
    flags = (*verb.flags, *COMMON_FLAGS)
    waiting = _waiting_flag(before, flags)
    if waiting is not None:
        return _flag_values(waiting.name, before, client)
    if current.startswith("--") and "=" in current:
        name = current[2:].partition("=")[0]
        return [Completion(f"--{name}={one.text}", one.description) for one in _flag_values(name, before, client)]
    if current.startswith("-"):
        return [Completion(f"--{flag.name}", flag.help) for flag in sorted(flags, key=lambda flag: flag.name)]
    inner = verb.inner()
    if inner:
        return [Completion(sub.name, sub.short) for sub in inner]
    if client is None:
        return []
    return _arguments(before, _plain(rest, flags), current, client)


def _verb(before: list[str]) -> tuple[type[Verb] | None, list[str]]:
    plain = _plain(before, COMMON_FLAGS)
    if not plain:
        return None, []
    verb = registry.verb(plain[0])
    rest = plain[1:]
    while verb is not None and rest and (sub := verb.find_inner(rest[0])):
        verb, rest = sub, rest[1:]
    return verb, rest if verb is not None else plain


def _verbs() -> list[Completion]:
    found = (registry.verb(name) for name in registry.names())
    return [Completion(verb.name, verb.short) for verb in found if verb is not None and not verb.hidden]


def _plain(words: list[str], flags: Iterable[Flag]) -> list[str]:
    """Leave out flags and their values."""
    valued = {f"--{flag.name}" for flag in flags if flag.takes_value}
    valued |= {f"-{flag.short}" for flag in flags if flag.short and flag.takes_value}
    plain: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in valued:
            skip = True
        elif not word.startswith("-"):
            plain.append(word)
    return plain


def _waiting_flag(before: list[str], flags: Iterable[Flag]) -> Flag | None:
    last = before[-1] if before else ""
    return next(
        (flag for flag in flags if flag.takes_value and last in {f"--{flag.name}", f"-{flag.short}"} and last != "-"),
        None,
    )


def _flag_values(name: str, before: list[str], client: Client | None) -> list[Completion]:
    fixed = {
        "output": OUTPUTS,
        "dry-run": ("client", "server", "none"),
        "restart": ("Always", "OnFailure", "Never"),
        "type": ("strategic", "merge", "json") if "patch" in before else ("ClusterIP", "NodePort", "LoadBalancer"),
        "cascade": ("background", "foreground", "orphan"),
        "for": ("condition=Ready", "condition=Available", "condition=Complete", "delete", "create", "jsonpath="),
    }
    if name in fixed:
        return [Completion(word) for word in fixed[name]]
    if client is None:
        return []
    asked: dict[str, Callable[[], list[str]]] = {
        "namespace": lambda: _names(client, "namespaces", ""),
        "container": lambda: _containers(client, before),
        "field-selector": lambda: ["metadata.name=", "metadata.namespace=", "status.phase=", "spec.nodeName="],
        "serviceaccount": lambda: _names(client, "serviceaccounts", _namespace(before, client)),
    }
    return [Completion(word) for word in asked.get(name, list)()]


def _arguments(before: list[str], rest: list[str], current: str, client: Client) -> list[Completion]:
    verb = _plain(before, COMMON_FLAGS)[0]
    namespace = _namespace(before, client)
    if verb in NODE_VERBS:
        return [Completion(name, "node") for name in _names(client, "nodes", "")]
    if "/" in current and verb != "cp":
        kind = current.split("/", 1)[0]
        return [Completion(f"{kind}/{name}", kind) for name in _names(client, kind, namespace)]
    if verb in POD_VERBS and not rest:
        return [Completion(name, "pod") for name in _names(client, "pods", namespace)]
    if verb == "logs" and len(rest) == 1:
        return [Completion(name, "container") for name in _containers(client, before)]
    if verb == "explain":
        return _kinds(client)
    if verb == "rollout" and not rest:
        return [
            Completion(f"{kind}/{name}", kind) for kind in _ROLLOUT_KINDS for name in _names(client, kind, namespace)
        ]
    if verb in TYPED_VERBS:
        if not rest:
            return _kinds(client)
        if "/" not in rest[0]:
            return [Completion(name, rest[0]) for name in _names(client, rest[0], namespace)]
    return []


def _namespace(before: list[str], client: Client) -> str:
    for at, word in enumerate(before):
        if word in {"-n", "--namespace"} and at + 1 < len(before):
            return before[at + 1]
        if word.startswith("--namespace="):
            return word.split("=", 1)[1]
    return client.namespace


def _kinds(client: Client) -> list[Completion]:
    found = [one for one in client.discovery.preferred() if "list" in one.verbs]
    plain: dict[str, Completion] = {}
    for one in found:
        short = f" ({', '.join(one.short_names)})" if one.short_names else ""
        plain.setdefault(one.plural, Completion(one.plural, f"{one.kind}{short}"))
    singular = [Completion(one.singular or one.kind.lower(), one.kind) for one in found]
    shorts = [Completion(short, one.kind) for one in found for short in one.short_names]
    return [*plain.values(), *singular, *shorts]


def _names(client: Client, kind: str, namespace: str) -> list[str]:
    resource = client.discovery.resolve(kind.split(",", maxsplit=1)[0])
    key = (client.server, resource.qualified, namespace if resource.namespaced else "")
    known = _cache.get(key)
    if known and time.monotonic() - known[0] < TTL:
        return known[1]
    accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
    path = resource.path(namespace if resource.namespaced else None)
    answer = client.request("GET", path, query={"limit": 500}, accept=accept, timeout=2.0).json()
    names = [item["metadata"]["name"] for item in answer.get("items") or ()]
    _cache[key] = (time.monotonic(), names)
    return names


def _containers(client: Client, before: list[str]) -> list[str]:
    words = [word for word in _plain(before, COMMON_FLAGS)[1:] if word]
    name = next((word.removeprefix("pod/").removeprefix("pods/") for word in words if "=" not in word), "")
    if not name:
        return []
    pod = client.request("GET", f"/api/v1/namespaces/{_namespace(before, client)}/pods/{name}", timeout=2.0).json()
    parts = ("containers", "initContainers", "ephemeralContainers")
    return [one["name"] for part in parts for one in pod["spec"].get(part) or ()]
