"""``kubectl diff`` (kubectl, ``cmd/diff``): what applying a manifest would change, asked of the server by a dry run."""

import difflib
import tempfile
from pathlib import Path
from typing import Any

from k8s_tutor.apimachinery.goyaml import to_json, to_yaml
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.changes import three_way
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, report
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import LAST_APPLIED, configured
from k8s_tutor.kubectl.infos import Info, load
from k8s_tutor.kubectl.options import FILENAME, SELECTOR, field_manager
from k8s_tutor.kubectl.patchtypes import APPLY
from k8s_tutor.kubectl.printers import without_managed_fields


class Diff(Verb):
    """Compares manifests with what is there."""

    name = "diff"
    usage = "diff -f FILENAME [options]"
    short = "Diff the live version against a would-be applied version"
    group = "Advanced Commands"
    flags = (
        *FILENAME,
        SELECTOR,
        field_manager("kubectl-client-side-apply"),
        Flag("server-side", "bool", help="as apply --server-side would do"),
        Flag("force-conflicts", "bool", help="with --server-side: take fields from other managers"),
        Flag("show-managed-fields", "bool", help="keep managedFields"),
        Flag("prune", "bool", help="taken and ignored"),
        Flag("prune-allowlist", "array", help="taken and ignored"),
        Flag("show-secrets", "bool", help="do not mask the values of Secrets"),
        Flag("concurrency", "int", default=1, help="taken and ignored"),
    )

    def validate(self, call: Call) -> None:
        if not call.flag("filename") and not call.flag("kustomize"):
            raise CommandError("must specify one of -f and -k", exit_code=2)
        if call.arguments:
            raise call.usage(f"Unexpected args: [{' '.join(call.arguments)}]")

    def run(self, call: Call) -> int:
        try:
            return self._compare(call)
        except (ApiError, CommandError) as error:
            # Exit code 1 means "there are differences", so errors end with more.
            text, code = report(error)
            raise CommandError(text, exit_code=code + 1, bare=True) from None

    def _compare(self, call: Call) -> int:
        errors: list[Exception] = []
        infos = load(call, errors)
        if errors:
            raise errors[0]
        different = False
        for info in infos:
            live, merged = self._pair(call, info)
            different |= self._show(call, info, live, merged)
        return 1 if different else 0

    def _pair(self, call: Call, info: Info) -> tuple[Json | None, Json]:
        query: dict[str, Any] = {
            "dryRun": "All",
            "fieldManager": call.flag("field-manager"),
        }
        try:
            live: Json = call.client.get(info.path)
        except ApiError as error:
            if error.status != 404:
                raise
            return None, call.request("POST", info.collection, body=info.object, query=query)
        if call.flag("server-side"):
            query |= {"fieldManager": "kubectl", "force": "true" if call.flag("force-conflicts") else "false"}
            text = to_json(info.object, indent=None)
            return live, call.request("PATCH", info.path, body=text, content_type=APPLY, query=query)
        import json

        annotations = live["metadata"].get("annotations") or {}
        original = json.loads(annotations.get(LAST_APPLIED) or "{}")
        patch, content_type = three_way(info.resource, original, configured(info.object), live)
        if not patch:
            return live, live
        return live, call.request("PATCH", info.path, body=patch, content_type=content_type, query=query)

    def _show(self, call: Call, info: Info, live: Json | None, merged: Json) -> bool:
        if info.resource.kind == "Secret":
            live, merged = _masked(live, merged)
        before, after = self._text(call, live), self._text(call, merged)
        if before == after:
            return False
        group = f"{info.resource.group}." if info.resource.group else ""
        name = f"{group}{info.resource.version}.{info.resource.kind}.{info.namespace}.{info.name}"
        folder = Path(tempfile.gettempdir())
        stamp = call.client.now().astimezone().strftime("%Y-%m-%d %H:%M:%S.%f000 %z")
        heads = (f"{folder}/LIVE-{_number(name)}/{name}", f"{folder}/MERGED-{_number(name + '+')}/{name}")
        call.out(f"diff -u -N {heads[0]} {heads[1]}")
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), *heads, stamp, stamp, lineterm="")
        for line in lines:
            call.out(line)
        return True

    def _text(self, call: Call, body: Json | None) -> str:
        if body is None:
            return ""
        return to_yaml(body if call.flag("show-managed-fields") else without_managed_fields(body))


def _number(text: str) -> int:
    import zlib

    return zlib.crc32(text.encode())


def _masked(live: Json | None, merged: Json) -> tuple[Json | None, Json]:
    """Secret values are told apart without being shown."""
    before, after = dict((live or {}).get("data") or {}), dict(merged.get("data") or {})
    for key in set(before) | set(after):
        same = before.get(key) == after.get(key)
        if key in before:
            before[key] = "***" if same else "*** (before)"
        if key in after:
            after[key] = "***" if same or live is None else "*** (after)"
    shown = None if live is None else {**live, "data": before} if before else live
    return shown, {**merged, "data": after} if after else merged


VERB = Diff
