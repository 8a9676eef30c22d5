"""Changes of a rollout: pause, resume, restart, undo."""

from datetime import datetime
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import dry_run, patch_object, tell
from k8s_tutor.kubectl.changes import two_way
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import LAST_APPLIED
from k8s_tutor.kubectl.infos import Info, kind_name, select
from k8s_tutor.kubectl.options import DRY_RUN, FILENAME, OUTPUT, SELECTOR, field_manager
from k8s_tutor.kubectl.patchtypes import JSON_PATCH, STRATEGIC
from k8s_tutor.kubectl.rollouts import (
    controller_revisions,
    owned_replica_sets,
    revision,
    same_template,
    unvisited,
    without_hash,
)

FLAGS = (*FILENAME, SELECTOR, *OUTPUT, field_manager("kubectl-rollout"))
RESTARTED = "kubectl.kubernetes.io/restartedAt"


def require_resource(call: Call) -> None:
    """Refuse a call that names nothing."""
    if not call.arguments and not call.flag("filename") and not call.flag("kustomize"):
        raise CommandError("required resource not specified")


class _Change(Verb):
    """Changes a copy of each object and sends the difference."""

    flags = FLAGS
    done = ""

    def validate(self, call: Call) -> None:
        require_resource(call)

    def edit(self, call: Call, body: Json) -> None:
        """Change the copy; raise CommandError to refuse."""
        raise NotImplementedError

    def run(self, call: Call) -> int:
        selection = select(call, allow_all=True)
        failures = selection.errors
        found = 0
        for info in selection.infos():
            found += 1
            after = clone(info.object)
            try:
                self.edit(call, after)
                patch, content_type = two_way(info.resource, info.object, after)
                body = patch_object(call, info, patch, content_type, "kubectl-rollout") if patch else info.object
            except CommandError as error:
                where = f"{info.resource.qualified} {info.name!r}".replace("'", '"')
                failures.append(CommandError(f"error: {where} {error.message}", bare=True))
                continue
            except ApiError as error:
                failures.append(CommandError(f"failed to patch: {error}"))
                continue
            tell(call, info.resource, body, self.done, typed=True)
        if not found and not failures:
            call.err(f"No resources found in {call.namespace} namespace.")
        raise_all(failures)
        return 0


class Pause(_Change):
    """Pauses a Deployment's rollout."""

    name = "pause"
    usage = "rollout pause RESOURCE [options]"
    short = "Mark the provided resource as paused"
    done = "paused"

    def edit(self, call: Call, body: Json) -> None:
        if body.get("kind") != "Deployment":
            raise CommandError("pausing is not supported")
        if body["spec"].get("paused"):
            raise CommandError("is already paused")
        body["spec"]["paused"] = True


class Resume(_Change):
    """Goes on with a paused rollout."""

    name = "resume"
    usage = "rollout resume RESOURCE [options]"
    short = "Resume a paused resource"
    done = "resumed"

    def edit(self, call: Call, body: Json) -> None:
        if body.get("kind") != "Deployment":
            raise CommandError("resuming is not supported")
        if not body["spec"].get("paused"):
            raise CommandError("is not paused")
        body["spec"]["paused"] = False


class Restart(_Change):
    """Replaces all pods by new ones of the same template."""

    name = "restart"
    usage = "rollout restart RESOURCE [options]"
    short = "Restart a resource"
    done = "restarted"

    def edit(self, call: Call, body: Json) -> None:
        if body.get("kind") not in {"Deployment", "DaemonSet", "StatefulSet"}:
            raise CommandError("restarting is not supported")
        if body["spec"].get("paused"):
            raise CommandError("can't restart paused deployment (run rollout resume first)")
        metadata = body["spec"]["template"].setdefault("metadata", {})
        annotations = metadata.get("annotations") or {}
        stamp = _rfc3339(call.client.now().astimezone())
        if annotations.get(RESTARTED) == stamp:
            raise CommandError(
                "if restart has already been triggered within the past second, please wait before attempting to trigger "
                "another"
            )
        metadata["annotations"] = {**annotations, RESTARTED: stamp}


