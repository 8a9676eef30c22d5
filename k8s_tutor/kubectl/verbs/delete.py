"""``kubectl delete`` (kubectl, ``cmd/delete``): deletes, then waits until the objects are gone."""

from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import cascade, delete_options, dry_run
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all, with_source
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, Selection, kind_name, select
from k8s_tutor.kubectl.options import ALL, ALL_NAMESPACES, DRY_RUN, FIELD_SELECTOR, FILENAME, SELECTOR
from k8s_tutor.kubectl.watching import wait_gone

_IMMEDIATE = (
    "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The "
    "resource may continue to run on the cluster indefinitely."
)
FLAGS = (
    Flag("cascade", default="background", alone="background", help="background, foreground or orphan: what it owns"),
    Flag("grace-period", "int", default=-1, help="seconds to end in; 0 only with --force"),
    Flag("force", "bool", help="do not wait for the node's confirmation"),
    Flag("timeout", "duration", help="how long to wait; 0 waits as long as the objects need"),
)


class Delete(Verb):
    """Deletes objects."""

    name = "delete"
    usage = "delete ([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]"
    short = "Delete resources by file names, stdin, resources and names, or by resources and label selector"
    group = "Basic Commands (Intermediate)"
    examples = """
# by name, by label, by manifest
kubectl delete pod one
kubectl delete pods,services -l app=web
kubectl delete -f pod.yaml
"""
    flags = (
        *FILENAME,
        SELECTOR,
        FIELD_SELECTOR,
        ALL,
        ALL_NAMESPACES,
        DRY_RUN,
        *FLAGS,
        Flag("now", "bool", help="end at once (a grace period of one second)"),
        Flag("wait", "bool", default=True, help="wait until the objects are gone"),
        Flag("ignore-not-found", "bool", help="missing objects are no error"),
        Flag("output", short="o", help="name, for shorter lines"),
        Flag("interactive", "bool", short="i", help="ask first"),
        Flag("raw", help="a path to DELETE"),
    )

    def complete(self, call: Call) -> None:
        self.grace: int = call.flag("grace-period")
        self.ignore: bool = call.flag("ignore-not-found")
        by_selector = call.flag("all") or call.flag("selector") or call.flag("field-selector")
        if by_selector and not call.changed("ignore-not-found"):
            self.ignore = True
        if call.flag("now"):
            if self.grace != -1:
                raise CommandError("--now and --grace-period cannot be specified together")
            self.grace = 1
        if self.grace == 0 and not call.flag("force"):
            self.grace = 1
        if call.flag("force") and self.grace < 0:
            self.grace = 0
        self.cascade = cascade(call.flag("cascade"))

    def validate(self, call: Call) -> None:
        if call.flag("output") not in {"", "name"}:
            raise CommandError(f"unexpected -o output mode: {call.flag('output')}. We only support '-o name'")
        if call.flag("force") and self.grace > 0:
            raise CommandError("--force and --grace-period greater than 0 cannot be specified together")
        if call.flag("force"):
            call.err(_IMMEDIATE)

    def run(self, call: Call) -> int:
        if call.flag("raw"):
            call.write(call.client.request("DELETE", call.flag("raw")).data.decode("utf-8", "replace"))
            return 0
        selection = select(call)
        if call.flag("all-namespaces") and any(want.name for want in selection.wants):
            raise CommandError("a resource cannot be retrieved by name across all namespaces")
        self.errors: list[Exception] = selection.errors
        infos = self._infos(call, selection)
        if call.flag("interactive") and not self._confirmed(call, infos):
            return 0
        gone: list[tuple[Info, str]] = []
        found = 0
        for info in infos:
            try:
                answer = self._delete(call, info)
            except (ApiError, CommandError) as error:
                if not (isinstance(error, ApiError) and error.status == 404 and self.ignore):
                    self.errors.append(with_source(error, "deleting", info.source))
                continue
            found += 1
            if answer is not None:
                gone.append((info, answer))
        if (not found and not self.errors and not self.ignore) or (
            not found and not self.errors and (call.flag("all") or call.flag("selector") or call.flag("field-selector"))
        ):
            call.out("No resources found")
        raise_all(self.errors)
        if call.flag("wait") and dry_run(call) == "none" and gone:
            self._wait(call, gone)
        return 0

    def _wait(self, call: Call, gone: list[tuple[Info, str]]) -> None:
        try:
            wait_gone(call, gone, call.flag("timeout"))
        except ApiError as error:
            # Whoever may delete need not be allowed to read: then there is nothing to wait with.
            if error.status not in {403, 405}:
                raise
            call.err(f"error: An error occurred while waiting for the object to be deleted: {error}")

    def _infos(self, call: Call, selection: Selection) -> list[Info]:
        """Named objects are deleted without reading them first."""
        infos = list(selection.manifest)
        infos += [Info(want.resource, want.namespace, want.name) for want in selection.wants if want.name]
        listed = Selection(
            call,
            [want for want in selection.wants if not want.name],
            errors=self.errors,
            label_selector=selection.label_selector,
            field_selector=selection.field_selector,
        )
        return infos + list(listed.infos())

    def _delete(self, call: Call, info: Info) -> str | None:
        if dry_run(call) == "client":
            self._tell(call, info)
            return None
        answer = call.request("DELETE", info.path, body=delete_options(call, self.grace, self.cascade))
        self._tell(call, info)
        if answer.get("kind") == "Status":
            return str((answer.get("details") or {}).get("uid", ""))
        return str(answer.get("metadata", {}).get("uid", ""))

    def _tell(self, call: Call, info: Info) -> None:
        kind = kind_name(info.resource)
        if call.flag("output") == "name":
            call.out(f"{kind}/{info.name}")
            return
        operation = "force deleted" if self.grace == 0 else "deleted"
        operation += f" from {info.namespace} namespace" if info.namespace else ""
        operation += {"client": " (dry run)", "server": " (server dry run)"}.get(dry_run(call), "")
        call.out(f'{kind} "{info.name}" {operation}')

    def _confirmed(self, call: Call, infos: list[Info]) -> bool:
        if not infos:
            call.out("No resources found")
            return False
        call.out(f"You are about to delete the following {len(infos)} resource(s):")
        for info in infos:
            call.out(f"{kind_name(info.resource)}/{info.name}")
        call.write("Do you want to continue? (y/N): ")
        call.streams.stdout.flush()
        answer = call.streams.stdin.readline() if call.streams.stdin else ""
        if str(answer).strip().lower() in {"y", "yes"}:
            return True
        call.out("deletion is cancelled")
        return False


VERB = Delete
