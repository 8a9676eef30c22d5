"""``kubectl auth can-i|whoami|reconcile`` (kubectl, ``cmd/auth``)."""

from typing import Any

from k8s_tutor.client import APIResource, NoMatchError
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.describing.rules import rows
from k8s_tutor.kubectl.errors import CommandError
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.options import ALL_NAMESPACES, OUTPUT
from k8s_tutor.kubectl.printers import printer_for
from k8s_tutor.kubectl.printers.table import aligned_columns
from k8s_tutor.kubectl.text import go_list
from k8s_tutor.kubectl.verbgroup import VerbGroup
from k8s_tutor.kubectl.verbs._auth_reconcile import Reconcile

_VERBS = {
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
}
_VERBS |= {"escalate", "approve", "sign", "attest", "proxy", "*"}
_URL_VERBS = {"get", "put", "post", "head", "options", "delete", "patch", "*"}
_UNSERVED = {"users", "groups", "userextras", "uids"}


class CanI(Verb):
    """Asks whether something is allowed."""

    name = "can-i"
    usage = "auth can-i VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]"
    short = "Check whether an action is allowed"
    flags = (
        ALL_NAMESPACES,
        Flag("quiet", "bool", short="q", help="only the exit code"),
        Flag("subresource", help="log, scale and so on"),
        Flag("list", "bool", help="all that is allowed"),
        Flag("no-headers", "bool", help="with --list: leave the header line out"),
    )

    def validate(self, call: Call) -> None:
        if call.flag("list"):
            if call.arguments:
                raise CommandError("list option must be specified with no arguments")
            if call.flag("quiet") or call.flag("all-namespaces") or call.flag("subresource"):
                raise CommandError(
                    "list option can't be specified with neither quiet, all-namespaces nor subresource options"
                )
            return
        if len(call.arguments) != 2:
            raise CommandError(
                "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i "
                "-h' for help and examples."
            )
        if call.flag("no-headers"):
            raise CommandError("--no-headers cannot be set without --list specified")

    def run(self, call: Call) -> int:
        if call.flag("list"):
            return self._list(call)
        verb, what = call.arguments
        namespace = "" if call.flag("all-namespaces") else call.namespace
        if what.startswith("/"):
            if verb not in _URL_VERBS:
                call.err(f"Warning: verb '{verb}' is not a known verb\n")
            spec: dict[str, Any] = {"nonResourceAttributes": {"verb": verb, "path": what}}
        else:
            spec = {"resourceAttributes": self._attributes(call, verb, what, namespace)}
        status = self._review(call, "selfsubjectaccessreviews", "SelfSubjectAccessReview", spec)["status"]
        if status.get("allowed"):
            text = "yes"
        else:
            details = [status.get("reason"), status.get("evaluationError")]
            text = "no" + "".join(f" - {one}" for one in details if one)
        if not call.flag("quiet"):
            call.out(text)
        return 0 if status.get("allowed") else 1

    def _review(self, call: Call, plural: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}
        answer: dict[str, Any] = call.request("POST", f"/apis/authorization.k8s.io/v1/{plural}", body=body)
        return answer

    def _attributes(self, call: Call, verb: str, what: str, namespace: str) -> dict[str, Any]:
        word, _, name = what.partition("/")
        found = self._resource(call, word)
        attributes = {
            "namespace": namespace,
            "verb": verb,
            "resource": found.plural,
            "group": found.group,
            "name": name,
        }
        attributes["subresource"] = call.flag("subresource")
        if found.kind and not found.namespaced and namespace:
            where = f" in group '{found.group}'" if found.group else ""
            call.err(f"Warning: resource '{found.plural}' is not namespace scoped{where}\n")
        if verb not in _VERBS and found.plural != "*":
            call.err(f"Warning: verb '{verb}' is not a known verb\n")
        return {key: value for key, value in attributes.items() if value}

    def _resource(self, call: Call, word: str) -> APIResource:
        if word == "*":
            return APIResource("", "", "*", "", "", namespaced=True)
        try:
            return call.client.discovery.resolve(word)
        except NoMatchError:
            name, _, group = word.partition(".")
            if word not in _UNSERVED:
                where = f" in group '{group}'" if group else ""
                call.err(f"Warning: the server doesn't have a resource type '{name}'{where}\n")
            return APIResource(group, "", name, "", "", namespaced=True)

    def _list(self, call: Call) -> int:
        spec = {"namespace": call.namespace}
        status = self._review(call, "selfsubjectrulesreviews", "SelfSubjectRulesReview", spec)["status"]
        rules = [*(status.get("resourceRules") or ()), *(status.get("nonResourceRules") or ())]
        if status.get("evaluationError"):
            call.err(f"Warning: the list may be incomplete: {status['evaluationError']}")
        headers = ["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]
        call.write(aligned_columns([list(row) for row in rows(rules)], None if call.flag("no-headers") else headers))
        return 0


class WhoAmI(Verb):
    """Tells who the server thinks we are."""

    name = "whoami"
    usage = "auth whoami [options]"
    short = "Experimental: Check self subject attributes"
    flags = OUTPUT

    def run(self, call: Call) -> int:
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        answer = call.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body=body)
        if call.flag("output"):
            call.write(printer_for(call.flag("output"), template=call.flag("template"))(answer))
            return 0
        info = answer["status"]["userInfo"]
        table = [["ATTRIBUTE", "VALUE"]]
        if info.get("username"):
            table.append(["Username", info["username"]])
        if info.get("uid"):
            table.append(["UID", info["uid"]])
        if info.get("groups"):
            table.append(["Groups", go_list(info["groups"])])
        extra = info.get("extra") or {}
        table += [[f"Extra: {key}", go_list(extra[key])] for key in sorted(extra)]
        call.write(aligned_columns(table))
        return 0


class Auth(VerbGroup):
    """Groups the questions about rights."""

    name = "auth"
    usage = "auth [flags] [options]"
    short = "Inspect authorization"
    group = "Troubleshooting and Debugging Commands"
    subverbs = (CanI, Reconcile, WhoAmI)


VERB = Auth
