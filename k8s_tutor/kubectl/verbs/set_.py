"""``kubectl set image|env|resources|selector|serviceaccount|subject`` (kubectl, ``cmd/set``)."""

import re
from typing import Any

from k8s_tutor.apimachinery import labels
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl import setting
from k8s_tutor.kubectl.actions import dry_run, patch_object, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.quota import resource_list
from k8s_tutor.kubectl.infos import select
from k8s_tutor.kubectl.options import ALL, DRY_RUN, FILENAME, LOCAL, OUTPUT, RECORD, deeply, field_manager
from k8s_tutor.kubectl.patchtypes import JSON_PATCH
from k8s_tutor.kubectl.podspecs import pod_spec
from k8s_tutor.kubectl.recording import record
from k8s_tutor.kubectl.text import quoted
from k8s_tutor.kubectl.verbgroup import VerbGroup
from k8s_tutor.kubectl.verbs._environment import Env

_CONTAINERS = Flag("containers", short="c", default="*", help="names of containers, * for all")


class Image(Verb):
    """Changes images."""

    name = "image"
    usage = "set image (-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... [options]"
    short = "Update the image of a pod template"
    flags = setting.FLAGS

    def complete(self, call: Call) -> None:
        words = call.arguments
        self.images = dict(word.partition("=")[::2] for word in words if "=" in word and not word.startswith("="))
        self.infos = setting.fetch(call, [word for word in words if "=" not in word])

    def validate(self, call: Call) -> None:
        errors: list[Exception] = []
        if call.flag("all") and call.flag("selector"):
            errors.append(CommandError("cannot set --all and --selector at the same time"))
        if not self.images:
            errors.append(CommandError("at least one image update is required"))
        elif "*" in self.images and len(self.images) > 1:
            errors.append(
                CommandError(
                    "all containers are already specified by *, but saw more than one container_name=container_image pairs"
                )
            )
        raise_all(errors)

    def run(self, call: Call) -> int:
        return setting.change(call, self.infos, self._edit, "image updated", "image update to pod template:")

    def _edit(self, body: Json) -> None:
        spec = pod_spec(body)
        containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
        missing = []
        for name, image in self.images.items():
            found = [one for one in containers if name in {one["name"], "*"}]
            for one in found:
                one["image"] = image
            if not found:
                missing.append(f"error: unable to find container named {quoted(name)}")
        if missing:
            raise CommandError("\n".join(missing), bare=True)


class Resources(Verb):
    """Changes requests and limits."""

    name = "resources"
    usage = "set resources (-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS]) [options]"
    short = "Update resource requests/limits on objects with pod templates"
    flags = (
        *setting.FLAGS,
        _CONTAINERS,
        Flag("limits", help="as cpu=200m,memory=64Mi"),
        Flag("requests", help="as cpu=100m,memory=32Mi"),
    )

    def complete(self, call: Call) -> None:
        self.infos = setting.fetch(call, call.arguments)

    def validate(self, call: Call) -> None:
        if call.flag("all") and call.flag("selector"):
            raise CommandError("cannot set --all and --selector at the same time")
        if not call.flag("limits") and not call.flag("requests"):
            raise CommandError("you must specify an update to requests or limits (in the form of --requests/--limits)")

    def run(self, call: Call) -> int:
        self.containers = call.flag("containers")
        self.amounts = {
            section: resource_list(call.flag(section), "invalid argument syntax") if call.flag(section) else {}
            for section in ("limits", "requests")
        }
        return setting.change(
            call, self.infos, self._edit, "resource requirements updated", "resources update to pod template"
        )

    def _edit(self, body: Json) -> None:
        spec = pod_spec(body)
        chosen = [one for one in spec.get("containers") or () if _matches(self.containers, one["name"])]
        if not chosen:
            raise CommandError(f"error: unable to find container named {self.containers}", bare=True)
        for container in chosen:
            resources = container.setdefault("resources", {})
            for section, amounts in self.amounts.items():
                if amounts:
                    resources[section] = {**(resources.get(section) or {}), **amounts}


