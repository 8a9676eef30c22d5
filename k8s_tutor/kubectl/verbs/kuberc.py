"""``kubectl kuberc view|set`` (kubectl, ``cmd/kuberc``): the user's preferences for kubectl."""

import json
from pathlib import Path
from typing import Any

from k8s_tutor.apimachinery.goyaml import to_yaml
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl import preferences
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.options import output_of
from k8s_tutor.kubectl.printers import printer_for
from k8s_tutor.kubectl.verbgroup import VerbGroup

_SECTIONS = ("defaults", "aliases", "credentialplugin")
_FIELDS = ("name", "command", "prependArgs", "appendArgs", "options", "default")
_KUBERC = Flag("kuberc", help="the file of the preferences")
_PROPOSED = [
    {"command": "apply", "options": [{"name": "server-side", "default": "true"}]},
    {"command": "delete", "options": [{"name": "interactive", "default": "true"}]},
]


def _place(call: Call) -> tuple[preferences.Place, Path]:
    words = [f"--kuberc={call.flag('kuberc')}"] if call.flag("kuberc") else []
    place = preferences.place_of(words, call.env, call.cwd, usual=True)
    if place.file is None:
        raise CommandError("KUBERC is disabled via KUBERC=off environment variable")
    return place, place.file


def _read(place: preferences.Place) -> Json | None:
    try:
        return preferences.read(place, str(place.file))
    except ValueError as error:
        raise CommandError(f"error reading kuberc file: {error}") from None


