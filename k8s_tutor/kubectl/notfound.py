"""What the prompt's shell says of a command that is not there, made useful to somebody who learns kubectl.

bashkit names its own look-alikes (`set` for `get`) and a line number that an interactive bash does not print. Here the
look-alikes are kubectl and its verbs, also where they were typed in the Russian keyboard layout; programs of the
learner's own machine are told apart from mistyped words.
"""

import re
from difflib import SequenceMatcher
from typing import Final

from k8s_tutor.kubectl import registry

_SAID: Final = re.compile(r"^bash: line \d+: (\S+): command not found.*$", re.MULTILINE)
_FROM_CYRILLIC: Final = str.maketrans("йцукенгшщзфывапролдячсмить", "qwertyuiopasdfghjklzxcvbnm")
_OUTSIDE: Final = frozenset(
    [
        "ansible",
        "bash",
        "brew",
        "docker",
        "git",
        "go",
        "helm",
        "java",
        "k3d",
        "k9s",
        "kind",
        "kubeadm",
        "kustomize",
        "make",
        "minikube",
        "node",
        "npm",
        "openssl",
        "pip",
        "pip3",
        "podman",
        "python",
        "python3",
        "ssh",
        "sudo",
        "systemctl",
        "terraform",
        "zsh",
    ]
)
_ALIKE: Final = 0.75


def explained(text: str) -> str:
    """Return what a shell printed, its «command not found» in words that help."""
    return _SAID.sub(lambda found: _told(found[1]), text)


def _told(word: str) -> str:
    said = f"bash: {word}: command not found"
    if word in _OUTSIDE or word == "k8s-tutor":
        return f"{said}\nThis prompt has kubectl and text tools only; {word} runs in another terminal of yours."
    latin = word.lower().translate(_FROM_CYRILLIC)
    if meant := _near(latin, ("kubectl",)):
        return f"{said}\nDid you mean: {meant}?"
    if meant := _near(latin, registry.names()):
        return f"{said}\nDid you mean: kubectl {meant}?"
    return said


def _near(word: str, names: tuple[str, ...]) -> str:
    """Return the name that a word most looks like, empty where none does."""
    rated = [(SequenceMatcher(None, word, name).ratio(), name) for name in names]
    best, name = max(rated)
    return name if best >= _ALIKE else ""
