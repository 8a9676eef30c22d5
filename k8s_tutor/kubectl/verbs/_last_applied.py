"""``kubectl apply view-last-applied|set-last-applied|edit-last-applied``: the annotation that apply compares with."""

import json
from typing import Any

import yaml

from k8s_tutor.apimachinery.goyaml import to_json, to_yaml
from k8s_tutor.kubectl import manifests
from k8s_tutor.kubectl.actions import dry_run, patch_object, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.editing import edited
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import LAST_APPLIED, configured, with_last_applied
from k8s_tutor.kubectl.infos import Info, load, select
from k8s_tutor.kubectl.options import ALL, DRY_RUN, FILENAME, OUTPUT, SELECTOR, field_manager
from k8s_tutor.kubectl.patchtypes import MERGE

_HEAD = """# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
"""


def last_applied(body: dict[str, Any]) -> str | None:
    """Return the annotation."""
    text = (body["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    return None if text is None else str(text)


def _plain(body: dict[str, Any]) -> str:
    metadata = configured(body)["metadata"]
    if not metadata["annotations"]:
        del metadata["annotations"]
    return to_json({**body, "metadata": metadata}, indent=None) + "\n"


class ViewLastApplied(Verb):
    """Shows what was applied last."""

    name = "view-last-applied"
    usage = "apply view-last-applied (TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]"
    short = "View the latest last-applied-configuration annotations of a resource/object"
    flags = (*FILENAME, SELECTOR, ALL, Flag("output", short="o", default="yaml", help="yaml or json"))

    def run(self, call: Call) -> int:
        selection = select(call)
        for info in selection.infos():
            text = last_applied(info.object)
            if text is None:
                continue
            body = json.loads(text)
            if call.flag("output") not in {"yaml", "json"}:
                output = call.flag("output")
                raise call.usage(f"Unexpected -o output mode: {output}, the flag 'output' must be one of yaml|json")
            call.write(to_yaml(body) if call.flag("output") == "yaml" else to_json(body, indent=2) + "\n")
        raise_all(selection.errors)
        return 0


class SetLastApplied(Verb):
    """Writes the annotation without changing the rest."""

    name = "set-last-applied"
    usage = "apply set-last-applied -f FILENAME [options]"
    short = "Set the last-applied-configuration annotation on a live object to match the contents of a file"
    flags = (FILENAME[0], *OUTPUT, DRY_RUN, Flag("create-annotation", "bool", help="make it if it is not there"))

    def run(self, call: Call) -> int:
        errors: list[Exception] = []
        changed: list[tuple[Info, str, dict[str, Any]]] = []
        for info in load(call, errors):
            live = call.request("GET", info.path)
            before = last_applied(live)
            if before is None and not call.flag("create-annotation"):
                raise CommandError(
                    f"no last-applied-configuration annotation found on resource: {info.name}, to create the annotation, "
                    "run the command with --create-annotation"
                )
            after = _plain(info.object)
            if (before or "").strip() == after.strip():
                call.out(f"set-last-applied {info.name}: no changes required.")
            else:
                changed.append((info, after, live))
        raise_all(errors)
        for info, text, live in changed:
            body = live
            if dry_run(call) != "client":
                body = patch_object(call, info, {"metadata": {"annotations": {LAST_APPLIED: text}}}, MERGE, "kubectl")
            tell(call, info.resource, body, "configured")
        return 0


class EditLastApplied(Verb):
    """Edits the annotation."""

    name = "edit-last-applied"
    usage = "apply edit-last-applied (RESOURCE/NAME | -f FILENAME) [options]"
    short = "Edit latest last-applied-configuration annotations of a resource/object"
    flags = (
        *FILENAME,
        *OUTPUT,
        field_manager("kubectl-client-side-apply"),
        Flag("validate", default="strict", alone="strict", help="strict, warn or ignore: unknown fields"),
        Flag("windows-line-endings", "bool", help="taken and ignored"),
    )

    def run(self, call: Call) -> int:
        selection = select(call, allow_all=True)
        infos = [info for info in selection.infos() if last_applied(info.object) is not None]
        raise_all(selection.errors)
        if not infos:
            raise CommandError(
                "no last-applied-configuration annotation found on resources, to create the annotation, use command "
                "`kubectl apply set-last-applied --create-annotation`"
            )
        for info in infos:
            before = to_yaml(json.loads(last_applied(info.object) or "{}"))
            after = edited(call, _HEAD + before, before, ".yaml")
            if after is None:
                continue
            try:
                body = manifests.read_value(after)
            except yaml.YAMLError as error:
                raise CommandError(f"The edited file had a syntax error: {manifests.go_words(error)}") from None
            text = last_applied(with_last_applied(body))
            made = patch_object(
                call, info, {"metadata": {"annotations": {LAST_APPLIED: text}}}, MERGE, "kubectl-edit-last-applied"
            )
            tell(call, info.resource, made, "edited")
        return 0
