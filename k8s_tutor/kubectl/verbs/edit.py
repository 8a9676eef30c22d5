"""``kubectl edit`` (kubectl, ``cmd/util/editor``): the object in an editor, and what changed as a patch."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from k8s_tutor.apimachinery.goyaml import to_json, to_yaml
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl import manifests
from k8s_tutor.kubectl.actions import query, tell
from k8s_tutor.kubectl.changes import two_way
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, message_of, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, select
from k8s_tutor.kubectl.options import FIELD_MANAGER, FILENAME, OUTPUT, SAVE_CONFIG, VALIDATE
from k8s_tutor.kubectl.printers import without_managed_fields

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
        FIELD_MANAGER,
        SAVE_CONFIG,
        VALIDATE,
        Flag("output-patch", "bool", help="print the patch"),
        Flag("subresource", help="status, scale or resize: what to edit of the object"),
        Flag("windows-line-endings", "bool", help="taken and ignored"),
    )

    def run(self, call: Call) -> int:
        selection = select(call)
        infos = list(selection.infos())
        raise_all(selection.errors)
        if not infos:
            raise CommandError("edit cancelled, no objects found")
        for info in infos:
            self._edit(call, info)
        return 0

    def _edit(self, call: Call, info: Info) -> None:
        before = info.object if call.flag("show-managed-fields") else without_managed_fields(info.object)
        as_json = call.flag("output") == "json"
        plain = to_json(before) + "\n" if as_json else to_yaml(before)
        text = HEAD + plain
        for _ in range(MAX_ROUNDS):
            edited = _open_editor(call, text, ".json" if as_json else ".yaml")
            body = _stripped(edited)
            if not body.strip():
                call.err("Edit cancelled, saved file was empty.")
                return
            if body == plain:
                call.err("Edit cancelled, no changes made.")
                return
            if edited == text:
                self._keep(call, edited)
                raise CommandError("Edit cancelled, no valid changes were saved.")
            problem = self._try(call, info, before, body)
            if not problem:
                return
            text = HEAD + "".join(f"# {line}\n" for line in problem.splitlines()) + "#\n" + body
        raise CommandError("Edit cancelled, no valid changes were saved.")

    def _try(self, call: Call, info: Info, before: dict[str, Any], text: str) -> str:
        """Send the edited object; return why it was refused, or nothing."""
        try:
            after = manifests.read_value(text)
        except yaml.YAMLError as error:
            return f"The edited file had a syntax error: {manifests.go_words(error)}"
        if not isinstance(after, dict):
            return "The edited file had a syntax error: it is not an object"
        if any(after.get(key) != before.get(key) for key in ("apiVersion", "kind")):
            return "At least one of apiVersion, kind and name was changed"
        if (after.get("metadata") or {}).get("name") != info.name:
            return "At least one of apiVersion, kind and name was changed"
        patch, content_type = two_way(info.resource, before, after)
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
            call.err(f'error: {info.resource.plural} "{info.name}" is invalid' if causes else message_of(error))
            lines = [f'{info.resource.plural} "{info.name}" was not valid:']
            lines += [f"* {cause.get('field', '')}: {cause.get('message', '')}" for cause in causes] or [f"* {error}"]
            return "\n".join(lines)
        tell(call, info.resource, made, "edited")
        return ""

    def _keep(self, call: Call, text: str) -> None:
        handle, name = tempfile.mkstemp(prefix="kubectl-edit-", suffix=".yaml")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        call.err(f'A copy of your changes has been stored to "{name}"')


def _stripped(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def _open_editor(call: Call, text: str, suffix: str) -> str:
    if call.edit is not None:
        return call.edit(text, suffix)
    command = next((call.env[name] for name in ("KUBE_EDITOR", "EDITOR") if call.env.get(name)), "vi")
    with tempfile.TemporaryDirectory(prefix="kubectl-edit-") as folder:
        file = Path(folder, f"object{suffix}")
        file.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run([*shlex.split(command), str(file)], check=False)
        except OSError:
            raise CommandError(f'unable to launch the editor "{command}"') from None
        if done.returncode:
            raise CommandError(f'there was a problem with the editor "{command}"')
        return file.read_text(encoding="utf-8")


VERB = Edit