class ServiceAccountOf(Verb):
    """Changes the service account."""

    name = "serviceaccount"
    aliases = ("sa",)
    usage = "set serviceaccount (-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]"
    short = "Update the service account of a resource"
    flags = tuple(flag for flag in setting.FLAGS if flag.name != "selector")

    def validate(self, call: Call) -> None:
        if not call.arguments:
            raise CommandError("serviceaccount is required")

    def run(self, call: Call) -> int:
        *words, account = call.arguments

        def edit(body: Json) -> None:
            spec = pod_spec(body)
            spec["serviceAccountName"] = account
            if "serviceAccount" in spec:
                spec["serviceAccount"] = account

        return setting.change(call, setting.fetch(call, words), edit, "serviceaccount updated", "ServiceAccountName")


class Selector(Verb):
    """Changes the selector of a Service."""

    name = "selector"
    usage = "set selector (-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]"
    short = "Set the selector on a resource"
    flags = (
        *deeply(FILENAME[0], FILENAME[2]),
        ALL,
        *OUTPUT,
        DRY_RUN,
        field_manager("kubectl-set"),
        LOCAL,
        RECORD,
        Flag("resource-version", help="only if the object has this version"),
    )

    def run(self, call: Call) -> int:
        if not call.arguments:
            raise CommandError("one selector is required")
        words, expression = call.arguments[:-1], call.arguments[-1]
        selection = select(call, words)
        wanted = selector_labels(expression)
        for info in selection.infos():
            if info.resource.kind != "Service":
                raise CommandError("setting a selector is only supported for Services")
            body = {**info.object, "spec": {**info.object["spec"], "selector": wanted}}
            if dry_run(call) != "client":
                patch = [{"op": "add", "path": "/spec/selector", "value": wanted}]
                body = patch_object(call, info, patch, JSON_PATCH, "kubectl-set")
                record(call, info, "kubectl-set")
            tell(call, info.resource, body, "selector updated", typed=True)
        raise_all(selection.errors)
        return 0


class Subject(Verb):
    """Adds users, groups and service accounts to bindings."""

    name = "subject"
    usage = "set subject (-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [options]"
    short = "Update the user, group, or service account in a role binding or cluster role binding"
    flags = (
        *(flag for flag in setting.FLAGS if not flag.deprecated),
        Flag("serviceaccount", "array", help="namespace:name; may repeat"),
        Flag("group", "array", help="group; may repeat"),
        Flag("user", "array", help="user; may repeat"),
    )

    def validate(self, call: Call) -> None:
        if not (call.flag("user") or call.flag("group") or call.flag("serviceaccount")):
            raise CommandError("you must specify at least one value of user, group or serviceaccount")

    def run(self, call: Call) -> int:
        from k8s_tutor.kubectl.generators.base import subjects

        wanted = subjects(call)

        def edit(body: Json) -> None:
            if body.get("kind") not in {"RoleBinding", "ClusterRoleBinding"}:
                raise CommandError("setting subjects is only supported for RoleBinding/ClusterRoleBinding")
            there: list[Any] = body.get("subjects") or []
            body["subjects"] = there + [one for one in wanted if one not in there]

        return setting.change(
            call, setting.fetch(call, call.arguments), edit, "subjects updated", "subjects to rolebinding:"
        )


class Set(VerbGroup):
    """Groups what can be set."""

    name = "set"
    usage = "set SUBCOMMAND [options]"
    short = "Set specific features on objects"
    group = "Basic Commands (Beginner)"
    subverbs = (Env, Image, Resources, Selector, ServiceAccountOf, Subject)


def selector_labels(expression: str) -> dict[str, str]:
    """Read a Service's selector, which knows equality only."""
    try:
        wanted = labels.parse(expression)
    except ValueError as error:
        raise CommandError(f"couldn't parse the selector string {quoted(expression)}: {error}") from None
    other = [one for one in wanted.requirements if one.operator not in {"=", "=="}]
    if other:
        raise CommandError("match expression not supported on this object")
    return {one.key: one.values[0] for one in wanted.requirements}


def _matches(pattern: str, name: str) -> bool:
    return bool(re.fullmatch(pattern.replace("*", ".*"), name))


VERB = Set
