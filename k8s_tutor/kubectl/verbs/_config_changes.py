"""What ``kubectl config`` changes in the kubeconfig of the call: set, rename, delete (kubectl, ``cmd/config``)."""

from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.helptext import verb_help
from k8s_tutor.kubectl.kubeconfig_file import SECTIONS, entry, put, read, save
from k8s_tutor.kubectl.text import quoted
from k8s_tutor.kubectl.verbs._config_arguments import expect_arguments, unexpected_arguments


class UseContext(Verb):
    """Makes a context the current one."""

    name = "use-context"
    aliases = ("use",)
    short = "Set the current-context in a kubeconfig file"

    def run(self, call: Call) -> int:
        document = read(call)
        expect_arguments(self, call, 1)
        name = call.arguments[0]
        if entry(document, "contexts", name) is None:
            raise CommandError(f"no context exists with the name: {quoted(name)}")
        document["current-context"] = name
        save(call, document)
        call.out(f'Switched to context "{name}".')
        return 0


class SetContext(Verb):
    """Changes a context."""

    name = "set-context"
    usage = "config set-context [NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace] [options]"
    short = "Set a context entry in kubeconfig"
    flags = (
        Flag("current", "bool", help="change the current context"),
        Flag("cluster", help="its cluster"),
        Flag("user", help="its user"),
        Flag("namespace", short="n", help="its namespace"),
    )

    def run(self, call: Call) -> int:
        document = read(call)
        if len(call.arguments) > 1:
            raise unexpected_arguments(self, call)
        if not call.arguments and not call.flag("current"):
            raise CommandError("you must specify a non-empty context name or --current")
        if call.flag("current"):
            if call.arguments:
                raise CommandError("you cannot specify both a context name and --current")
            name = document["current-context"]
            if not name:
                raise CommandError("no current context is set")
        else:
            name = call.arguments[0]
        context, made = put(document, "contexts", name)
        for flag in ("cluster", "user", "namespace"):
            if call.changed(flag):
                context[flag] = call.flag(flag)
        save(call, document)
        call.out(f'Context "{name}" {"created" if made else "modified"}.')
        return 0


class RenameContext(Verb):
    """Renames a context."""

    name = "rename-context"
    short = "Rename a context from the kubeconfig file"

    def run(self, call: Call) -> int:
        document = read(call)
        expect_arguments(self, call, 2)
        old, new = call.arguments
        if entry(document, "contexts", old) is None:
            raise CommandError(f"cannot rename the context {quoted(old)}, it's not in {call.kubeconfig}")
        if entry(document, "contexts", new) is not None:
            raise CommandError(
                f"cannot rename the context {quoted(old)}, the context {quoted(new)} already exists in {call.kubeconfig}"
            )
        for one in document["contexts"]:
            if one["name"] == old:
                one["name"] = new
        if document["current-context"] == old:
            document["current-context"] = new
        save(call, document)
        call.out(f'Context "{old}" renamed to "{new}".')
        return 0


class _Delete(Verb):
    section = ""

    def run(self, call: Call) -> int:
        document = read(call)
        word = SECTIONS[self.section]
        if len(call.arguments) != 1:
            call.write(verb_help(type(self), call.path))
            return 0
        name = call.arguments[0]
        if entry(document, self.section, name) is None:
            raise CommandError(f"cannot delete {word} {name}, not in {call.kubeconfig}")
        document[self.section] = [one for one in document[self.section] if one["name"] != name]
        if word == "context" and document["current-context"] == name:
            call.err(
                'warning: this removed your active context, use "kubectl config use-context" to select a different one'
            )
        save(call, document)
        call.out(f"deleted {word} {name} from {call.kubeconfig}")
        return 0


class DeleteContext(_Delete):
    """Deletes a context."""

    name = "delete-context"
    short = "Delete the specified context from the kubeconfig"
    section = "contexts"


class DeleteCluster(_Delete):
    """Deletes a cluster."""

    name = "delete-cluster"
    short = "Delete the specified cluster from the kubeconfig"
    section = "clusters"


class DeleteUser(_Delete):
    """Deletes a user."""

    name = "delete-user"
    short = "Delete the specified user from the kubeconfig"
    section = "users"


class SetValue(Verb):
    """Sets one value by its path."""

    name = "set"
    usage = "config set PROPERTY_NAME PROPERTY_VALUE [options]"
    short = "Set an individual value in a kubeconfig file"
    flags = (Flag("set-raw-bytes", "bool", help="taken and ignored"),)

    def run(self, call: Call) -> int:
        expect_arguments(self, call, 2)
        path, value = call.arguments
        document = read(call)
        _walk(document, path, value)
        save(call, document)
        call.out(f'Property "{path}" set.')
        return 0


class Unset(Verb):
    """Removes one value by its path."""

    name = "unset"
    usage = "config unset PROPERTY_NAME [options]"
    short = "Unset an individual value in a kubeconfig file"

    def run(self, call: Call) -> int:
        expect_arguments(self, call, 1)
        document = read(call)
        _walk(document, call.arguments[0], None)
        save(call, document)
        call.out(f'Property "{call.arguments[0]}" unset.')
        return 0


def _walk(document: Json, path: str, value: Any) -> None:
    first, *rest = path.split(".")
    if first in SECTIONS and rest:
        if len(rest) == 1 and value is None:
            document[first] = [one for one in document[first] if one["name"] != rest[0]]
            return
        target, _ = put(document, first, rest[0])
        keys = rest[1:]
    elif first in {"preferences", "current-context"}:
        target, keys = document, [first, *rest]
    else:
        raise CommandError(f"unable to parse {path} after [] at api.Config")
    for key in keys[:-1]:
        target = target.setdefault(key, {})
    if not keys:
        raise CommandError(f"expected {{...}} for {path}")
    if value is None:
        target[keys[-1]] = "" if target is document else None
        if target is not document:
            target.pop(keys[-1])
    else:
        target[keys[-1]] = value