class Undo(Verb):
    """Goes back to an earlier revision."""

    name = "undo"
    usage = "rollout undo (TYPE NAME | TYPE/NAME) [flags] [options]"
    short = "Undo a previous rollout"
    flags = (
        *FILENAME,
        SELECTOR,
        *OUTPUT,
        DRY_RUN,
        Flag("to-revision", "int", help="the revision to go back to; 0 is the last"),
    )

    def validate(self, call: Call) -> None:
        require_resource(call)

    def run(self, call: Call) -> int:
        selection = select(call, allow_all=True)
        failures = selection.errors
        for info in selection.infos():
            if LAST_APPLIED in (info.object["metadata"].get("annotations") or {}):
                call.err(
                    f"Warning: resource {info.resource.plural}/{info.name} was previously managed with 'kubectl apply'. "
                    f"Rolling back will not update the {LAST_APPLIED} annotation, which may cause unexpected behavior on "
                    "future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration "
                    "file instead."
                )
            try:
                result = self._undo(call, info)
            except CommandError as error:
                failures.append(error)
                continue
            if result:
                tell(call, info.resource, info.object, result)
        raise_all(failures)
        return 0

    def _undo(self, call: Call, info: Info) -> str:
        target = call.flag("to-revision")
        if info.resource.kind == "Deployment":
            template = self._deployment(call, info, target)
            if template is None:
                return f"skipped rollback (current template already matches revision {self.revision})"
            if dry_run(call) == "client":
                self._show(call, info, self.shown)
                return ""
            patch: Any = [{"op": "replace", "path": "/spec/template", "value": template}]
            patch.append({"op": "replace", "path": "/metadata/annotations", "value": self.annotations})
            content_type = JSON_PATCH
        elif info.resource.kind in {"DaemonSet", "StatefulSet"}:
            patch, content_type = self._controlled(call, info, target), STRATEGIC
            if patch is None:
                return f"skipped rollback (current template already matches revision {self.revision})"
        else:
            raise CommandError(unvisited("rollbacker", info.resource))
        try:
            patch_object(call, info, patch, content_type, "kubectl-rollout")
        except ApiError as error:
            raise CommandError(f"failed restoring revision {target}: {error}") from None
        return "rolled back"

    def _show(self, call: Call, info: Info, template: Json) -> None:
        from k8s_tutor.kubectl.describing.templates import write_template
        from k8s_tutor.kubectl.describing.view import View

        view = View(call)
        write_template(view, template)
        call.out(f"{kind_name(info.resource)}/{info.name} {view.tabbed()} (dry run)")

    def _deployment(self, call: Call, info: Info, target: int) -> Json | None:
        body = info.object
        if body["spec"].get("paused"):
            raise CommandError(
                "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again"
            )
        chosen = self._replica_set(call, body, target)
        self.revision = revision(chosen)
        if same_template(chosen, body):
            return None
        kept = {LAST_APPLIED, "deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history"}
        kept |= {"deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"}
        kept |= {"deprecated.deployment.rollback.to"}
        mine = body["metadata"].get("annotations") or {}
        theirs = chosen["metadata"].get("annotations") or {}
        self.annotations = {key: value for key, value in mine.items() if key in kept}
        self.annotations |= {key: value for key, value in theirs.items() if key not in kept}
        self.shown: Json = chosen["spec"]["template"]
        template = without_hash(self.shown)
        template["metadata"].pop("creationTimestamp", None)
        return template

    def _replica_set(self, call: Call, body: Json, target: int) -> Json:
        sets = owned_replica_sets(call.client, body)
        if target:
            for one in sets:
                if revision(one) == target:
                    return one
            raise CommandError(f"unable to find specified revision {target} in history")
        ordered = sorted(sets, key=revision)
        if len(ordered) < 2:
            raise CommandError(
                f"no rollout history found for deployment {body['metadata']['name']!r}".replace("'", '"')
            )
        return ordered[-2]

    def _controlled(self, call: Call, info: Info, target: int) -> Json | None:
        history = controller_revisions(call.client, info.object)
        if target:
            chosen = next((one for one in history if one.get("revision") == target), None)
            if chosen is None:
                raise CommandError(f"unable to find specified revision {target} in history")
        elif len(history) < 2:
            raise CommandError("no last revision to roll back to")
        else:
            chosen = history[-2]
        self.revision = chosen.get("revision", 0)
        data: Json = chosen.get("data") or {}
        template = (data.get("spec") or {}).get("template") or {}
        wanted = {key: value for key, value in template.items() if key != "$patch"}
        return None if wanted == info.object["spec"].get("template") else data


def _rfc3339(moment: datetime) -> str:
    text = moment.replace(microsecond=0).isoformat()
    return text.replace("+00:00", "Z")
