"""Where a call goes, and as whom: the kubeconfig and the flags over it (client-go, ``clientcmd``)."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import Client, load_target
from k8s_tutor.client.kubeconfig import Target, named
from k8s_tutor.kubectl.command import COMMON_FLAGS, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Parsed
from k8s_tutor.kubectl.kubeconfig_file import checked
from k8s_tutor.kubectl.text import parse_duration, quoted

DEFAULT_SERVER = "http://localhost:8080"


def default_kubeconfig(env: Mapping[str, str]) -> str:
    """Return the kubeconfig that the environment names: the first of $KUBECONFIG, or the usual one."""
    listed = [part for part in env.get("KUBECONFIG", "").split(os.pathsep) if part]
    return listed[0] if listed else str(Path(env.get("HOME", str(Path.home())), ".kube", "config"))


def connect(
    words: Parsed,
    verb: type[Verb],
    file: Path,
    factory: Callable[[], Client] | None,
    opened: list[Client],
    *,
    own: bool,
) -> Client:
    """Make the client of a call; ``own``: the file is the user's own, not the tutor's."""
    # A verb's own flag hides the common one of the same name (create rolebinding --user).
    hidden = {flag.name for flag in verb.flags}
    parsed = {flag.name: flag.initial() if flag.name in hidden else words[flag.name] for flag in COMMON_FLAGS}
    other = (
        "context",
        "cluster",
        "user",
        "server",
        "token",
        "as",
        "as-group",
        "as-uid",
        "as-user-extra",
        "kubeconfig",
        "client-certificate",
    )
    if factory is not None and not any(name in words.changed - hidden for name in other):
        return factory()
    document = checked(file)
    _check_names(file, document, parsed)
    if own and not _has_server(document, parsed):
        target = Target(server=DEFAULT_SERVER)
    else:
        target = load_target(
            file, parsed["context"] or None, cluster=parsed["cluster"] or None, user=parsed["user"] or None
        )
    changes: dict[str, Any] = {}
    if parsed["server"]:
        changes["server"] = parsed["server"].rstrip("/")
    if parsed["token"]:
        changes |= {"token": parsed["token"], "cert_data": b"", "key_data": b"", "cert_file": "", "key_file": ""}
    if parsed["as"]:
        changes |= {"impersonate_user": parsed["as"], "impersonate_uid": parsed["as-uid"]}
        changes["impersonate_groups"] = tuple(parsed["as-group"])
    elif parsed["as-group"] or parsed["as-uid"] or parsed["as-user-extra"]:
        user = parsed["user"] or named(document, "contexts", "context", target.context_name).get("user", "")
        raise CommandError(f"requesting uid, groups or user-extra for {user} without impersonating a user")
    for name, key in (
        ("certificate-authority", "ca_file"),
        ("client-certificate", "cert_file"),
        ("client-key", "key_file"),
    ):
        if parsed[name]:
            changes[key] = parsed[name]
            changes[{"ca_file": "ca_data", "cert_file": "cert_data", "key_file": "key_data"}[key]] = b""
    if parsed["insecure-skip-tls-verify"]:
        changes["verify"] = False
    if parsed["tls-server-name"]:
        changes["tls_server_name"] = parsed["tls-server-name"]
    timeout = _timeout(parsed["request-timeout"])
    opened.append(Client(target.changed(**changes), timeout=timeout))
    return opened[-1]


def _check_names(file: Path, document: Json, parsed: dict[str, Any]) -> None:
    """Refuse names of the kubeconfig that are not there, in kubectl's words (client-go, ``clientcmd``)."""
    if parsed["kubeconfig"] and not file.exists():
        raise CommandError(f"stat {parsed['kubeconfig']}: no such file or directory")
    if not file.exists():
        return

    def known(section: str, name: str) -> bool:
        return not name or any(one.get("name") == name for one in document.get(section) or ())

    context = parsed["context"] or document.get("current-context") or ""
    if not known("contexts", context):
        why = f"Error in configuration: context was not found for specified context: {context}"
        raise CommandError(why, bare=True)
    if not known("clusters", parsed["cluster"]):
        raise CommandError(f"no server found for cluster {quoted(parsed['cluster'])}")
    if not known("users", parsed["user"]):
        raise CommandError(f"auth info {quoted(parsed['user'])} does not exist")


def _has_server(document: Json, parsed: dict[str, Any]) -> bool:
    context = named(document, "contexts", "context", parsed["context"] or document.get("current-context") or "")
    return bool(named(document, "clusters", "cluster", parsed["cluster"] or context.get("cluster", "")).get("server"))


def _timeout(text: str) -> float:
    if text.isdigit():
        return float(text)
    try:
        return parse_duration(text)
    except ValueError:
        raise CommandError(
            "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a "
            "corresponding time unit (e.g. 1s | 2m | 3h)"
        ) from None
