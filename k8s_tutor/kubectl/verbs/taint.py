"""``kubectl taint`` (kubectl, ``cmd/taint``)."""

import re
from typing import Any

from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import dry_run, patch_object, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.infos import Info, resolve, select
from k8s_tutor.kubectl.options import ALL, DRY_RUN, OUTPUT, OVERWRITE, SELECTOR, VALIDATE, field_manager
from k8s_tutor.kubectl.patchtypes import STRATEGIC

EFFECTS = {"NoSchedule", "PreferNoSchedule", "NoExecute"}
_NAME_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
Taint = dict[str, Any]


class TaintVerb(Verb):
    """Sets and removes taints."""

    name = "taint"
    usage = "taint NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]"
    short = "Update the taints on one or more nodes"
    group = "Cluster Management Commands"
    examples = """
kubectl taint nodes node1 team=x:NoSchedule
kubectl taint nodes node1 team-
"""
    flags = (SELECTOR, ALL, *OUTPUT, DRY_RUN, field_manager("kubectl-taint"), OVERWRITE, VALIDATE)

    def complete(self, call: Call) -> None:
        self.resources: list[str] = []
        specs: list[str] = []
        for word in call.arguments:
            is_taint = "=" in word or ":" in word or word.endswith("-")
            if is_taint:
                specs.append(word)
            elif specs:
                raise CommandError(f"all resources must be specified before taint changes: {word}")
            else:
                self.resources.append(word)
        if not self.resources:
            raise CommandError("one or more resources must be specified as <resource> <name>")
        if not specs:
            raise CommandError("at least one taint update is required")
        try:
            self.adding, self.removing = _parse(specs)
        except CommandError as error:
            raise call.usage(error.message) from None

    def validate(self, call: Call) -> None:
        kind = resolve(call, self.resources[0].split("/")[0]).kind
        if kind != "Node":
            raise CommandError(f"invalid resource type {self.resources[0]}, only node types are supported")
        if call.flag("all") and call.flag("selector"):
            raise CommandError("setting 'all' parameter with a non empty selector is prohibited")
        if not call.flag("all") and not call.flag("selector") and len(self.resources) < 2:
            raise CommandError("at least one resource name must be specified since 'all' parameter is not set")
        both = [
            f"{gone['key']}={gone.get('effect', '')}"
            for one in self.adding
            for gone in self.removing
            if gone["key"] == one["key"] and gone.get("effect", "") in {"", one["effect"]}
        ]
        if both:
            raise CommandError(
                f"can not both modify and remove the following taint(s) in the same command: {', '.join(both)}"
            )

    def run(self, call: Call) -> int:
        selection = select(call, self.resources)
        failures = selection.errors
        for info in selection.infos():
            try:
                self._taint(call, info)
            except (ApiError, CommandError) as error:
                failures.append(error)
        raise_all(failures)
        return 0

    def _taint(self, call: Call, info: Info) -> None:
        before: list[Taint] = info.object["spec"].get("taints") or []
        if not call.flag("overwrite"):
            taken = [one["key"] for one in self.adding if _in(one, before)]
            if taken:
                raise CommandError(
                    f"node {info.name} already has {','.join(taken)} taint(s) with same effect(s) and --overwrite is false"
                )
        after = [dict(one) for one in self.adding]
        after += [one for one in before if not _in(one, self.adding)]
        errors: list[Exception] = []
        for gone in self.removing:
            kept = [one for one in after if not _same(one, gone)]
            if len(kept) == len(after):
                errors.append(
                    CommandError(f'taint "{gone["key"]}{":" + gone["effect"] if gone["effect"] else ""}" not found')
                )
            after = kept
        raise_all(errors)
        changed = any(_in(one, before) for one in self.adding)
        operation = "modified" if changed else "tainted" if self.adding else "untainted"
        if self.adding and self.removing:
            operation = "modified"
        body = {**info.object, "spec": {**info.object["spec"], "taints": after}}
        if dry_run(call) != "client":
            patch = {"spec": {"taints": after or None}}
            body = patch_object(call, info, patch, STRATEGIC, "kubectl-taint")
        tell(call, info.resource, body, operation, typed=True, suffix=dry_run(call) != "client")


def _in(taint: Taint, others: list[Taint]) -> bool:
    return any(one["key"] == taint["key"] and one.get("effect") == taint.get("effect") for one in others)


def _same(one: Taint, pattern: Taint) -> bool:
    return one["key"] == pattern["key"] and pattern["effect"] in {"", one.get("effect")}


def _parse(specs: list[str]) -> tuple[list[Taint], list[Taint]]:
    adding: list[Taint] = []
    removing: list[Taint] = []
    for spec in specs:
        if spec.endswith("-"):
            key, _, effect = spec[:-1].partition(":")
            removing.append({"key": key.partition("=")[0], "effect": effect})
            if effect and effect not in EFFECTS:
                raise CommandError(f"invalid taint effect: {effect}, unsupported taint effect")
            continue
        match = re.fullmatch(r"([^=:]+)(?:=([^=:]*))?:([^:]*)", spec)
        if match is None:
            why = f", {_NAME_RULE}" if ":" not in spec else ""
            raise CommandError(f"invalid taint spec: {spec}{why}")
        key, value, effect = match.groups()
        if effect not in EFFECTS:
            raise CommandError(f"invalid taint effect: {effect}, unsupported taint effect")
        made = {"key": key, "effect": effect, **({"value": value} if value else {})}
        if _in(made, adding):
            raise CommandError(f"duplicated taints with the same key and effect: {made}")
        adding.append(made)
    return adding, removing


VERB = TaintVerb
