"""``Did you mean this?``: verbs near a mistyped one (cobra's Levenshtein distance of two, or a common beginning)."""

from k8s_tutor.kubectl import registry

#: The order in which kubectl registers its commands, which is the order of its suggestions.
ORDER = [
    "create",
    "expose",
    "run",
    "set",
    "explain",
    "get",
    "edit",
    "delete",
    "rollout",
    "scale",
    "autoscale",
    "certificate",
    "cluster-info",
    "top",
    "cordon",
    "uncordon",
    "drain",
    "taint",
    "describe",
    "logs",
    "attach",
    "exec",
    "port-forward",
    "proxy",
    "cp",
    "auth",
    "debug",
    "events",
    "diff",
    "apply",
    "patch",
    "replace",
    "wait",
    "kustomize",
    "label",
    "annotate",
    "completion",
    "alpha",
    "api-resources",
    "api-versions",
    "config",
    "plugin",
    "version",
]
ALSO = {"list": "get", "ls": "get", "rm": "delete", "remove": "delete", "ps": "get", "start": "run", "watch": "get"}


def suggest(word: str) -> str:
    """Return the text that follows ``unknown command``, empty if nothing is near."""
    near = [name for name in ORDER if name in registry.names() and _near(word.lower(), name)]
    if word in ALSO and ALSO[word] not in near:
        near.append(ALSO[word])
    if not near:
        return ""
    return "\n\nDid you mean this?\n" + "".join(f"\t{name}\n" for name in near)


def _near(word: str, name: str) -> bool:
    return distance(word, name) <= 2 or name.startswith(word)


def distance(left: str, right: str) -> int:
    """Return how many letters must be added, removed or changed."""
    before = list(range(len(right) + 1))
    for row, letter in enumerate(left, 1):
        current = [row]
        for column, other in enumerate(right, 1):
            current.append(min(before[column] + 1, current[-1] + 1, before[column - 1] + (letter != other)))
        before = current
    return before[-1]
