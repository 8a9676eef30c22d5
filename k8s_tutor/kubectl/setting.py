"""The frame of the ``set`` verbs: read objects, change a copy, send the difference, tell it."""

from collections.abc import Callable

from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import dry_run, patch_object, tell
from k8s_tutor.kubectl.changes import two_way
from k8s_tutor.kubectl.command import Call
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.infos import Info, Selection, load, select
from k8s_tutor.kubectl.options import ALL, DRY_RUN, FILENAME, LOCAL, OUTPUT, RECORD, SELECTOR, field_manager
from k8s_tutor.kubectl.recording import recorded

FLAGS = (*FILENAME, SELECTOR, ALL, *OUTPUT, DRY_RUN, field_manager("kubectl-set"), LOCAL, RECORD)


def objects(call: Call, words: list[str]) -> Selection:
    """Select the objects; with --local from the files only."""
    if not call.flag("local"):
        return select(call, words)
    errors: list[Exception] = []
    return Selection(call, [], manifest=load(call, errors, local=True), errors=errors, from_files=True)


def fetch(call: Call, words: list[str]) -> list[Info]:
    """Read the selected objects; what is missing is told before anything else is looked at."""
    selection = objects(call, words)
    infos = list(selection.infos(latest=not call.flag("local")))
    raise_all(selection.errors)
    return infos


def change(call: Call, infos: list[Info], edit: Callable[[Json], None], done: str, what: str) -> int:
    """Change every object with ``edit`` (which may raise `CommandError`), and tell what was done.

    Objects that stay as they are are not told. ``what`` names the change in the server's refusals.
    """
    failures: list[Exception] = []
    local = call.flag("local")
    for info in infos:
        after = clone(info.object)
        try:
            edit(after)
            after = recorded(call, after)
        except CommandError as error:
            kind = info.resource.kind.lower() if local else info.resource.plural
            named = f"error: {kind}/{info.name} {error.message}"
            failures.append(error if error.bare else CommandError(named, bare=True))
            continue
        if local or dry_run(call) == "client":
            tell(call, info.resource, after, done, typed=True)
            continue
        patch, content_type = two_way(info.resource, info.object, after)
        if not patch:
            continue
        try:
            made = patch_object(call, info, patch, content_type, "kubectl-set")
        except ApiError as error:
            failures.append(CommandError(f"failed to patch {what} {error}"))
            continue
        tell(call, info.resource, made, done, typed=True)
    raise_all(failures)
    return 0


def check_common(call: Call) -> None:
    """Refuse what no set verb takes."""
    if call.flag("all") and call.flag("selector"):
        raise CommandError("cannot set --all and --selector at the same time")
    if call.flag("local") and dry_run(call) == "server":
        raise CommandError("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
