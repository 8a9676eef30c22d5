"""The user's preferences (kubectl, ``pkg/kuberc``): names for commands, and what flags are unless they are given.

An alias rewrites the words of a call before the verb is looked for; defaults fill the flags that the words leave out.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.manifests import read_value

API_VERSION, KIND = "kubectl.config.k8s.io/v1beta1", "Preference"
_FAILED = "error occurred while applying preferences "
Options = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Place:
    """The file of the preferences, and whether it was asked for; no file: they are switched off."""

    file: Path | None
    explicit: bool = False


@dataclass(slots=True)
class Rewritten:
    """A call's words without aliases.

    Args:
        words: what is to be run.
        alias: the name that was given for it.
        options: flags that the alias sets.
    """

    words: list[str]
    alias: str = ""
    options: Options = field(default_factory=list)


def place_of(words: Sequence[str], env: Mapping[str, str], cwd: Path, *, usual: bool) -> Place:
    """Return where the preferences of a call are: ``--kuberc``, ``$KUBERC``, or (if ``usual``) the usual file.

    Raises:
        CommandError: the flag names no file, or contradicts the environment.
    """
    flag = _flag(words)
    if env.get("KUBERC") == "off":
        if flag:
            raise CommandError("disabling kuberc via KUBERC=off and passing kuberc flag are mutually exclusive")
        return Place(None)
    named = flag or env.get("KUBERC", "")
    if named:
        return Place(cwd / named, explicit=True)
    return Place(Path(env.get("HOME") or Path.home(), ".kube", "kuberc") if usual else None)


def _flag(words: Sequence[str]) -> str:
    given = list(words[: words.index("--")] if "--" in words else words)
    for at, word in enumerate(given):
        value = given[at + 1] if word == "--kuberc" and at + 1 < len(given) else word.partition("--kuberc=")[2]
        if value:
            return value
        if word.startswith("--kuberc") and word.partition("=")[0] == "--kuberc":
            raise CommandError(f"{_FAILED}kuberc file is not found", bare=True)
    return ""


def read(place: Place, shown: str) -> Json | None:
    """Read a file of preferences; nothing if it is empty.

    Raises:
        FileNotFoundError: there is none.
        ValueError: no preferences are in it.
    """
    if place.file is None:
        return None
    try:
        parts = re.split(r"(?m)^---\s*$", place.file.read_text(encoding="utf-8"))
        values = [read_value(part) for part in parts if part.strip()]
    except yaml.YAMLError:
        values = [None]
    for value in values:
        if (
            isinstance(value, dict)
            and value.get("kind") == KIND
            and value.get("apiVersion", "").startswith("kubectl.config.k8s.io/")
        ):
            return value
    if values:
        raise ValueError(f"no valid preferences found in {shown}, use --v=5 to see details")
    return None


def load(place: Place, cwd: Path, warn: Callable[[str], None]) -> Json:
    """Read the preferences that a call goes by; only a file that was asked for has to be there and right.

    Raises:
        CommandError: what was asked for cannot be used.
    """
    shown = "" if place.file is None else os.path.relpath(place.file, cwd) if place.explicit else str(place.file)
    try:
        found = read(place, shown) or {}
        _validate(found)
    except FileNotFoundError:
        if place.explicit:
            raise CommandError(
                f"{_FAILED}kuberc error kuberc: open {shown}: no such file or directory", bare=True
            ) from None
        return {}
    except (OSError, ValueError) as error:
        if place.explicit:
            raise CommandError(f"{_FAILED}kuberc error kuberc: {error}", bare=True) from None
        warn(f"kuberc: no preferences loaded from {shown}: {error}")
        return {}
    return found


def _validate(preferences: Json) -> None:
    names: set[str] = set()
    for alias in preferences.get("aliases") or ():
        name = str(alias.get("name", ""))
        if not name.isalpha():
            raise CommandError(f"{_FAILED}invalid alias name, can only include alphabetical characters", bare=True)
        if name in names:
            raise CommandError(f"{_FAILED}duplicate alias name {name}", bare=True)
        names.add(name)
    for entry in [*(preferences.get("aliases") or ()), *(preferences.get("defaults") or ())]:
        for name, _ in _options(entry):
            if name.startswith("-"):
                raise CommandError(f"{_FAILED}flag name {name} should be in long form without dashes", bare=True)


def _options(entry: Json) -> Options:
    return [(str(one.get("name", "")), str(one.get("default", ""))) for one in entry.get("options") or ()]


def rewritten(words: list[str], preferences: Json, is_verb: Callable[[str], bool]) -> Rewritten:
    """Put the command of an alias in the place of its name.

    Raises:
        CommandError: the alias stands for a command that is not there.
    """
    at = next((at for at, word in enumerate(words) if not word.startswith("-")), None)
    if at is None or is_verb(words[at]):
        return Rewritten(words)
    found = next((one for one in preferences.get("aliases") or () if one.get("name") == words[at]), None)
    if found is None:
        return Rewritten(words)
    command = str(found.get("command", "")).split()
    if not command or not is_verb(command[0]):
        why = f'command "{" ".join(command)}" not found to set alias "{words[at]}": [{" ".join(command)}]'
        raise CommandError(_FAILED + why, bare=True)
    before, after = found.get("prependArgs") or [], found.get("appendArgs") or []
    made = [*words[:at], *command, *map(str, before), *words[at + 1 :], *map(str, after)]
    return Rewritten(made, words[at], _options(found))


def defaults_of(command: str, preferences: Json) -> Options:
    """Return what a command's flags shall be; the last word of its name counts."""
    wanted = command.rsplit(maxsplit=1)[-1]
    return [
        option
        for entry in preferences.get("defaults") or ()
        if str(entry.get("command", "")).split()[-1:] == [wanted]
        for option in _options(entry)
    ]


def refuse_flag(name: str, command: str) -> CommandError:
    """Make the error for a default of a flag that the command has not."""
    return CommandError(f"{_FAILED}invalid flag {name} for command {command}", bare=True)