def _save(call: Call, found: Json, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(to_yaml(_whole(found)), encoding="utf-8")
    call.out(f"Updated {file}")


def _whole(found: Json) -> Json:
    return {
        "kind": preferences.KIND,
        "apiVersion": preferences.API_VERSION,
        "defaults": found.get("defaults"),
        "aliases": found.get("aliases"),
    } | {key: found[key] for key in ("credentialPluginPolicy", "credentialPluginAllowlist") if found.get(key)}


def _in_order(value: Any) -> Any:
    """Order the keys of entries as the fields of Go's types."""
    if isinstance(value, list):
        return [_in_order(one) for one in value]
    if not isinstance(value, dict):
        return value
    known = sorted(value, key=lambda key: _FIELDS.index(key) if key in _FIELDS else -1)
    return {key: _in_order(value[key]) for key in known}


class View(Verb):
    """Prints the preferences."""

    name = "view"
    usage = "kuberc view [options]"
    short = "Display the current kuberc configuration"
    flags = (*output_of("yaml", "yaml, json, or a template"), _KUBERC)

    def run(self, call: Call) -> int:
        place, file = _place(call)
        try:
            found = _read(place) or {}
        except FileNotFoundError:
            if place.explicit:
                raise CommandError(f"kuberc file not found at {file}") from None
            call.out(f"kuberc file not found at {file}")
            call.write("Would you like to generate a default kuberc file with recommended options? (y/N): ")
            call.streams.stdout.flush()
            answer = call.streams.stdin.readline() if call.streams.stdin else ""
            if str(answer).strip().lower() == "y":
                _save(call, {"defaults": _PROPOSED}, file)
            return 0
        whole = _whole(found | {key: found.get(key) or [] for key in ("defaults", "aliases")})
        if call.flag("output") == "json":
            call.out(json.dumps(_in_order(whole), indent=4, ensure_ascii=False))
        else:
            call.write(printer_for(call.flag("output"), template=call.flag("template"))(whole))
        return 0


class Set(Verb):
    """Writes one entry."""

    name = "set"
    usage = "kuberc set --section (defaults|aliases) --command COMMAND [options]"
    short = "Set values in the kuberc configuration"
    required = ("section",)
    flags = (
        _KUBERC,
        Flag("section", help="defaults, aliases or credentialplugin"),
        Flag("command", help="the command that is meant, like get or set env"),
        Flag("name", help="name of the alias"),
        Flag("option", "array", help="flag=value; may repeat"),
        Flag("prependarg", "array", help="a word in front of those that are given; may repeat"),
        Flag("appendarg", "array", help="a word behind those that are given; may repeat"),
        Flag("policy", help="AllowAll, DenyAll or Allowlist: which credential plugins may run"),
        Flag("allowlist-entry", "array", help="command=PATH that may run; may repeat"),
        Flag("overwrite", "bool", help="replace an entry that is there"),
    )

    def validate(self, call: Call) -> None:
        section, words = call.flag("section"), call.flag("prependarg") or call.flag("appendarg")
        refusals = (
            (
                section not in _SECTIONS,
                f'--section must be "defaults", "aliases", or "credentialplugin", got: {section}',
            ),
            (section == "aliases" and not call.flag("name"), "--name is required when --section=aliases"),
            (
                section == "defaults" and call.flag("name"),
                "--name should not be specified when --section=defaults",
            ),
            (
                section == "defaults" and words,
                "--prependarg and --appendarg are only valid for --section=aliases",
            ),
            (
                section != "credentialplugin" and not call.flag("command"),
                "--command is required when --section=aliases or --section=defaults",
            ),
        )
        for wrong, message in refusals:
            if wrong:
                raise CommandError(message)
        if section == "credentialplugin":
            _check_policy(call.flag("policy"), call.flag("allowlist-entry"))

    def run(self, call: Call) -> int:
        place, file = _place(call)
        try:
            found = _read(place) or {}
        except FileNotFoundError:
            found = {}
        options = [_option(word) for word in call.flag("option")]
        if call.flag("section") == "credentialplugin":
            found["credentialPluginPolicy"] = call.flag("policy")
            if call.flag("policy") == "Allowlist":
                entries = [word.partition("=")[2] for word in call.flag("allowlist-entry")]
                found["credentialPluginAllowlist"] = [{"command": entry} for entry in entries]
        elif call.flag("section") == "defaults":
            told = f'defaults for command "{call.flag("command")}" already exist, use --overwrite to replace'
            _put(call, found, "command", {"command": call.flag("command"), "options": options}, told)
        else:
            entry = {"name": call.flag("name"), "command": call.flag("command"), "options": options}
            entry |= {"prependArgs": call.flag("prependarg"), "appendArgs": call.flag("appendarg")}
            told = f'alias "{call.flag("name")}" already exists, use --overwrite to replace'
            _put(call, found, "name", entry, told)
        _save(call, found, file)
        return 0


def _check_policy(policy: str, entries: list[str]) -> None:
    if not policy:
        raise CommandError("--policy is required when --section=credentialplugin")
    if policy not in {"AllowAll", "DenyAll", "Allowlist"}:
        raise CommandError(f' --policy must be  "AllowAll", "DenyAll", or "Allowlist", got: {policy}')
    where = "--section=credentialplugin and --policy=Allowlist"
    if policy != "Allowlist" and entries:
        raise CommandError(f"--allowlist-entry may only be used when {where}")
    if policy == "Allowlist" and not entries:
        raise CommandError(f"--allowlist-entry is required when {where}")
    for word in entries:
        key, equals, value = word.partition("=")
        if not equals:
            raise CommandError(f'improperly formatted allowlist entry: "{word}"')
        if key != "command":
            raise CommandError(f'unrecognized allowlist entry field: "{key}"')
        if not value.strip():
            raise CommandError(f'empty value in allowlist entry for field "{key}"')


def _option(word: str) -> Json:
    name, equals, value = word.partition("=")
    if not equals:
        raise CommandError(f'invalid option format "{word}", expected flag=value')
    return {"name": name.lstrip("-"), "default": value}


def _put(call: Call, found: Json, key: str, entry: dict[str, Any], told: str) -> None:
    """Add an entry, or replace that of the same name; what is not given stays as it is."""
    section = found.setdefault(call.flag("section"), None) or []
    found[call.flag("section")] = section
    there = next((one for one in section if one.get(key) == entry[key]), None)
    if there is not None and not call.flag("overwrite"):
        raise CommandError(told)
    given = {name: value for name, value in entry.items() if value}
    if there is None:
        section.append(given)
    else:
        there.update(given)


class Kuberc(VerbGroup):
    """Groups what can be done with the preferences."""

    name = "kuberc"
    usage = "kuberc SUBCOMMAND [options]"
    short = "Manage kuberc configuration files"
    long = "Manage user preferences: the kuberc file has names for commands, and what their flags are unless given."
    help_to_output = True
    examples = """
kubectl kuberc view
kubectl kuberc set --section=defaults --command=get --option=output=wide
kubectl kuberc set --section=aliases --name=getn --command=get --prependarg=nodes
"""
    subverbs = (Set, View)


VERB = Kuberc
