"""``--help``: made from what each verb declares."""

from typing import Any

from k8s_tutor.kubectl import registry
from k8s_tutor.kubectl.command import COMMON_FLAGS, Verb
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.text import go_duration

GROUPS = (
    "Basic Commands (Beginner)",
    "Basic Commands (Intermediate)",
    "Deploy Commands",
    "Cluster Management Commands",
    "Troubleshooting and Debugging Commands",
    "Advanced Commands",
    "Settings Commands",
    "Other Commands",
)

_LEAST_WIDTH = 11
_ORDER = (
    *("create", "expose", "run", "set", "explain", "get", "edit", "delete", "rollout", "scale", "autoscale"),
    *("certificate", "cluster-info", "top", "cordon", "uncordon", "drain", "taint"),
    *("describe", "logs", "attach", "exec", "port-forward", "proxy", "cp", "auth", "debug", "events"),
    *("diff", "apply", "patch", "replace", "wait", "kustomize", "label", "annotate", "completion"),
)


def root_help() -> str:
    """Return the list of verbs by group, in kubectl's order: what one needs first stands first."""
    names = sorted(registry.names(), key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    verbs = [found for name in names if (found := registry.verb(name)) and not found.hidden]
    parts = ["kubectl controls a Kubernetes cluster: it creates, shows, changes and deletes the objects in it.\n"]
    width = max(len(found.name) for found in verbs)
    for group in GROUPS:
        inside = [found for found in verbs if found.group == group]
        if inside:
            parts.append(f"{group}:\n" + "".join(f"  {found.name.ljust(width)}   {found.short}\n" for found in inside))
    parts.append("Usage:\n  kubectl [flags] [options]\n")
    parts.append('Use "kubectl <command> --help" for more information about a given command.\n')
    return "\n".join(parts)


def verb_help(found: type[Verb], path: str) -> str:
    """Return the help of one verb."""
    parts = [(found.long or found.short).strip().rstrip(".") + ".\n"]
    if found.aliases:
        parts.append(f"Aliases:\n{', '.join((found.name, *found.aliases))}\n")
    if found.examples:
        parts.append("Examples:\n" + "".join(f"  {line}\n" for line in found.examples.strip().splitlines()))
    inner = found.inner()
    if inner:
        width = max(_LEAST_WIDTH, *(len(sub.name) for sub in inner))
        lines = "".join(f"  {sub.name.ljust(width)}   {sub.short}\n" for sub in inner)
        parts.append(f"Available Commands:\n{lines}")
    shown = sorted((flag for flag in found.flags if not flag.deprecated), key=lambda flag: flag.name)
    if shown:
        parts.append("Options:\n" + "".join(map(_flag, shown)))
    usage = found.usage or path.split(" ", 1)[-1]
    parts.append(f"Usage:\n  kubectl {usage}\n")
    if inner:
        parts.append(f'Use "{path} <command> --help" for more information about a given command.')
    parts.append('Use "kubectl options" for a list of global command-line options (applies to all commands).\n')
    return "\n".join(parts)


def common_flags() -> str:
    """Return the flags that every verb takes."""
    return "The following options can be passed to any command:\n\n" + "".join(_flag(flag) for flag in COMMON_FLAGS)


def _flag(flag: Flag) -> str:
    short = f"-{flag.short}, " if flag.short else ""
    default = flag.initial()
    return f"    {short}--{flag.name}={_shown(flag, default)}:\n\t{flag.help}\n\n"


def _shown(flag: Flag, default: Any) -> str:
    if flag.kind in {"list", "array"}:
        return f"[{','.join(default)}]"
    if flag.kind == "bool":
        return "true" if default else "false"
    if flag.kind == "duration":
        return go_duration(default)
    return f"'{default}'" if flag.kind == "string" else str(default)
