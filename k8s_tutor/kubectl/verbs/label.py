"""``kubectl label`` (kubectl, ``cmd/label``)."""

from typing import Any, ClassVar

from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import dry_run, parse_labels, patch_object, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.infos import Info, Selection, load, select
from k8s_tutor.kubectl.options import (
    ALL,
    ALL_NAMESPACES,
    DRY_RUN,
    FIELD_SELECTOR,
    FILENAME,
    LOCAL,
    OUTPUT,
    OVERWRITE,
    RECORD,
    SELECTOR,
    field_manager,
)
from k8s_tutor.kubectl.patchtypes import MERGE
from k8s_tutor.kubectl.recording import recorded


class Label(Verb):
    """Sets and removes labels; `Annotate` does the same for annotations."""

    name = "label"
    usage = "label [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]"
    short = "Update the labels on a resource"
    group = "Settings Commands"
    examples = """
# set, change, remove
kubectl label pod one tier=front
kubectl label pod one tier=back --overwrite
kubectl label pod one tier-
"""
    flags: ClassVar[tuple[Flag, ...]] = (
        *FILENAME,
        SELECTOR,
        FIELD_SELECTOR,
        ALL,
        ALL_NAMESPACES,
        *OUTPUT,
        DRY_RUN,
        field_manager("kubectl-label"),
        RECORD,
        LOCAL,
        OVERWRITE,
        Flag("list", "bool", help="print what is there"),
        Flag("resource-version", help="only if the object still has this version"),
    )
    field = "labels"
    word = "label"
    verb_past = "labeled"
    manager = "kubectl-label"

    def complete(self, call: Call) -> None:
        words = call.arguments
        at = next((at for at, word in enumerate(words) if "=" in word or word.endswith("-")), len(words))
        if call.flag("filename"):
            at = 0
        self.resources, specs = words[:at], words[at:]
        self.setting, self.removing = parse_labels(specs, self.word)

    def validate(self, call: Call) -> None:
        if call.flag("all") and call.flag("selector"):
            raise CommandError("cannot set --all and --selector at the same time")
        if call.flag("all") and call.flag("field-selector"):
            raise CommandError("cannot set --all and --field-selector at the same time")
        if call.flag("list") and call.flag("output"):
            raise CommandError("--list and --output may not be specified together")
        if not self.resources and not call.flag("filename") and not call.flag("kustomize"):
            raise CommandError("one or more resources must be specified as <resource> <name> or <resource>/<name>")
        if not self.setting and not self.removing and not call.flag("list"):
            raise CommandError(f"at least one {self.word} update is required")
        both = set(self.setting) & set(self.removing)
        if both:
            self._refuse_both(sorted(both))

    def _refuse_both(self, keys: list[str]) -> None:
        raise CommandError(f"can not both modify and remove a {self.word} in the same command")

    def run(self, call: Call) -> int:
        if call.flag("local"):
            errors: list[Exception] = []
            selection = Selection(call, [], manifest=load(call, errors, local=True), errors=errors, from_files=True)
        else:
            selection = select(call, self.resources)
        if call.flag("resource-version") and not selection.single:
            raise CommandError("--resource-version may only be used with a single resource")
        failures = selection.errors
        for info in selection.infos(latest=not call.flag("local")):
            try:
                self._update(call, info)
            except (ApiError, CommandError) as error:
                failures.append(error)
        raise_all(failures)
        return 0

    def _update(self, call: Call, info: Info) -> None:
        metadata = info.object.get("metadata") or {}
        values: dict[str, str] = metadata.get(self.field) or {}
        if not call.flag("overwrite"):
            self._refuse_overwriting(values)
        for key in self.removing:
            if key not in values and self.field == "labels" and not call.flag("list"):
                call.out(f'label "{key}" not found.')
        after = {**values, **self.setting}
        for key in self.removing:
            after.pop(key, None)
        if call.flag("list"):
            for key in sorted(after):
                call.out(f"{key}={after[key]}")
            return
        operation = self._operation(values, after)
        body: dict[str, Any] = {**info.object, "metadata": {**metadata, self.field: after}}
        if not after:
            del body["metadata"][self.field]
        if not call.flag("local") and dry_run(call) != "client" and after != values:
            change: dict[str, Any] = {key: value for key, value in after.items() if values.get(key) != value}
            change |= {key: None for key in values if key not in after}
            patch: dict[str, Any] = {"metadata": {self.field: change}}
            if call.flag("resource-version"):
                patch["metadata"]["resourceVersion"] = call.flag("resource-version")
            body = patch_object(call, info, recorded(call, patch), MERGE, self.manager)
        tell(call, info.resource, body, operation)

    def _refuse_overwriting(self, values: dict[str, str]) -> None:
        taken = [
            CommandError(f"'{key}' already has a value ({values[key]}), and --overwrite is false")
            for key, value in self.setting.items()
            if key in values and values[key] != value
        ]
        raise_all(list(taken))

    def _operation(self, before: dict[str, str], after: dict[str, str]) -> str:
        added = any(before.get(key) != value for key, value in after.items())
        removed = any(key not in after for key in before)
        if added and removed:
            return "modified"
        if removed:
            return f"un{self.verb_past}"
        return self.verb_past if added else f"not {self.verb_past}"


VERB = Label
