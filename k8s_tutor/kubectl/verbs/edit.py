"""``kubectl edit`` (kubectl, ``cmd/util/editor``): the object in an editor, and what changed as a patch."""

from typing import Any

import yaml

from k8s_tutor.apimachinery.goyaml import to_json, to_yaml
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl import manifests
from k8s_tutor.kubectl.actions import query, tell
from k8s_tutor.kubectl.changes import two_way
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.editing import keep_copy, open_editor, stripped
from k8s_tutor.kubectl.errors import CommandError, message_of, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, select
from k8s_tutor.kubectl.options import FILENAME, OUTPUT, RECORD, SAVE_CONFIG, VALIDATE, field_manager
from k8s_tutor.kubectl.printers import without_managed_fields
from k8s_tutor.kubectl.recording import record

HEAD = """# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
"""
MAX_ROUNDS = 20


class Edit(Verb):
    """Edits objects."""

    name = "edit"
    usage = "edit (RESOURCE/NAME | -f FILENAME) [options]"
    short = "Edit a resource on the server"
    group = "Basic Commands (Intermediate)"
    flags = (
        *FILENAME,
        *OUTPUT,
        field_manager("kubectl-edit"),
        RECORD,
        SAVE_CONFIG,
        VALIDATE,
        Flag("output-patch", "bool", help="print the patch"),
        Flag("subresource", help="status, scale or resize: what to edit of the object"),
        Flag("windows-line-endings", "bool", help="taken and ignored"),
    )

    def run(self, call: Call) -> int:
        selection = select(call, allow_all=True)
        infos = list(selection.infos())
        raise_all(selection.errors)
        if not infos:
            raise CommandError("edit cancelled, no objects found")
        self.suffix = ".json" if call.flag("output") == "json" else ".yaml"
        self.head = "" if self.suffix == ".json" else HEAD
        self._edit(call, infos)
        return 0

    def _edit(self, call: Call, infos: list[Info]) -> None:
        shown = [
            info.object if call.flag("show-managed-fields") else without_managed_fields(info.object) for info in infos
        ]
        whole = shown[0] if len(shown) == 1 else {"apiVersion": "v1", "kind": "List", "items": shown, "metadata": {}}
        plain = to_json(whole) + "\n" if self.suffix == ".json" else to_yaml(whole)
        text, failed = self.head + plain, False
        for _ in range(MAX_ROUNDS):
            saved = open_editor(call, text, self.suffix)
            body = stripped(saved)
            if failed and body == stripped(text):
                keep_copy(call, saved, self.suffix)
                raise CommandError("Edit cancelled, no valid changes were saved.")
            if not body.strip():
                call.err("Edit cancelled, saved file was empty.")
                return
            if body == plain:
                call.err("Edit cancelled, no changes made.")
                return
            problems = self._try(call, infos, shown, body)
            if not problems:
                return
            failed = True
            text = self.head + "".join(f"# {line}\n" for line in "\n".join(problems).splitlines()) + "#\n" + body
        raise CommandError("Edit cancelled, no valid changes were saved.")

    def _try(self, call: Call, infos: list[Info], before: list[dict[str, Any]], text: str) -> list[str]:
        """Send the edited objects; return why they were refused."""
        try:
            value = manifests.read_value(text)
        except yaml.YAMLError as error:
            return [f"The edited file had a syntax error: {manifests.go_words(error)}"]
        after = value.get("items") if isinstance(value, dict) and len(infos) > 1 else [value]
        if not isinstance(after, list) or not all(isinstance(one, dict) for one in after):
            return ["The edited file had a syntax error: it is not an object"]
        named = {_identity(one): one for one in after}
        problems = []
        for info, old in zip(infos, before, strict=True):
            new = named.get(_identity(old))
            if new is None and len(named) == len(infos):
                keep_copy(call, text, self.suffix)
                raise CommandError("At least one of apiVersion, kind and name was changed")
            problem = self._send(call, info, old, new) if new is not None and new != old else ""
            problems += [problem] if problem else []
        return problems

    def _send(self, call: Call, info: Info, before: dict[str, Any], after: dict[str, Any]) -> str:
        patch, content_type = two_way(info.resource, before, after)
        if call.flag("output-patch"):
            call.out(f"Patch: {to_json(patch, indent=None)}")
        if not patch:
            call.err("Edit cancelled, no changes made.")
            return ""
        path = info.path + (f"/{call.flag('subresource')}" if call.flag("subresource") else "")
        try:
            made = call.request(
                "PATCH", path, body=patch, content_type=content_type, query=query(call, "kubectl-edit", validate=True)
            )
        except ApiError as error:
            causes = error.details.get("causes") or []
            what = f'{info.resource.qualified} "{info.name}"'
            call.err(f"error: {what} is invalid" if causes else message_of(error))
            lines = [f"{what} was not valid:"]
            lines += [f"* {cause.get('field', '')}: {cause.get('message', '')}" for cause in causes] or [f"* {error}"]
            return "\n".join(lines)
        record(call, info, "kubectl-edit")
        tell(call, info.resource, made, "edited")
        return ""


def _identity(body: dict[str, Any]) -> tuple[Any, Any, Any]:
    metadata = body.get("metadata")
    return body.get("apiVersion"), body.get("kind"), metadata.get("name") if isinstance(metadata, dict) else None


VERB = Edit
