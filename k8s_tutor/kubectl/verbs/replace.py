"""``kubectl replace``: put the manifest in the object's place; ``--force`` deletes and creates."""

from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import cascade, delete_options, dry_run, query, send_raw, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all, with_source
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import LAST_APPLIED, with_last_applied
from k8s_tutor.kubectl.infos import Info, kind_name, load
from k8s_tutor.kubectl.options import DRY_RUN, FILENAME, OUTPUT, RECORD, SAVE_CONFIG, VALIDATE, field_manager
from k8s_tutor.kubectl.recording import recorded
from k8s_tutor.kubectl.verbs.delete import FLAGS
from k8s_tutor.kubectl.watching import wait_gone


class Replace(Verb):
    """Replaces objects."""

    name = "replace"
    usage = "replace -f FILENAME [options]"
    short = "Replace a resource by file name or stdin"
    group = "Advanced Commands"
    flags = (
        *FILENAME,
        *OUTPUT,
        DRY_RUN,
        field_manager("kubectl-replace"),
        RECORD,
        VALIDATE,
        SAVE_CONFIG,
        *FLAGS,
        Flag("wait", "bool", help="taken and ignored: it waits until the old object is gone"),
        Flag("subresource", help="status or scale: what to replace of the object"),
        Flag("raw", help="a path to PUT the file to"),
    )

    def validate(self, call: Call) -> None:
        if not call.flag("filename") and not call.flag("kustomize"):
            raise CommandError("must specify one of -f and -k")
        if call.flag("raw") and (len(call.flag("filename")) != 1 or call.flag("filename")[0].startswith("http")):
            raise CommandError("--raw can only use a single local file or stdin")
        if call.flag("grace-period") >= 0 and not call.flag("force"):
            raise CommandError("--grace-period must have --force specified")
        if call.flag("timeout") and not call.flag("force"):
            raise CommandError("--timeout must have --force specified")
        if call.flag("force") and dry_run(call) != "none":
            raise CommandError("--dry-run can not be used when --force is set")

    def run(self, call: Call) -> int:
        if call.flag("raw"):
            return send_raw(call, "PUT")
        errors: list[Exception] = []
        infos = load(call, errors)
        raise_all(errors)
        if call.flag("force"):
            self._force(call, infos)
            return 0
        for info in infos:
            try:
                self._replace(call, info)
            except ApiError as error:
                errors.append(with_source(error, "replacing", info.source))
        if not infos:
            raise CommandError("no objects passed to replace")
        raise_all(errors)
        return 0

    def _replace(self, call: Call, info: Info) -> None:
        body = recorded(call, info.object)
        if call.flag("save-config") or LAST_APPLIED in ((body.get("metadata") or {}).get("annotations") or {}):
            body = with_last_applied(body)
        if dry_run(call) != "client":
            path = info.path + (f"/{call.flag('subresource')}" if call.flag("subresource") else "")
            if not (body.get("metadata") or {}).get("resourceVersion"):
                live = call.request("GET", path)
                version = live["metadata"].get("resourceVersion", "")
                body = {**body, "metadata": {**body["metadata"], "resourceVersion": version}}
            body = call.request("PUT", path, body=body, query=query(call, "kubectl-replace", validate=True))
        tell(call, info.resource, body, "replaced")

    def _force(self, call: Call, infos: list[Info]) -> None:
        grace = call.flag("grace-period")
        gone: list[tuple[Info, str]] = []
        for info in infos:
            try:
                answer = call.request(
                    "DELETE", info.path, body=delete_options(call, grace, cascade(call.flag("cascade")))
                )
            except ApiError as error:
                if error.status != 404:
                    raise
                continue
            where = f" from {info.namespace} namespace" if info.namespace else ""
            call.out(f'{kind_name(info.resource)} "{info.name}" deleted{where}')
            uid = answer.get("metadata", {}).get("uid") or (answer.get("details") or {}).get("uid", "")
            gone.append((info, uid))
        wait_gone(call, gone, call.flag("timeout") or 300.0)
        for info in infos:
            body = recorded(call, with_last_applied(info.object) if call.flag("save-config") else info.object)
            made = call.request("POST", info.collection, body=body, query=query(call, "kubectl-replace", validate=True))
            tell(call, info.resource, made, "replaced")


VERB = Replace
