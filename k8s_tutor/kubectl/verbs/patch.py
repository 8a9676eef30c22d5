"""``kubectl patch`` (kubectl, ``cmd/patch``)."""

import json
from typing import Any

from k8s_tutor.client import ApiError, APIResource
from k8s_tutor.kubectl.actions import dry_run, patch_object, tell
from k8s_tutor.kubectl.changes import patched_locally
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, select
from k8s_tutor.kubectl.options import DRY_RUN, FILENAME, LOCAL, OUTPUT, RECORD, field_manager
from k8s_tutor.kubectl.patchtypes import JSON_PATCH, MERGE, STRATEGIC
from k8s_tutor.kubectl.recording import record

TYPES = {"json": JSON_PATCH, "merge": MERGE, "strategic": STRATEGIC}


class Patch(Verb):
    """Patches objects."""

    name = "patch"
    usage = "patch (-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]"
    short = "Update fields of a resource"
    group = "Advanced Commands"
    examples = """
kubectl patch deployment web -p '{"spec":{"replicas":2}}'
kubectl patch deployment web --type=json -p '[{"op":"replace","path":"/spec/replicas","value":1}]'
"""
    flags = (
        *FILENAME,
        *OUTPUT,
        DRY_RUN,
        field_manager("kubectl-patch"),
        RECORD,
        LOCAL,
        Flag("patch", short="p", help="the patch, JSON or YAML"),
        Flag("patch-file", help="a file with the patch"),
        Flag("type", default="strategic", help="json, merge or strategic"),
        Flag("subresource", help="status, scale or resize: what to patch of the object"),
    )

    def validate(self, call: Call) -> None:
        if call.flag("patch") and call.flag("patch-file"):
            raise CommandError("cannot specify --patch and --patch-file together")
        if not call.flag("patch") and not call.flag("patch-file"):
            raise CommandError("must specify --patch or --patch-file containing the contents of the patch")
        if call.flag("local") and call.arguments:
            raise CommandError("cannot specify --local and server resources")
        if call.flag("type") not in TYPES:
            raise CommandError(f"--type must be one of [{' '.join(TYPES)}], not {json.dumps(call.flag('type'))}")

    def run(self, call: Call) -> int:
        patch = self._patch(call)
        content_type = TYPES[call.flag("type")]
        selection = select(call)
        failures: list[Exception] = selection.errors
        shown: APIResource | None = APIResource("autoscaling", "v1", "scales", "scale", "Scale", namespaced=True)
        shown = shown if call.flag("subresource") == "scale" else None
        for info in selection.infos():
            try:
                if call.flag("subresource"):
                    info.object = call.client.get(f"{info.path}/{call.flag('subresource')}")
                body = self._apply(call, info, patch, content_type)
            except (ApiError, CommandError) as error:
                failures.append(error)
                continue
            changed = dry_run(call) == "client" or body != info.object
            # kubectl tells a patch without saying that it was a dry run.
            tell(call, shown or info.resource, body, "patched" if changed else "patched (no change)", suffix=False)
        raise_all(failures)
        return 0

    def _apply(self, call: Call, info: Info, patch: Any, content_type: str) -> dict[str, Any]:
        if dry_run(call) == "client" or call.flag("local"):
            if content_type == JSON_PATCH:
                from k8s_tutor.apimachinery.patches import apply_json_patch
                from k8s_tutor.apimachinery.unstructured import clone

                local: dict[str, Any] = apply_json_patch(clone(info.object), patch)
                return local
            return patched_locally(info.resource, info.object, patch, content_type)
        try:
            made = patch_object(call, info, patch, content_type, "kubectl-patch", call.flag("subresource"))
        except ApiError as error:
            if error.reason != "UnsupportedMediaType":
                raise
            named = f"{info.resource.group}/{info.resource.version}, Kind={info.resource.kind}"
            raise CommandError(f"{content_type} is not supported by {named}: {error}") from None
        record(call, info, "kubectl-patch")
        return made

    def _patch(self, call: Call) -> Any:
        import yaml

        from k8s_tutor.kubectl.manifests import read_value

        text = call.flag("patch")
        if call.flag("patch-file"):
            try:
                text = (call.cwd / call.flag("patch-file")).read_text(encoding="utf-8")
            except OSError as error:
                why = f"open {call.flag('patch-file')}: {(error.strerror or '').lower()}"
                raise CommandError(f"unable to read patch file: {why}") from None
        if text.lstrip().startswith("{") and not _is_json(text):
            return text  # what begins as JSON goes to the server as it is
        try:
            return read_value(text)
        except yaml.YAMLError as error:
            from k8s_tutor.kubectl.manifests import go_words

            raise CommandError(f"unable to parse {json.dumps(text)}: {go_words(error)}") from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


VERB = Patch
